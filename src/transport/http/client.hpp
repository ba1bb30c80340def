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

/// How long each part of an exchange may take. Zero: no limit.
struct HttpDeadlines {
  Milliseconds connect = std::chrono::seconds(2);
  Milliseconds head = std::chrono::seconds(30);
  Milliseconds progress = std::chrono::seconds(15);  ///< Between any two bytes of the body.
};

/// Makes a client's connections; lets tests and tunnels replace them.
using Connector = std::function<Task<StreamPtr>(Milliseconds deadline)>;

using HttpHeader = std::pair<std::string, std::string>;

struct HttpRequest {
  std::string target;  ///< Must be percent-encoded.
  /// Headers besides Host and those of the body. They override the defaults of Accept and
  /// User-Agent. A value may be a secret, so no error repeats one.
  std::vector<HttpHeader> headers{};
  std::optional<std::string> body{};  ///< If set, the request is a POST of JSON.
};

class HttpConnections;

/// An answer whose head has been received. Read the body to its end so that the connection can be
/// used again. A gzip body is inflated while it is read.
class HttpResponse {
 public:
  ~HttpResponse();
  HttpResponse(const HttpResponse&) = delete;
  HttpResponse& operator=(const HttpResponse&) = delete;

  [[nodiscard]] unsigned status() const;

  /// The value of a header of the answer, or empty.
  [[nodiscard]] std::string_view header(std::string_view name) const;

  /// Reads a piece of the body; empty: the regular end. The piece is valid until the next read.
  ///
  /// Errors: unavailable, if the connection is cut within the body or nothing comes; protocol, also
  /// for encodings other than gzip, and for a body that inflates too much.
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

/// Sends requests to one endpoint; concurrent requests use separate connections.
class HttpClient {
 public:
  /// `host` is the Host header; `url` names the endpoint in errors.
  HttpClient(Connector connector, std::string host, std::string url);

  /// Makes a client that connects to the endpoint whenever it has no idle connection.
  explicit HttpClient(const Endpoint& endpoint);

  /// Sends a request and waits for the head of the answer.
  ///
  /// If a kept connection turns out to be dead, the request is sent once more on a new one, so
  /// requests must be harmless if they arrive twice.
  /// Errors: those of connect_stream; mute; not_this_api, if the answer is not HTTP;
  /// invalid_config, if a header holds characters that would end it.
  [[nodiscard]] Task<HttpResponsePtr> send(HttpRequest request, HttpDeadlines deadlines);

  /// Sends a GET without headers of its own.
  [[nodiscard]] Task<HttpResponsePtr> get(std::string target, HttpDeadlines deadlines);

  /// Closes the idle connections.
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
