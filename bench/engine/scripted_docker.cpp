// An engine that answers like Docker 20.10, from a script, and counts its requests.
//
//   scripted_docker SOCKET STATE INSPECT
//
// STATE is a file of containers (containers.hpp), INSPECT the answer to every inspect, in which
// @ID@ stands for the id. Requests of the harness go to the same socket and are not counted:
//
//   POST /bench/start  "ID<tab>ITEM": puts the container and signals its start
//   POST /bench/end    "ID": removes the container and signals its end
//   GET /bench/stats   request counts, the time of the first answer, CPU time
//
// Both POSTs answer with the time at which the signal was written, by CLOCK_MONOTONIC.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "containers.hpp"
#include "server.hpp"

namespace rollcall::bench {
namespace {

std::int64_t nanoseconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  const auto size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

std::string head_of(std::string_view status, std::string_view how_long) {
  return fmt::format(
      "HTTP/1.1 {}\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n"
      "Docker-Experimental: false\r\nOstype: linux\r\nServer: Docker/20.10.24 (linux)\r\n"
      "Date: {}\r\n{}\r\n\r\n",
      status, http_date(), how_long);
}

void reply(Connection& to, std::string_view status, std::string_view body) {
  to.send(head_of(status, fmt::format("Content-Length: {}", body.size())) + std::string(body));
}

void reply_list(Connection& to, SharedText body) {
  to.send(head_of("200 OK", "Transfer-Encoding: chunked"));
  to.send(std::move(body));
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

class Engine {
 public:
  Engine(const std::string& state, const std::string& inspect) : inspect_(read_file(inspect)) {
    containers_.load(state);
  }

  void answer(const Request& request, Connection& from) {
    if (request.path.starts_with("/bench/")) return obey(request, from);
    if (first_answer_ == 0) first_answer_ = nanoseconds_of(CLOCK_MONOTONIC);
    if (request.path == "/_ping") return ping(request, from);
    if (request.path == "/version") {
      count("version");
      return reply(from, "200 OK", R"({"Version":"20.10.24","ApiVersion":"1.41","Os":"linux"})");
    }
    if (request.path == "/events") return open_events(from);
    if (request.path == "/containers/json") return list(request, from);
    if (request.path.starts_with("/containers/")) return inspect(request, from);
    count("other");
    reply(from, "404 Not Found", R"({"message":"page not found"})");
  }

  void closed(Connection& connection) { listeners_.erase(&connection); }

 private:
  void count(const std::string& kind) { ++counts_[kind]; }

  void ping(const Request& request, Connection& from) {
    count("ping");
    reply(from, "200 OK", request.method == "HEAD" ? "" : "OK");
  }

  void open_events(Connection& from) {
    count("events");
    from.send(head_of("200 OK", "Transfer-Encoding: chunked"));
    listeners_.insert(&from);
  }

  void list(const Request& request, Connection& from) {
    const bool some = request.query.contains("\"id\"");
    count(some ? "read" : "list");
    reply_list(from, some ? containers_.filtered(request.query) : containers_.list());
  }

  void inspect(const Request& request, Connection& from) {
    count("inspect");
    const auto id = request.path.substr(12, request.path.find('/', 12) - 12);
    if (containers_.contains(id)) return reply(from, "200 OK", replaced(inspect_, "@ID@", id));
    reply(from, "404 Not Found", R"({"message":"No such container"})");
  }

  void obey(const Request& request, Connection& from) {
    if (request.path == "/bench/start") {
      const auto tab = std::min(request.body.find('\t'), request.body.size() - 1);
      const auto id = request.body.substr(0, tab);
      containers_.put(id, request.body.substr(tab + 1));
      return reply(from, "200 OK", fmt::format("{}", signal(id, {"start"})));
    }
    if (request.path == "/bench/end") {
      containers_.erase(request.body);
      return reply(from, "200 OK", fmt::format("{}", signal(request.body, {"die", "destroy"})));
    }
    reply(from, "200 OK", stats());
  }

  std::int64_t signal(const std::string& id, std::initializer_list<std::string_view> actions) {
    const std::int64_t at = nanoseconds_of(CLOCK_MONOTONIC);
    for (const std::string_view action : actions) {
      const std::int64_t now = nanoseconds_of(CLOCK_REALTIME);
      const std::string line = fmt::format(
          R"({{"status":"{0}","id":"{1}","from":"registry/shop/web:1.27","Type":"container",)"
          R"("Action":"{0}","Actor":{{"ID":"{1}","Attributes":{{"image":"registry/shop/web:1.27",)"
          R"("name":"scripted"}}}},"scope":"local","time":{2},"timeNano":{3}}})"
          "\n",
          action, id, now / 1'000'000'000, now);
      const auto chunk = std::make_shared<const std::string>(chunk_of(line));
      for (Connection* listener : listeners_) listener->send(chunk);
    }
    return at;
  }

  [[nodiscard]] std::string stats() const {
    std::string requests;
    for (const auto& [kind, number] : counts_) {
      requests += fmt::format("{}\"{}\":{}", requests.empty() ? "" : ",", kind, number);
    }
    return fmt::format(R"({{"requests":{{{}}},"first_answer_ns":{},"cpu_ns":{},"listeners":{}}})",
                       requests, first_answer_, nanoseconds_of(CLOCK_PROCESS_CPUTIME_ID),
                       listeners_.size());
  }

  Containers containers_;
  std::string inspect_;
  std::set<Connection*> listeners_;
  std::map<std::string, int> counts_;
  std::int64_t first_answer_ = 0;
};

void serve(const std::string& socket, const std::string& state, const std::string& inspect) {
  Engine engine(state, inspect);
  Server server(
      socket, [&](const Request& request, Connection& from) { engine.answer(request, from); },
      [&](Connection& connection) { engine.closed(connection); });
  server.run();
}

}  // namespace
}  // namespace rollcall::bench

int main(int count, char** words) {
  if (count != 4) {
    fmt::print(stderr, "usage: scripted_docker SOCKET STATE INSPECT\n");
    return 2;
  }
  try {
    rollcall::bench::serve(words[1], words[2], words[3]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "scripted_docker: {}\n", error.what());
  }
  return 1;
}
