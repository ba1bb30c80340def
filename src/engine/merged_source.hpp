// What a merged watch keeps of one of its sources.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/backend.hpp>
#include <rollcall/channel.hpp>

#include "core/async/signal.hpp"
#include "engine/merged_watch.hpp"

namespace rollcall {

/// One watch of a merged watch.
struct MergedSource {
  MergedSource(SourceId its_id, SourceSpec its_spec, EventChannel channel,
               const boost::asio::any_io_executor& executor)
      : id(its_id),
        spec(std::move(its_spec)),
        sender(std::move(channel.sender)),
        events(std::move(channel.receiver)),
        ended(executor) {}

  [[nodiscard]] bool is_host() const { return spec.kind == RuntimeBackendKind::host; }

  SourceId id;
  SourceSpec spec;
  IdentityQuestionPtr identity;  // may be null
  std::unique_ptr<RuntimeBackend> backend;
  std::optional<EventSender> sender;  // until it begins
  EventReceiver events;
  std::stop_source stop;
  Signal ended;                       // the watch has ended
  std::optional<RuntimeError> error;  // the watch has ended with it
  bool tried = false;                 // its first list was reported, or its first attempt failed
  bool listed = false;                // its first list was reported
  bool away = false;                  // it was reported disconnected
};

}  // namespace rollcall
