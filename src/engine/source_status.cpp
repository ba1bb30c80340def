#include "engine/source_status.hpp"

#include <fmt/format.h>
#include <rollcall/backend.hpp>

#include "core/text/words.hpp"

namespace rollcall {

std::string_view to_string(SourceState state) noexcept {
  switch (state) {
    case SourceState::connecting:
      return "connecting";
    case SourceState::syncing:
      return "syncing";
    case SourceState::ready:
      return "ready";
    case SourceState::backing_off:
      return "backing_off";
    case SourceState::failed:
      return "failed";
  }
  return no_such_word;
}

std::string name_of(const SourceStatus& source) {
  return source.endpoint.empty() ? source.name
                                 : fmt::format("{} at {}", source.name, source.endpoint);
}

std::string sentence_of(const SourceStatus& source) {
  const bool ready = source.state == SourceState::ready;
  return fmt::format("{} is {}{}{}", name_of(source), ready ? "ready" : "away",
                     source.reason.empty() ? "" : ": ", source.reason);
}

SourceStatus status_of(const SourceSpec& spec, Env& env) {
  SourceStatus status;
  status.kind = spec.kind;
  status.name = to_string(spec.kind);
  status.endpoint = spec.endpoint;
  status.named = spec.named;
  status.one_of_several = spec.one_of_several;
  status.added = env.monotonic();
  status.added_at = status.since = env.now();
  return status;
}

SourceStatus failed_status_of(const SourceSpec& spec, Env& env, const RuntimeError& why) {
  SourceStatus status = status_of(spec, env);
  status.state = SourceState::failed;
  status.reason = why.describe();
  status.failed_once = true;
  return status;
}

}  // namespace rollcall
