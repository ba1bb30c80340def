// A server that gives prepared answers and counts its requests.
//
//   scripted_answers SOCKET ANSWERS
//
// ANSWERS is a file of lines "PATH?QUERY<tab>BODY"; all other requests get 404.
#include <cstdio>
#include <exception>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "server.hpp"

namespace rollcall::bench {
namespace {

using Answers = std::map<std::string, SharedText, std::less<>>;

SharedText whole(std::string_view status, std::string_view body) {
  return std::make_shared<const std::string>(
      fmt::format("HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                  status, body.size(), body));
}

Answers read_answers(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  Answers answers;
  for (std::string line; std::getline(file, line);) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos) throw std::runtime_error("a line of " + path + " has no tab");
    answers[line.substr(0, tab)] = whole("200 OK", line.substr(tab + 1));
  }
  return answers;
}

void serve(const std::string& socket, const std::string& path) {
  const Answers answers = read_answers(path);
  const SharedText unknown = whole("404 Not Found", R"({"type":"error","error":"not found"})");
  Server server(
      socket,
      [&](const Request& request, Connection& from) {
        const std::string query = request.query.empty() ? "" : "?" + request.query;
        const auto at = answers.find(request.path + query);
        if (at == answers.end()) fmt::print(stderr, "not scripted: {}{}\n", request.path, query);
        from.send(at == answers.end() ? unknown : at->second);
      },
      [](Connection&) {});
  server.run();
}

}  // namespace
}  // namespace rollcall::bench

int main(int count, char** words) {
  if (count != 3) {
    std::fputs("usage: scripted_answers SOCKET ANSWERS\n", stderr);
    return 2;
  }
  try {
    rollcall::bench::serve(words[1], words[2]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "scripted_answers: {}\n", error.what());
  }
  return 1;
}
