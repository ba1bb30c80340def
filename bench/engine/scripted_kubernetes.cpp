// A Kubernetes API server that serves lists and watches of pods of one template, from prepared
// bytes, and counts its requests.
//
//   scripted_kubernetes PORT TEMPLATE COUNT
//
// It listens on PORT of the loopback, without TLS; TEMPLATE is the file of a PodTemplate. It has no
// services. Requests of the harness are not counted:
//
//   POST /bench/change "COUNT"       changes COUNT pods, one after the other, and notifies watches
//   POST /bench/expire "none|all"    changes none or all of the pods, then forgets the history:
//                                    watches of pods end with 410, and so do those that resume
//   GET /bench/stats                 request counts, open watches of pods, CPU time
#include <charconv>
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
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "pods.hpp"
#include "server.hpp"

namespace rollcall::bench {
namespace {

constexpr std::string_view pods_path = "/api/v1/pods";
constexpr std::uint64_t first_version = 1000;

// The empty lists that other paths return: path, kind and group version.
constexpr std::pair<std::string_view, std::string_view> empty_lists[] = {
    {"/api/v1/services", R"("kind":"ServiceList","apiVersion":"v1")"},
    {"/api/v1/endpoints", R"("kind":"EndpointsList","apiVersion":"v1")"},
    {"/apis/discovery.k8s.io/v1/endpointslices",
     R"("kind":"EndpointSliceList","apiVersion":"discovery.k8s.io/v1")"},
};

std::string whole(std::string_view status, std::string_view body) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", status,
      body.size(), body);
}

std::string failure(std::string_view reason, unsigned code) {
  return fmt::format(
      R"({{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"{0}",)"
      R"("reason":"{0}","code":{1}}})",
      reason, code);
}

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string_view value_of(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) == name) return pair.substr(std::min(equals, pair.size() - 1) + 1);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

class ApiServer {
 public:
  ApiServer(std::string_view text, std::size_t count)
      : listed_(text),
        watched_(fmt::format(R"({{"kind":"Pod","apiVersion":"v1",{})", text.substr(1))),
        pods_(count) {
    make_list();
  }

  void answer(const Request& request, Connection& from) {
    if (request.path.starts_with("/bench/")) return obey(request, from);
    ++asked_[request.path];
    const auto watch = value_of(request.query, "watch");
    const bool watches = watch == "1" || watch == "true";
    if (request.path == "/version") {
      from.send(whole("200 OK", R"({"major":"1","minor":"20","gitVersion":"v1.20.2"})"));
    } else if (!value_of(request.query, "sendInitialEvents").empty()) {
      from.send(whole("422 Unprocessable Entity", failure("Invalid", 422)));
    } else if (request.path == pods_path) {
      if (watches) return begin_watch(request, from);
      from.send(list_);
    } else {
      answer_other(request, from, watches);
    }
  }

  void forget(const Connection& ended) { watches_.erase(const_cast<Connection*>(&ended)); }

 private:
  struct Pod {
    std::uint64_t word = 0;  // how often it was changed
    std::uint64_t version = first_version;
  };

  static void begin_stream(Connection& to) {
    to.send(
        std::string("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n"));
  }

  static std::string gone() {
    return chunk_of(fmt::format("{{\"type\":\"ERROR\",\"object\":{}}}\n", failure("Expired", 410)));
  }

  void begin_watch(const Request& request, Connection& from) {
    begin_stream(from);
    const auto position = number_in(value_of(request.query, "resourceVersion"));
    if (position != 0 && position < oldest_) return from.send(gone() + "0\r\n\r\n");
    watches_.insert(&from);
  }

  void answer_other(const Request& request, Connection& from, bool watches) const {
    for (const auto& [path, kind] : empty_lists) {
      if (request.path != path) continue;
      if (watches) return begin_stream(from);
      from.send(
          whole("200 OK", fmt::format(R"({{{},"metadata":{{"resourceVersion":"{}"}},"items":[]}})",
                                      kind, version_)));
      return;
    }
    fmt::print(stderr, "not scripted: {} {}\n", request.method, request.path);
    from.send(whole("404 Not Found", failure("NotFound", 404)));
  }

  void obey(const Request& request, Connection& from) {
    if (request.path == "/bench/change") {
      change(number_in(request.body));
    } else if (request.path == "/bench/expire") {
      expire(request.body == "all");
    } else {
      return from.send(whole("200 OK", stats()));
    }
    from.send(whole("200 OK", "{}"));
  }

  void change(Pod& pod) {
    ++pod.word;
    pod.version = ++version_;
  }

  // The list is rebuilt when the history is forgotten, as no client lists before that.
  void change(std::size_t count) {
    for (; count > 0; --count) {
      const std::size_t number = next_++ % pods_.size();
      std::string event = R"({"type":"MODIFIED","object":)";
      change(pods_[number]);
      watched_.write(event, number, pods_[number].word, pods_[number].version);
      event += "}\n";
      const auto chunk = std::make_shared<const std::string>(chunk_of(event));
      for (Connection* watch : watches_) watch->send(chunk);
    }
  }

  void expire(bool all) {
    if (all) {
      for (Pod& pod : pods_) change(pod);
    }
    oldest_ = ++version_;
    make_list();
    const std::string end = gone() + "0\r\n\r\n";
    for (Connection* watch : std::exchange(watches_, {})) watch->send(end);
  }

  void make_list() {
    list_.reset();
    std::string body = fmt::format(
        R"({{"kind":"PodList","apiVersion":"v1","metadata":{{"resourceVersion":"{}"}},"items":[)",
        version_);
    for (std::size_t number = 0; number < pods_.size(); ++number) {
      if (number > 0) body += ',';
      listed_.write(body, number, pods_[number].word, pods_[number].version);
    }
    body += "]}\n";
    body.insert(0, fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                               "Content-Length: {}\r\n\r\n",
                               body.size()));
    list_ = std::make_shared<const std::string>(std::move(body));
  }

  [[nodiscard]] std::string stats() const {
    std::string asked;
    for (const auto& [path, count] : asked_) {
      asked += fmt::format(R"({}"{}":{})", asked.empty() ? "" : ",", path, count);
    }
    timespec cpu{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    return fmt::format(R"({{"requests":{{{}}},"watches":{},"cpu_ns":{}}})", asked, watches_.size(),
                       std::int64_t{cpu.tv_sec} * 1'000'000'000 + cpu.tv_nsec);
  }

  PodTemplate listed_;  // items of a list have no kind
  PodTemplate watched_;
  std::vector<Pod> pods_;  // by number
  std::uint64_t version_ = first_version;
  std::uint64_t oldest_ = 0;
  std::size_t next_ = 0;
  SharedText list_;
  std::set<Connection*> watches_;
  std::map<std::string, std::size_t> asked_;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void serve(const char* port, const std::string& path, std::string_view count) {
  ApiServer api(read_file(path), number_in(count));
  Server server(
      port, [&](const Request& request, Connection& from) { api.answer(request, from); },
      [&](const Connection& ended) { api.forget(ended); });
  server.run();
}

}  // namespace
}  // namespace rollcall::bench

int main(int count, char** words) {
  if (count != 4) {
    std::fputs("usage: scripted_kubernetes PORT TEMPLATE COUNT\n", stderr);
    return 2;
  }
  try {
    rollcall::bench::serve(words[1], words[2], words[3]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "scripted_kubernetes: {}\n", error.what());
  }
  return 1;
}
