#include "backends/systemd/unit_file.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/text/ascii.hpp"

namespace rollcall::systemd {
namespace {

constexpr std::string_view blanks = " \t\r\f\v";

std::string_view trim(std::string_view text) {
  return trimmed(text, blanks);
}

struct Name {
  std::string_view in_file;
  std::string_view of_label;
};

constexpr auto names = std::to_array<Name>({
    {"DnsName", "dns.name"},
    {"HealthPath", "health.path"},
    {"HealthKind", "health.kind"},
    {"HealthInterval", "health.interval"},
    {"HealthTimeout", "health.timeout"},
    {"ProxyPort", "proxy.port"},
    {"ProxyRemote", "proxy.remote"},
    {"ScrapeEnable", "scrape.enable"},
    {"ScrapePort", "scrape.port"},
    {"ScrapePath", "scrape.path"},
    {"ScrapeScheme", "scrape.scheme"},
    {"DisplayGroup", "display.group"},
    {"DisplayIcon", "display.icon"},
    {"DisplayHref", "display.href"},
    {"DisplayDescription", "display.description"},
});

/// "health.path" for "HealthPath", "txt.version" for "Txt-version", "enable" for "Enable". An
/// unknown name becomes an unknown label, and is reported as such.
std::string label_name(std::string_view name) {
  constexpr std::string_view txt = "Txt-";
  if (name.starts_with(txt)) return "txt." + std::string(name.substr(txt.size()));
  const auto* const found = std::ranges::find(names, name, &Name::in_file);
  if (found != names.end()) return std::string(found->of_label);
  std::string label(name);
  if (!label.empty() && label[0] >= 'A' && label[0] <= 'Z') {
    label[0] = static_cast<char>(label[0] - 'A' + 'a');
  }
  return label;
}

/// The label for a key in a section; nullopt if it is not ours.
std::optional<std::string> label_of(std::string_view section, std::string_view key) {
  struct Namespace {
    std::string_view section;
    std::string_view key;
    std::string_view label;
  };
  constexpr std::array<Namespace, 2> namespaces{
      {{"X-Rollcall", "X-Rollcall-", "rollcall."}, {"X-Koi", "X-Koi-", "koi."}}};
  for (const Namespace& space : namespaces) {
    if (key.starts_with(space.key)) {
      return std::string(space.label) + label_name(key.substr(space.key.size()));
    }
    if (section == space.section) return std::string(space.label) + label_name(key);
  }
  return std::nullopt;
}

/// The parts of a unit's name: "web" and "8080" in "web@8080.service".
struct UnitName {
  std::string_view full;
  std::string_view prefix;
  std::string_view instance;

  explicit UnitName(std::string_view unit) : full(unit) {
    const std::string_view stem = unit.substr(0, unit.rfind('.'));
    const std::size_t at = stem.find('@');
    prefix = stem.substr(0, at);
    if (at != std::string_view::npos) instance = stem.substr(at + 1);
  }
};

std::string expand(std::string_view value, const UnitName& unit) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char next = value[i] == '%' && i + 1 < value.size() ? value[i + 1] : '\0';
    if (next == 'i') {
      out += unit.instance;
    } else if (next == 'p') {
      out += unit.prefix;
    } else if (next == 'n') {
      out += unit.full;
    } else if (next == '%') {
      out += '%';
    } else {
      out += value[i];
      continue;
    }
    ++i;
  }
  return out;
}

/// Whether the line ends with an unescaped backslash.
bool continues(std::string_view line) {
  const std::size_t last = line.find_last_not_of('\\');
  const std::size_t others = last == std::string_view::npos ? 0 : last + 1;
  return (line.size() - others) % 2 == 1;
}

/// Splits lines as systemd does: a backslash at the end joins the next line, with a space; comments
/// between joined lines are skipped.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    if (rest_.starts_with(mark)) rest_.remove_prefix(mark.size());
  }

  std::optional<std::string> next() {
    std::string line;
    bool joining = false;
    while (!rest_.empty()) {
      std::string_view piece = rest_.substr(0, rest_.find('\n'));
      rest_.remove_prefix(std::min(piece.size() + 1, rest_.size()));
      const std::string_view trimmed = trim(piece);
      const bool comment = trimmed.starts_with('#') || trimmed.starts_with(';');
      if (comment || (trimmed.empty() && !joining)) continue;
      joining = continues(piece);
      if (joining) piece.remove_suffix(1);
      line += piece;
      if (!joining) return line;
      line += ' ';
    }
    return line.empty() ? std::nullopt : std::optional(line);
  }

 private:
  std::string_view rest_;
};

void read_file(const UnitName& unit, std::string_view text, Settings& into) {
  Lines lines(text);
  std::string section;
  while (const auto line = lines.next()) {
    const std::string_view trimmed = trim(*line);
    if (trimmed.starts_with('[') && trimmed.ends_with(']')) {
      section = trimmed.substr(1, trimmed.size() - 2);
      continue;
    }
    const std::size_t equals = trimmed.find('=');
    if (equals == std::string_view::npos) continue;
    auto label = label_of(section, trim(trimmed.substr(0, equals)));
    if (!label) continue;
    const std::string_view value = trim(trimmed.substr(equals + 1));
    if (value.empty()) {
      into.erase(*label);
    } else {
      into.insert_or_assign(std::move(*label), expand(value, unit));
    }
  }
}

}  // namespace

Settings read_settings(std::string_view unit, std::span<const std::string> texts) {
  Settings settings;
  const UnitName name(unit);
  for (const std::string& text : texts) read_file(name, text, settings);
  return settings;
}

}  // namespace rollcall::systemd
