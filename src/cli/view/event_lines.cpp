#include "cli/view/event_lines.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/view/text_width.hpp"
#include "core/overloaded.hpp"
#include "core/text/text.hpp"

namespace rollcall::cli {
namespace {

/// A name longer than this moves the rest of its own line only.
constexpr std::size_t widest_name = 30;

std::string padded(std::string text, std::size_t width) {
  const std::size_t used = display_width(text);
  if (used < width) text.append(width - used, ' ');
  return text;
}

std::vector<std::string> label_words(const Labels& labels) {
  std::vector<std::string> words;
  for (const auto& [key, value] : labels) {
    words.push_back(printable(key) + "=" + printable(value));
  }
  return words;
}

/// "-gone +new".
std::string difference(std::vector<std::string> before, std::vector<std::string> after) {
  std::ranges::sort(before);
  std::ranges::sort(after);
  std::vector<std::string> gone;
  std::vector<std::string> added;
  std::ranges::set_difference(before, after, std::back_inserter(gone));
  std::ranges::set_difference(after, before, std::back_inserter(added));
  std::vector<std::string> words;
  for (const std::string& word : gone) words.push_back("-" + word);
  for (const std::string& word : added) words.push_back("+" + word);
  return fmt::format("{}", fmt::join(words, " "));
}

Style style_of(const RuntimeEvent& event) {
  if (std::holds_alternative<Started>(event) || std::holds_alternative<BackendReconnected>(event)) {
    return Style::green;
  }
  if (std::holds_alternative<Updated>(event)) return Style::yellow;
  return Style::red;
}

std::string_view verb_of(const RuntimeEvent& event) {
  const std::string_view type = type_of(event);
  constexpr std::string_view prefix = "backend_";
  return type.starts_with(prefix) ? type.substr(prefix.size()) : type;
}

std::string started_text(const Instance& instance, const NameOf& name_of) {
  std::string text = image_text(instance, Detail::shortened) + "  " +
                     addresses_text(instance, Detail::shortened, name_of);
  if (!instance.ports.empty()) text += "  " + ports_text(instance);
  const bool ordinary = instance.state == InstanceState::running && instance.health == Health::none;
  return ordinary ? text : state_text(instance) + "  " + text;
}

}  // namespace

std::string changes_text(const Instance& before, const Instance& after) {
  std::vector<std::string> changes;
  const auto values = [&](std::string_view what, const std::string& a, const std::string& b) {
    if (a != b) changes.push_back(fmt::format("{} {}->{}", what, a, b));
  };
  const auto sets = [&](std::string_view what, std::vector<std::string> a,
                        std::vector<std::string> b) {
    const std::string words = difference(std::move(a), std::move(b));
    if (!words.empty()) changes.push_back(fmt::format("{} {}", what, words));
  };
  values("name", or_dash(before.name), or_dash(after.name));
  values("state", std::string(to_string(before.state)), std::string(to_string(after.state)));
  values("health", std::string(to_string(before.health)), std::string(to_string(after.health)));
  values("reason", or_dash(before.reason), or_dash(after.reason));
  values("image", image_text(before, Detail::shortened), image_text(after, Detail::shortened));
  sets("addresses", address_words(before, Detail::full), address_words(after, Detail::full));
  sets("ports", port_words(before), port_words(after));
  values("group", or_dash(before.group), or_dash(after.group));
  values("service", or_dash(before.service), or_dash(after.service));
  values("node", or_dash(before.node), or_dash(after.node));
  sets("labels", label_words(before.labels), label_words(after.labels));
  // Other changes are better read in full, as JSON.
  return changes.empty() ? "details" : fmt::format("{}", fmt::join(changes, ", "));
}

std::string EventLines::instance_line(const Instance& instance, const std::string& rest,
                                      Cause cause) {
  const std::array<std::string, 2> cells = {or_dash(instance.name), or_dash(instance.key.backend)};
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    widths_[i] = std::max(widths_[i], std::min(display_width(cells[i]), widest_name));
    text += styled(padded(cells[i], widths_[i]), i == 0 ? Style::bold : Style::plain, colour_);
    text += "  ";
  }
  text += rest;
  if (cause == Cause::live) return text;
  return text + "  " + styled(fmt::format("({})", to_string(cause)), Style::dim, colour_);
}

std::string EventLines::line(const RuntimeEvent& event, const Inventory& known,
                             const std::string& time) {
  const NameOf name_of = [&known](const InstanceKey& beside, const std::string& id) {
    const InstancePtr owner = known.find({beside.backend, beside.endpoint, id});
    return owner ? owner->name : std::string();
  };
  const std::string text = std::visit(
      Overloaded{
          [&](const Started& e) {
            return instance_line(*e.instance, started_text(*e.instance, name_of), e.cause);
          },
          [&](const Updated& e) {
            const InstancePtr before = known.find(e.instance->key);
            return instance_line(
                *e.instance,
                before ? changes_text(*before, *e.instance) : started_text(*e.instance, name_of),
                e.cause);
          },
          [&](const Stopped& e) {
            return instance_line(*e.last, image_text(*e.last, Detail::shortened), e.cause);
          },
          [](const BackendDisconnected& e) {
            return or_dash(e.backend) + "  " + printable(e.reason);
          },
          [](const BackendReconnected& e) {
            return or_dash(e.backend) + "  " + printable(e.endpoint);
          },
      },
      event);
  const std::string verb =
      styled(padded(std::string(verb_of(event)), 12), style_of(event), colour_);
  return fmt::format("{}  {}  {}\n", styled(time, Style::dim, colour_), verb, text);
}

}  // namespace rollcall::cli
