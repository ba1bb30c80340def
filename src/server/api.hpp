// The HTTP API of the daemon: what it answers, from a hub.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "core/env.hpp"
#include "engine/hub.hpp"
#include "server/connection.hpp"
#include "server/documents/status.hpp"
#include "server/options.hpp"
#include "server/route.hpp"
#include "server/stats.hpp"
#include "server/texts.hpp"

namespace rollcall::server {

/// Answers by a table of routes; /openapi.json and /docs are made of the same table.
///
/// Lifetime: hub, options and stats outlive it. Threads: those of the hub.
class Api final : public Responder {
 public:
  /// `version`: of the program.
  Api(boost::asio::any_io_executor executor, Hub& hub, EnvPtr env, const ServerOptions& options,
      Stats& stats, std::string version);

  [[nodiscard]] Reply answer(const Request& request, const Client& client) override;

  [[nodiscard]] std::span<const Route> routes() const noexcept { return routes_; }

 private:
  void add_inventory_routes();
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
  [[nodiscard]] bool all_known() const;
  [[nodiscard]] InstancePtr find(const Question& question) const;

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
  ListTexts list_texts_;
  std::shared_ptr<ChangeTexts> change_texts_ = std::make_shared<ChangeTexts>();
  SharedText openapi_;  // made when it is first asked for
  SharedText docs_;
};

}  // namespace rollcall::server
