#include "server/api/json_texts.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "core/json/json.hpp"
#include "core/json/json_text.hpp"
#include "core/text/text.hpp"
#include "server/http/gzip.hpp"

namespace rollcall::server {

namespace json = boost::json;

namespace {

/// Bytes to reserve for each instance, more than nearly all need. Growing a long list would move it
/// and take twice its size, while unused reserve is never touched and takes no memory.
constexpr std::size_t roomy = 2048;

/// Whether an instance of that engine is shown.
bool shows_any_of(const View& view, const Origin& origin) {
  const InstanceKey first{.backend = origin.backend, .endpoint = origin.endpoint, .id = {}};
  const auto at = std::ranges::lower_bound(
      view.instances, first, {}, [](const InstancePtr& i) -> const InstanceKey& { return i->key; });
  return at != view.instances.end() && (*at)->key.backend == origin.backend &&
         (*at)->key.endpoint == origin.endpoint;
}

json::object stale_entry(const Origin& origin, Timestamp since, std::string_view reason) {
  json::object one{{"backend", valid_utf8(origin.backend)},
                   {"endpoint", valid_utf8(origin.endpoint)},
                   {"since", to_rfc3339(since)}};
  if (!reason.empty()) one["reason"] = valid_utf8(reason);
  return one;
}

bool is_unknown(const View& view, const Origin& origin) {
  return std::ranges::any_of(view.unknown,
                             [&origin](const UnknownEngine& one) { return *one.origin == origin; });
}

std::string head_of(const View& view) {
  json::object head{{"cursor", to_string(view.cursor)}};
  add_unknown(head, view.unknown);
  json::array stale;
  for (const Absence& absence : view.away) {
    const Origin& origin = *absence.origin;
    if (!shows_any_of(view, origin) || is_unknown(view, origin)) continue;
    stale.emplace_back(stale_entry(origin, absence.since, absence.reason));
  }
  if (json::value* unknown = head.if_contains("stale")) {
    for (json::value& one : unknown->as_array()) stale.emplace_back(std::move(one));
  }
  if (!stale.empty()) head["stale"] = std::move(stale);
  return serialized(head);
}

}  // namespace

void add_unknown(json::object& out, const std::vector<UnknownEngine>& unknown) {
  out["complete"] = unknown.empty();
  json::array stale;
  for (const UnknownEngine& engine : unknown) {
    json::object one = stale_entry(*engine.origin, engine.since, engine.reason);
    one["named"] = engine.named;
    one[engine.why == Unknown::never ? "never" : "dropped"] = true;
    stale.emplace_back(std::move(one));
  }
  if (!stale.empty()) out["stale"] = std::move(stale);
}

std::optional<std::string> list_text(const View& view, const Selection& selection,
                                     const Fields& fields, std::size_t most) {
  // One instance at a time: a long list as JSON values takes three times the memory of its text.
  std::string text;
  if (selection.empty() && fields.empty()) text.reserve(view.instances.size() * roomy);
  text += head_of(view);
  text.back() = ',';
  text += "\"instances\":[";
  bool first = true;
  for (const InstancePtr& instance : view.instances) {
    if (!selection.matches(*instance)) continue;
    if (text.size() > most) return std::nullopt;
    if (!std::exchange(first, false)) text += ',';
    if (fields.empty()) {
      append_json(text, *instance);
    } else {
      fields.append(text, *instance);
    }
  }
  text += "]}\n";
  return text;
}

/// Switches to the texts of `view`. False: earlier texts take too much room.
bool ListTexts::turn_to(const ViewPtr& view) {
  if (of_ == view) return true;
  if (plain_.text) size_ = 0;
  for (HeldText* text : {&plain_, &gzipped_}) {
    if (!text->text) continue;
    size_ += text->text->size();
    answers_.count(*text);
    *text = {};
  }
  of_ = nullptr;
  // Even fast clients may still be reading the last two versions of a long list.
  if (!answers_.has_room(2 * size_)) return false;
  of_ = view;
  return true;
}

HeldText ListTexts::plain(const ViewPtr& view) {
  if (!turn_to(view)) return {};
  if (!plain_.text) {
    plain_ = answers_.keep(std::make_shared<const std::string>(list_text(*view, {}, {}).value()));
  }
  return plain_;
}

HeldText ListTexts::gzipped(const ViewPtr& view) {
  if (!turn_to(view)) return {};
  if (!gzipped_.text) {
    gzipped_ =
        answers_.keep(std::make_shared<const std::string>(gzip(*plain(view).text, Effort::fast)));
  }
  return gzipped_;
}

std::string change_text(const LogEntry& entry, std::uint64_t epoch) {
  const Cursor cursor{.epoch = epoch, .sequence = entry.sequence};
  const std::string text = json_text(entry.event);
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
  // A subscriber that catches up must not evict the texts that all others read now.
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

SharedText ChangeTexts::line(const LogEntry& entry, std::uint64_t epoch) {
  if (!line_ || line_of_ != entry.sequence) {
    const SharedText whole = frame(entry, epoch);
    line_ = std::make_shared<const std::string>(line_in(*whole));
    line_of_ = entry.sequence;
  }
  return line_;
}

std::string_view ChangeTexts::line_in(std::string_view frame) {
  constexpr std::string_view before = "\ndata: ";
  frame.remove_prefix(frame.find(before) + before.size());
  frame.remove_suffix(1);
  return frame;
}

}  // namespace rollcall::server
