// What outlives the sessions of one API server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/log.hpp>

#include "backends/kubernetes/api_client.hpp"
#include "backends/kubernetes/roster.hpp"
#include "core/env.hpp"

namespace rollcall::kubernetes {

/// What is listed and watched.
enum class Resource : std::uint8_t { pods, services, slices };

struct Engine {
  Engine(Access access, Wire wire, EnvPtr e)
      : url(access.url()),
        probe_head(wire.deadlines.probe_head),
        own_namespace(access.default_namespace.empty() ? "default" : access.default_namespace),
        env(e),
        api(std::move(access), std::move(wire), std::move(e)) {}

  std::string url;
  Milliseconds probe_head;
  std::string own_namespace;  ///< Where we look if we may not look everywhere.
  EnvPtr env;
  ApiClient api;
  std::string shown_endpoint{};
  std::set<std::string> namespaces{};  ///< Those that were chosen; empty: all.
  std::string node{};                  ///< The pods of this one alone; empty: of all.
  std::string selector{};              ///< Of labels; empty: none.
  bool include_stopped = false;
  Logger log{};

  /// What the last watch knew; null before the first.
  std::shared_ptr<Roster> roster{};
  std::size_t watches = 0;  ///< Under way.

  /// Why all is not listed but our own namespace: the whole cluster is refused.
  std::optional<RuntimeError> narrowed{};
  bool streams_lists = true;  ///< Until it turns out not to know sendInitialEvents.
  SliceApi slice_api = SliceApi::slices_v1;
  std::map<std::string, std::string> versions{};  ///< Last seen, by path: lists are not older.

  /// What was allowed in this life, and since when it is refused.
  std::set<Resource> allowed{};
  std::map<Resource, Monotonic> refused_since{};

  /// How long a watch must have lived until the list beside it is told.
  Duration proof{};
  int desyncs = 0;  ///< One soon after the other.
  Monotonic last_desync{};

  /// Takes over what another access to the same server has found out.
  void inherit(const Engine& other) {
    roster = other.roster;
    streams_lists = other.streams_lists;
    slice_api = other.slice_api;
    versions = other.versions;
  }

  void warn(const std::string& message) const {
    if (log) log(LogLevel::warning, message);
  }
  void allow(Resource resource) {
    allowed.insert(resource);
    refused_since.erase(resource);
  }
  /// Servers refuse for a moment after a restart what they allow a moment later: true as long as a
  /// refusal may be such a one.
  [[nodiscard]] bool may_pass(Resource resource);
};
using EnginePtr = std::shared_ptr<Engine>;

}  // namespace rollcall::kubernetes
