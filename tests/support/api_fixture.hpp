// The HTTP API over a hub of engines in memory, without a connection.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "server/api/api.hpp"
#include "support/hub_fixture.hpp"

namespace rollcall::test {

class ApiTest : public HubTest {
 protected:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  void make_api(HubOptions options = {}) {
    make_hub(std::move(options));
    api_ =
        std::make_unique<server::Api>(io_.get_executor(), *hub_, env_, options_, stats_, "1.2.3");
  }

  server::Reply ask(const std::string& target, Headers headers = {}, std::string method = "GET") {
    settle();
    headers.emplace_back("host", "localhost");
    const server::Request request{
        .method = std::move(method), .target = target, .headers = std::move(headers)};
    return api_->answer(request, {.address = "127.0.0.1"});
  }

  static boost::json::value body(const server::Reply& reply) {
    return boost::json::parse(reply.body ? *reply.body : "null");
  }

  static std::string header(const server::Reply& reply, std::string_view name) {
    const auto at = std::ranges::find(reply.headers, name, [](const auto& h) { return h.first; });
    return at == reply.headers.end() ? "" : at->second;
  }

  /// The detail of a problem, if the answer is one of this status.
  std::string problem_of(const std::string& target, unsigned status, const Headers& headers = {}) {
    const server::Reply reply = ask(target, headers);
    EXPECT_EQ(reply.status, status) << target;
    EXPECT_EQ(reply.type, "application/problem+json") << target;
    if (reply.type != "application/problem+json") return "";
    EXPECT_EQ(body(reply).at("status").as_int64(), status) << target;
    return body(reply).at("detail").as_string().c_str();
  }

  using Live = std::shared_ptr<server::LiveBody>;

  /// The next text of the stream; null while it waits. It then goes on waiting, and must not be
  /// asked again.
  server::SharedText next(const Live& live) {
    auto said = std::make_shared<server::SharedText>();
    boost::asio::co_spawn(io_, take(live, said), boost::asio::detached);
    settle();
    return *said;
  }
  std::string said(const Live& live) {
    const server::SharedText text = next(live);
    return text ? *text : "(nothing)";
  }

  server::ServerOptions options_;
  server::Stats stats_;
  std::unique_ptr<server::Api> api_;

 private:
  static boost::asio::awaitable<void> take(Live live, std::shared_ptr<server::SharedText> said) {
    auto waiting = live->next();
    *said = co_await std::move(waiting);
  }
};

}  // namespace rollcall::test
