#include "server/texts.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "core/json.hpp"
#include "core/text.hpp"
#include "server/gzip.hpp"

namespace rollcall::server {

namespace json = boost::json;

namespace {

/// Of an instance as text, more than nearly all have. A long list that grew as it is made would be
/// moved about, and take its size twice; what of this is not used is never touched, so it takes no
/// memory.
constexpr std::size_t roomy = 2048;

/// Whether anything of that engine is shown.
bool shows_any_of(const View& view, const Origin& origin) {
  const InstanceKey first{.backend = origin.backend, .endpoint = origin.endpoint, .id = {}};
  const auto at = std::ranges::lower_bound(
      view.instances, first, {}, [](const InstancePtr& i) -> const InstanceKey& { return i->key; });
  return at != view.instances.end() && (*at)->key.backend == origin.backend &&
         (*at)->key.endpoint == origin.endpoint;
}

std::string head_of(const View& view) {
  json::array stale;
  for (const Absence& absence : view.away) {
    if (!shows_any_of(view, *absence.origin)) continue;
    json::object one{{"backend", valid_utf8(absence.origin->backend)},
                     {"endpoint", valid_utf8(absence.origin->endpoint)},
                     {"since", to_rfc3339(absence.since)}};
    if (!absence.reason.empty()) one["reason"] = valid_utf8(absence.reason);
    stale.emplace_back(std::move(one));
  }
  json::object head{{"cursor", to_string(view.cursor)}};
  if (!stale.empty()) head["stale"] = std::move(stale);
  return json::serialize(head);
}

}  // namespace

std::string list_text(const View& view, const Selection& selection, const Fields& fields) {
  // One instance at a time: as JSON values, all of a long list would take three times its text.
  std::string text;
  if (selection.empty() && fields.empty()) text.reserve(view.instances.size() * roomy);
  text += head_of(view);
  text.back() = ',';
  text += "\"instances\":[";
  bool first = true;
  for (const InstancePtr& instance : view.instances) {
    if (!selection.matches(*instance)) continue;
    if (!std::exchange(first, false)) text += ',';
    if (fields.empty()) {
      append_json(text, *instance);
    } else {
      text += json::serialize(fields.pick(*instance));
    }
  }
  text += "]}\n";
  return text;
}

void ListTexts::forget_others(const ViewPtr& view) {
  if (of_ == view) return;
  of_ = view;
  plain_.reset();
  gzipped_.reset();
}

SharedText ListTexts::plain(const ViewPtr& view) {
  forget_others(view);
  if (!plain_) plain_ = std::make_shared<const std::string>(list_text(*view, {}, {}));
  return plain_;
}

SharedText ListTexts::gzipped(const ViewPtr& view) {
  forget_others(view);
  if (!gzipped_) {
    gzipped_ = std::make_shared<const std::string>(gzip(*plain(view), Effort::fast));
  }
  return gzipped_;
}

std::string change_text(const LogEntry& entry, std::uint64_t epoch) {
  const Cursor cursor{.epoch = epoch, .sequence = entry.sequence};
  std::string text = json_text(entry.event);
  const bool of_backend = key_of(entry.event) == nullptr;
  if (of_backend && entry.origin && !entry.origin->endpoint.empty()) {
    text.pop_back();
    text +=
        ",\"endpoint\":" + json::serialize(json::string(valid_utf8(entry.origin->endpoint))) + "}";
  }
  return fmt::format("{{\"cursor\":\"{}\",{}", to_string(cursor), std::string_view(text).substr(1));
}

SharedText ChangeTexts::frame(const LogEntry& entry, std::uint64_t epoch) {
  const std::uint64_t end = first_ + frames_.size();
  if (entry.sequence >= first_ && entry.sequence < end) {
    return frames_[static_cast<std::size_t>(entry.sequence - first_)];
  }
  const Cursor cursor{.epoch = epoch, .sequence = entry.sequence};
  auto frame = std::make_shared<const std::string>(
      fmt::format("id: {}\nevent: {}\ndata: {}\n\n", to_string(cursor), type_of(entry.event),
                  change_text(entry, epoch)));
  // One who catches up from long ago must not push out what all others read now.
  if (!frames_.empty() && entry.sequence < first_) return frame;
  if (frames_.empty() || entry.sequence != end) {
    frames_.clear();
    bytes_ = 0;
    first_ = entry.sequence;
  }
  frames_.push_back(frame);
  bytes_ += frame->size();
  while (bytes_ > most_bytes_ && frames_.size() > 1) {
    bytes_ -= frames_.front()->size();
    frames_.pop_front();
    ++first_;
  }
  return frame;
}

std::string_view ChangeTexts::line_in(std::string_view frame) {
  constexpr std::string_view before = "\ndata: ";
  frame.remove_prefix(frame.find(before) + before.size());
  frame.remove_suffix(1);
  return frame;
}

}  // namespace rollcall::server
