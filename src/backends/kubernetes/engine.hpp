// State of one API server that outlives sessions.
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
#include "core/async/env.hpp"

namespace rollcall::kubernetes {

/// The kinds of objects that are listed and watched.
enum class Resource : std::uint8_t { pods, services, slices };

struct EngineState {
  EngineState(Access access, Wire wire, EnvPtr e)
      : url(access.url()),
        probe_head(wire.deadlines.probe_head),
        own_namespace(access.default_namespace.empty() ? "default" : access.default_namespace),
        limits(wire.limits),
        env(e),
        api(std::move(access), std::move(wire), std::move(e)) {}

  std::string url;
  Milliseconds probe_head;
  std::string own_namespace;  ///< Listed if the whole cluster may not be.
  ListLimits limits;
  EnvPtr env;
  ApiClient api;
  std::string shown_endpoint{};
  std::set<std::string> namespaces{};  ///< Those that were chosen; empty: all.
  std::string node{};                  ///< The pods of this one alone; empty: of all.
  std::string selector{};              ///< Of labels; empty: none.
  bool include_stopped = false;
  Logger log{};

  /// The final state of the last watch; null before the first.
  std::shared_ptr<Roster> roster{};
  std::size_t watches = 0;  ///< Under way.

  /// Why only our own namespace is listed: the refusal for the whole cluster.
  std::optional<RuntimeError> narrowed{};
  bool streams_lists = true;  ///< Until it turns out not to know sendInitialEvents.
  SliceApi slice_api = SliceApi::slices_v1;
  std::map<std::string, std::string> versions{};  ///< Last seen, by path: lists are not older.
  /// The server's versions start again at a lower number, so an object with a known uid and version
  /// may have another state. Cleared at the end of the list that found this out.
  bool version_reused = false;

  /// The resources that were allowed since the start, and since when they are refused.
  std::set<Resource> allowed{};
  std::map<Resource, Monotonic> refused_since{};

  /// How long the watches must live before the list beside them is told.
  Duration proof{};
  int desyncs = 0;  ///< In quick succession.
  Monotonic last_desync{};

  /// Takes over what another access to the same server has found out.
  void inherit(const EngineState& other) {
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
  /// Servers may refuse requests for a moment after a restart. True while a refusal may be of that
  /// kind.
  [[nodiscard]] bool may_pass(Resource resource);
};
using EngineStatePtr = std::shared_ptr<EngineState>;

}  // namespace rollcall::kubernetes
