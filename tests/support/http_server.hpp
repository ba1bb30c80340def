// A small HTTP server on a Unix socket, in the test's own executor, with answers from the test.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace rollcall::test {

/// "HTTP/1.1 200 OK" with a body of known length and these header lines.
std::string http_answer(const std::string& body, unsigned status = 200,
                        const std::string& headers = "");

class HttpServer {
 public:
  /// Returns the whole answer, head and body, to a request target. An answer that ends in "<close>"
  /// closes the connection after the text before that word; one that ends in "<hold>" leaves it
  /// open and silent.
  using Handler = std::function<std::string(const std::string& target)>;

  HttpServer(boost::asio::io_context& io, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::string url() const;

  std::vector<std::string> requests;  ///< The targets, in the order in which they came.
  std::vector<std::string> heads;     ///< The same with all their headers.
  std::vector<std::string> bodies;    ///< Of those that had one.

 private:
  struct Impl;
  std::filesystem::path folder_;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall::test
