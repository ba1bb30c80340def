// The HTTP API of the daemon, answered from a hub.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "core/async/env.hpp"
#include "documents/stats.hpp"
#include "documents/status.hpp"
#include "engine/hub.hpp"
#include "server/api/answers.hpp"
#include "server/api/json_texts.hpp"
#include "server/api/route.hpp"
#include "server/connection.hpp"
#include "server/options.hpp"

namespace rollcall::server {

/// Answers by a table of routes, from which /openapi.json and /docs are made, too.
///
/// Lifetime: hub, options and stats outlive it. Threads: those of the hub.
class Api final : public Responder {
 public:
  /// `version`: of the program.
  Api(boost::asio::any_io_executor executor, Hub& hub, EnvPtr env, const ServerOptions& options,
      Stats& stats, std::string version);

  [[nodiscard]] Verdict judge(const Request& request, const Client& client) override;
  [[nodiscard]] Reply answer(const Request& request, const Client& client) override;

  [[nodiscard]] std::span<const Route> routes() const noexcept { return routes_; }

 private:
  void add_inventory_routes();
  void add_change_routes();
  void add_status_routes();
  void add_koi_routes();
  void add_probe_routes();
  void add_document_routes();

  [[nodiscard]] Reply list(const Question& question);
  [[nodiscard]] Reply one(const Question& question);
  [[nodiscard]] Reply events(const Question& question);
  [[nodiscard]] Reply explanation(const Question& question);
  [[nodiscard]] Reply status(const Question& question);
  [[nodiscard]] Reply metrics(const Question& question);
  [[nodiscard]] Reply scrape_targets(const Question& question);
  [[nodiscard]] Reply koi_status(const Question& question);
  [[nodiscard]] Reply koi_instances(const Question& question);
  [[nodiscard]] Reply live(const Question& question);
  [[nodiscard]] Reply ready(const Question& question);
  [[nodiscard]] Reply openapi(const Question& question);
  [[nodiscard]] Reply docs(const Question& question);

  [[nodiscard]] Standing standing() const;
  [[nodiscard]] bool settled() const;
  [[nodiscard]] Reply not_settled() const;
  [[nodiscard]] std::optional<Reply> put_off(bool trusted = true) const;
  [[nodiscard]] bool all_known() const;
  [[nodiscard]] bool may_run(const Question& question) const;
  [[nodiscard]] Reply no_instance(const Question& question) const;
  [[nodiscard]] InstancePtr find(const Question& question) const;

  /// Makes a JSON text of at most `most` bytes; nothing: it would be longer.
  using Make = std::function<std::optional<std::string>(std::size_t most)>;
  /// Shares the text that was made for others at the same target and cursor, else calls `make`; 503
  /// if there is no room. `more`: what the text depends on besides target and cursor.
  [[nodiscard]] Reply shared_reply(const Question& question, std::string_view more,
                                   const Make& make);

  using Member = Reply (Api::*)(const Question&);
  /// Puts a route into the table.
  void add(Route route, Member member);

  boost::asio::any_io_executor executor_;
  Hub& hub_;
  EnvPtr env_;
  const ServerOptions& options_;
  Stats& stats_;
  std::string version_;
  Monotonic started_;
  std::vector<Route> routes_;
  std::shared_ptr<Answers> answers_ = std::make_shared<Answers>();
  ListTexts list_texts_{*answers_};
  std::shared_ptr<ChangeTexts> change_texts_ = std::make_shared<ChangeTexts>();
  SharedText openapi_;  // built on first use
  SharedText docs_;
};

}  // namespace rollcall::server
