#include "cli/view/explain_view.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/view/table.hpp"
#include "cli/view/text_width.hpp"
#include "core/labels/metadata_values.hpp"
#include "core/text/text.hpp"

namespace rollcall::cli {
namespace {

constexpr std::size_t longest_value = 200;

class View {
 public:
  View(const Explanation& explanation, const FormatContext& context, std::size_t width, bool colour)
      : explanation_(explanation),
        instance_(*explanation.instance),
        context_(context),
        width_(width > indent.size() ? width - indent.size() : 0),
        colour_(colour) {}

  std::string text() {
    head();
    facts();
    said();
    overridden();
    problems();
    services();
    registration();
    changes();
    return std::move(text_);
  }

 private:
  static constexpr std::string_view indent = "  ";

  void head() {
    text_ += styled(or_dash(instance_.name), Style::bold, colour_);
    text_ += fmt::format("  {}, {} of {} at {}\n",
                         styled(state_text(instance_), state_style(instance_), colour_),
                         to_string(instance_.kind), printable(instance_.key.backend),
                         printable(instance_.key.endpoint));
  }

  void fact(std::string_view name, const std::string& value) {
    if (value.empty() || value == "-") return;
    text_ += fmt::format("{}{:<12}{}\n", indent, name, value);
  }

  void facts() {
    fact("id", printable(instance_.key.id));
    fact("image", image_text(instance_, Detail::full));
    fact("group", printable(instance_.group));
    fact("service", printable(instance_.service));
    fact("node", printable(instance_.node));
    fact("addresses", addresses_text(instance_, Detail::full, context_.name_of));
    fact("ports", ports_text(instance_));
    fact("DNS label", explanation_.dns_label +
                          (explanation_.label_is_partial ? " (unique among what was asked)" : ""));
    if (instance_.details) {
      const Details& details = *instance_.details;
      fact("description", printable(details.description));
      fact("definition", printable(details.definition));
      fact("user", printable(details.user));
      fact("command", printable(fmt::format("{}", fmt::join(details.command, " "))));
      if (details.pid != 0) fact("pid", std::to_string(details.pid));
    }
  }

  void section(std::string_view title) {
    text_ += "\n" + styled(title, Style::bold, colour_) + "\n";
  }

  void table(std::string_view title, const Table& table) {
    if (table.rows.empty()) return;
    section(title);
    const std::string rendered = render_table(table, width_, colour_);
    for (std::size_t begin = 0; begin < rendered.size();) {
      const std::size_t end = rendered.find('\n', begin) + 1;
      text_ += indent;
      text_ += std::string_view(rendered).substr(begin, end - begin);
      begin = end;
    }
  }

  void said() {
    Table said{.columns = {{"VALUE"}, {"IS"}, {"SAYS"}}, .rows = {}};
    if (instance_.metadata) {
      for (const MetadataValue& value : values_of(*instance_.metadata)) {
        said.rows.push_back({{printable(value.field)},
                             {excerpt(value.text, longest_value)},
                             {excerpt(value.source, longest_value)}});
      }
    }
    if (said.rows.empty()) {
      section("What labels say");
      text_ += fmt::format("{}nothing that concerns Rollcall\n", indent);
    }
    table("What labels say", said);
  }

  void overridden() {
    Table all{.columns = {{"VALUE"}, {"WOULD BE"}, {"SAYS"}, {"BUT STRONGER IS"}}, .rows = {}};
    for (const Overridden& one : explanation_.overridden) {
      all.rows.push_back({{printable(one.field)},
                          {excerpt(one.value, longest_value)},
                          {excerpt(one.source, longest_value)},
                          {excerpt(one.by, longest_value)}});
    }
    table("What is overridden", all);
  }

  void problems() {
    if (instance_.problems.empty()) return;
    section("What cannot be understood");
    for (const Problem& problem : instance_.problems) {
      text_ +=
          fmt::format("{}{}: {}\n", indent, styled(printable(problem.where), Style::red, colour_),
                      printable(problem.what));
      const auto value = instance_.labels.find(problem.where);
      if (value && problem.position != 0) text_ += pointed_at(*value, problem.position);
    }
  }

  static std::string address_of(const Reach& reach) {
    if (!reach.possible) return "-";
    if (reach.any_of_host) return fmt::format("any of the host:{}", reach.port);
    const bool six = reach.address.contains(':');
    return fmt::format("{}{}{}:{}", six ? "[" : "", printable(reach.address), six ? "]" : "",
                       reach.port);
  }

  static std::string_view words_of(Vantage vantage) {
    switch (vantage) {
      case Vantage::this_host:
        return "this host";
      case Vantage::container_network:
        return "its network";
      case Vantage::elsewhere:
        return "elsewhere";
    }
    return {};
  }

  void services() {
    Table types{.columns = {{"PORT"}, {"TYPE"}, {"TYPE FROM"}, {"NAME"}, {"TAGS"}, {"NOTE"}},
                .rows = {}};
    Table ways{.columns = {{"PORT"}, {"CLIENT"}, {"USES"}, {"REASON"}, {"BECAUSE"}}, .rows = {}};
    for (const auto& [service, reach] : explanation_.services) {
      const std::string port = fmt::format("{}/{}", service.port, to_string(service.protocol));
      types.rows.push_back({{port, service.primary ? Style::bold : Style::plain},
                            {printable(service.type.value)},
                            {excerpt(service.type.source, longest_value)},
                            {or_dash(service.name.value)},
                            {or_dash(fmt::format("{}", fmt::join(service.tags, ", ")))},
                            {note_of(service)}});
      for (const Reach& one : reach) {
        ways.rows.push_back({{port},
                             {std::string(words_of(one.from))},
                             {address_of(one), one.possible ? Style::green : Style::dim},
                             {std::string(to_string(one.reason))},
                             {printable(one.why)}});
      }
    }
    table("What it serves", types);
    table("Where a client finds it", ways);
    if (explanation_.services_left_out == 0) return;
    text_ += fmt::format("{}and {} more ports\n", indent, explanation_.services_left_out);
  }

  static std::string note_of(const Service& service) {
    std::vector<std::string> notes;
    if (service.primary) notes.push_back("primary: " + excerpt(service.why, longest_value));
    if (!service.listed) notes.emplace_back("only labels tell it");
    if (!service.enable.value) {
      notes.push_back("switched off by " + excerpt(service.enable.source, longest_value));
    }
    return or_dash(fmt::format("{}", fmt::join(notes, "; ")));
  }

  void registration() {
    const Registration& registration = explanation_.registration;
    section("Would it be registered?");
    text_ += fmt::format("{}{}\n", indent,
                         registration.registered ? styled("yes", Style::green, colour_)
                                                 : styled("no", Style::red, colour_));
    for (const RegistrationNote& note : registration.notes) {
      text_ += fmt::format("{}{:<15} {}\n", indent, to_string(note.reason), printable(note.text));
    }
  }

  void change(std::string_view what, const std::optional<Timestamp>& at) {
    if (!at) return;
    text_ += fmt::format("{}{:<12}{}  {} ago\n", indent, what,
                         to_rfc3339(std::chrono::floor<std::chrono::seconds>(*at)),
                         short_duration(context_.now - *at));
  }

  void changes() {
    section("Its last changes");
    change("created", instance_.created_at);
    change("started", instance_.started_at);
    if (instance_.details && instance_.details->restarts != 0) {
      text_ +=
          fmt::format("{}restarted {} times by its manager\n", indent, instance_.details->restarts);
    }
    change("looked at", instance_.discovered_at);
    text_ += fmt::format("{}one look sees no others: `rollcall watch` tells them as they come\n",
                         indent);
  }

  const Explanation& explanation_;
  const Instance& instance_;
  const FormatContext& context_;
  std::size_t width_;
  bool colour_;
  std::string text_;
};

bool is_inside_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

}  // namespace

std::string explain_view(const Explanation& explanation, const FormatContext& context,
                         std::size_t width, bool colour) {
  return View(explanation, context, width, colour).text();
}

std::string pointed_at(std::string_view value, std::size_t position) {
  constexpr std::size_t before = 48;
  constexpr std::size_t behind = 24;
  std::size_t at = std::min(position == 0 ? 0 : position - 1, value.size());
  while (at > 0 && at < value.size() && is_inside_character(value[at])) --at;
  std::size_t begin = at - std::min(at, before);
  while (begin < at && is_inside_character(value[begin])) ++begin;
  std::size_t end = std::min(at + behind, value.size());
  while (end < value.size() && is_inside_character(value[end])) ++end;
  const std::string left = (begin > 0 ? "…" : "") + printable(value.substr(begin, at - begin));
  const std::string right = printable(value.substr(at, end - at)) + (end < value.size() ? "…" : "");
  return fmt::format("    {}{}\n    {:{}}^\n", left, right, "", display_width(left));
}

}  // namespace rollcall::cli
