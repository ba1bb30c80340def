// HTTP/1.1 for engines: streamed bodies, a deadline on every wait, kept connections.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rollcall/task.hpp>

#include "transport/endpoint.hpp"
#include "transport/stream.hpp"

namespace rollcall {

/// How long each part of an exchange may take. Zero: for ever.
struct HttpDeadlines {
  Milliseconds connect = std::chrono::seconds(2);
  Milliseconds head = std::chrono::seconds(30);
  Milliseconds progress = std::chrono::seconds(15);  ///< Of the body, between any two bytes.
};

/// How a client makes its connections; a seam for tests and for tunnels.
using Connector = std::function<Task<StreamPtr>(Milliseconds deadline)>;

using HttpHeader = std::pair<std::string, std::string>;

struct HttpRequest {
  std::string target;  ///< Must be percent-encoded.
  /// Besides Host and those of the body. What stands here counts more than what is usual: Accept
  /// and User-Agent. A value may be a secret: it is in no error.
  std::vector<HttpHeader> headers{};
  std::optional<std::string> body{};  ///< Then it is a POST, of JSON.
};

class HttpConnections;

/// An answer whose head has come. Read the body to its end to let the connection be used again.
/// A body that is sent as gzip is inflated while it is read.
class HttpResponse {
 public:
  ~HttpResponse();
  HttpResponse(const HttpResponse&) = delete;
  HttpResponse& operator=(const HttpResponse&) = delete;

  [[nodiscard]] unsigned status() const;

  /// A header of the answer, or empty.
  [[nodiscard]] std::string_view header(std::string_view name) const;

  /// Reads some of the body; nothing is its regular end. Lifetime of what is returned: until the
  /// next read.
  ///
  /// Errors: unavailable, if the connection is cut in the middle of the body or nothing comes;
  /// protocol, also for an encoding other than gzip, and for one that swells too much.
  [[nodiscard]] Task<std::string_view> read_some();

  /// Reads the rest of the body. Errors: those of read_some; protocol, if it is larger than
  /// `bound`.
  [[nodiscard]] Task<std::string> read_all(std::size_t bound);

 private:
  friend class HttpClient;
  struct Impl;
  explicit HttpResponse(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

using HttpResponsePtr = std::unique_ptr<HttpResponse>;

/// Sends requests to one endpoint; several at once use several connections.
class HttpClient {
 public:
  /// `host` is the Host header; `url` names the endpoint in errors.
  HttpClient(Connector connector, std::string host, std::string url);

  /// A client that connects to the endpoint anew whenever it has no idle connection.
  explicit HttpClient(const Endpoint& endpoint);

  /// Sends a request and waits for the head of the answer.
  ///
  /// A kept connection that turns out to be dead is replaced once, silently: what is sent must be
  /// harmless if it comes twice.
  /// Errors: those of connect_stream; mute; not this API, if the answer is not HTTP;
  /// invalid_config, if a header holds what would end it.
  [[nodiscard]] Task<HttpResponsePtr> send(HttpRequest request, HttpDeadlines deadlines);

  /// The same without a body or headers of its own.
  [[nodiscard]] Task<HttpResponsePtr> get(std::string target, HttpDeadlines deadlines);

  /// Closes the connections that are kept for later requests.
  void close_idle();

 private:
  [[nodiscard]] Task<HttpResponsePtr> exchange(StreamPtr stream, std::string request,
                                               HttpDeadlines deadlines);

  Connector connector_;
  std::string host_;
  std::string url_;
  std::shared_ptr<HttpConnections> idle_;
};

/// Percent-encodes a value for the query of a target.
std::string encode_query_value(std::string_view value);

}  // namespace rollcall
