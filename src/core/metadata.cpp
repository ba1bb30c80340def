#include "core/metadata.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"

namespace rollcall {
namespace {

using std::chrono::milliseconds;

// The namespaces whose labels are read, the one that beats the others first.
constexpr std::array<std::string_view, 2> prefixes{"rollcall.", "koi."};
constexpr std::string_view txt_prefix = "txt.";

constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_name_char(char c) {
  return is_letter(c) || is_digit(c) || c == '-';
}
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), to_lower);
  return out;
}

// In any case; `lowercase` is in lower case.
bool begins_with(std::string_view text, std::string_view lowercase) {
  return std::ranges::equal(text.substr(0, lowercase.size()), lowercase, {}, to_lower);
}

// --- Values: each reader gives nothing for what it does not understand. ---

// The longest word of a closed set; longer values are not even looked at.
constexpr std::size_t longest_word = 8;

std::optional<bool> read_bool(std::string_view text) {
  constexpr std::array<std::string_view, 4> yes{"true", "yes", "1", "on"};
  constexpr std::array<std::string_view, 4> no{"false", "no", "0", "off"};
  if (text.size() > longest_word) return std::nullopt;
  const std::string word = lower(text);
  if (is_one_of(yes, word)) return true;
  if (is_one_of(no, word)) return false;
  return std::nullopt;
}

std::optional<std::string> read_health_kind(std::string_view text) {
  constexpr std::array<std::string_view, 4> kinds{"http", "https", "tcp", "none"};
  if (text.size() > longest_word) return std::nullopt;
  std::string word = lower(text);
  if (!is_one_of(kinds, word)) return std::nullopt;
  return word;
}

// A service name of RFC 6335, with or without the underscores and the protocol that DNS-SD adds.
std::optional<std::string> read_service_type(std::string_view text) {
  std::string_view name = text;
  if (name.starts_with('_')) {
    if (!name.ends_with("._tcp") && !name.ends_with("._udp")) return std::nullopt;
    name = name.substr(1, name.size() - 1 - std::string_view("._tcp").size());
  }
  const bool valid = !name.empty() && name.size() <= 15 &&
                     std::ranges::all_of(name, is_name_char) &&
                     std::ranges::any_of(name, is_letter) && !name.starts_with('-') &&
                     !name.ends_with('-') && !name.contains("--");
  if (!valid) return std::nullopt;
  return std::string(text);
}

// A name that people read: one label of DNS-SD, which may hold any character that can be shown.
std::optional<std::string> read_name(std::string_view text) {
  if (text.empty() || text.size() > 63 || printable(text) != text) return std::nullopt;
  return std::string(text);
}

std::optional<std::string> read_dns_name(std::string_view text) {
  std::string_view rest = text.substr(0, text.size() - (text.ends_with('.') ? 1 : 0));
  if (rest.empty() || rest.size() > 253) return std::nullopt;
  while (true) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    if (label.empty() || label.size() > 63 || !std::ranges::all_of(label, is_name_char) ||
        label.starts_with('-') || label.ends_with('-')) {
      return std::nullopt;
    }
    if (label.size() == rest.size()) return std::string(text);
    rest.remove_prefix(label.size() + 1);
  }
}

std::optional<std::string> read_health_path(std::string_view text) {
  constexpr std::size_t longest = 2048;
  const auto is_url_char = [](char c) { return c > ' ' && c < '\x7f'; };
  const auto is_url = [text](std::string_view scheme) {
    return text.starts_with(scheme) && text.size() > scheme.size();
  };
  if (text.size() > longest || !std::ranges::all_of(text, is_url_char)) return std::nullopt;
  if (!text.starts_with('/') && !is_url("http://") && !is_url("https://")) return std::nullopt;
  return std::string(text);
}

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// Takes a unit of Go's durations off the front of the text; in milliseconds, 0 if there is none.
double take_unit(std::string_view& text) {
  struct Unit {
    std::string_view word;
    double milliseconds;
  };
  // "ms" is before "m", because the first that fits is taken.
  constexpr std::array<Unit, 7> units{
      {{"ms", 1}, {"us", 1e-3}, {"µs", 1e-3}, {"ns", 1e-6}, {"h", 3.6e6}, {"m", 6e4}, {"s", 1e3}}};
  for (const Unit& unit : units) {
    if (!text.starts_with(unit.word)) continue;
    text.remove_prefix(unit.word.size());
    return unit.milliseconds;
  }
  return 0;
}

// A duration as Go writes it: "10s", "1m30s", "1.5h", of a millisecond at least and 100 years at
// most.
std::optional<milliseconds> read_duration(std::string_view text) {
  constexpr double most = 100 * 365.25 * 24 * 3.6e6;
  double total = 0;
  while (!text.empty()) {
    double number = 0;
    // Without this look from_chars would take a sign, "inf" and "nan".
    if (!is_digit(text[0]) && text[0] != '.') return std::nullopt;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const double unit = take_unit(text);
    total += number * unit;
    if (unit == 0 || total > most) return std::nullopt;
  }
  if (total < 1) return std::nullopt;
  return milliseconds(std::llround(total));
}

// --- Labels: which value goes where. ---

struct Label {
  std::string_view key;
  std::string_view value;
};

// Puts a value that could be read, unless a stronger namespace has put one; tells whether it could
// be read.
template <class T>
bool put(Metadata::Maybe<T>& slot, std::optional<T> value, const Label& label) {
  if (!value) return false;
  if (!slot) slot = {.value = std::move(*value), .source = std::string(label.key)};
  return true;
}

struct Field {
  std::string_view name;
  std::string_view right;  // completes "… is not"
  bool (*read)(Metadata& metadata, const Label& label);
};

constexpr std::string_view a_bool = "a boolean: write true or false";
constexpr std::string_view a_duration = "a positive duration: write 10s, 500ms or 1m30s";

constexpr auto fields = std::to_array<Field>({
    {"enable", a_bool,
     [](Metadata& m, const Label& l) { return put(m.enable, read_bool(l.value), l); }},
    {"announce", a_bool,
     [](Metadata& m, const Label& l) { return put(m.announce, read_bool(l.value), l); }},
    {"type", "a service type: write _http._tcp, or http",
     [](Metadata& m, const Label& l) { return put(m.type, read_service_type(l.value), l); }},
    {"name", "a name: write 1 to 63 bytes of text without control characters",
     [](Metadata& m, const Label& l) { return put(m.name, read_name(l.value), l); }},
    {"dns.name", "a DNS name: write labels of letters, digits and hyphens, as in web.lan",
     [](Metadata& m, const Label& l) { return put(m.dns_name, read_dns_name(l.value), l); }},
    {"health.path", "a path or URL: write /healthz or http://host:port/healthz",
     [](Metadata& m, const Label& l) { return put(m.health.path, read_health_path(l.value), l); }},
    {"health.kind", "a kind of health check: write http, https, tcp or none",
     [](Metadata& m, const Label& l) { return put(m.health.kind, read_health_kind(l.value), l); }},
    {"health.interval", a_duration,
     [](Metadata& m, const Label& l) { return put(m.health.interval, read_duration(l.value), l); }},
    {"health.timeout", a_duration,
     [](Metadata& m, const Label& l) { return put(m.health.timeout, read_duration(l.value), l); }},
    {"proxy.port", "a port: write a number from 1 to 65535",
     [](Metadata& m, const Label& l) { return put(m.proxy.port, read_port(l.value), l); }},
    {"proxy.remote", a_bool,
     [](Metadata& m, const Label& l) { return put(m.proxy.remote, read_bool(l.value), l); }},
    {"certmesh", a_bool,
     [](Metadata& m, const Label& l) { return put(m.certmesh, read_bool(l.value), l); }},
});

// --- Typos. ---

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (to_lower(a[i]) == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

// The known name that the unknown one was probably meant to be; empty if none is close.
std::string_view likely_meant(std::string_view unknown) {
  constexpr std::size_t longest = 32;
  std::string_view best;
  if (unknown.size() > longest) return best;
  std::size_t least = 3;
  for (const Field& field : fields) {
    const std::size_t distance = edit_distance(unknown, field.name);
    if (distance >= least || distance > field.name.size() / 3) continue;
    least = distance;
    best = field.name;
  }
  return best;
}

class Reader {
 public:
  // Reads the label if it is of the namespace.
  void read(std::string_view prefix, const Label& label) {
    if (!begins_with(label.key, prefix)) return;
    const std::string_view name = label.key.substr(prefix.size());
    // Keys are case-sensitive everywhere else, so one written otherwise is a typo.
    if (!label.key.starts_with(prefix)) return unknown(label, prefix);
    if (name.starts_with(txt_prefix)) return read_txt(name.substr(txt_prefix.size()), label);
    const auto* field = std::ranges::find(fields, name, &Field::name);
    if (field == fields.end()) return unknown(label, prefix);
    if (!field->read(metadata_, label)) malformed(label, field->right);
  }

  MetadataReading take() {
    std::ranges::sort(metadata_.txt, {}, &Metadata::Txt::key);
    std::ranges::sort(problems_);
    MetadataReading reading{.metadata = nullptr, .problems = std::move(problems_)};
    if (metadata_ != Metadata{}) {
      reading.metadata = std::make_shared<const Metadata>(std::move(metadata_));
    }
    return reading;
  }

 private:
  // One string of a DNS-SD TXT record: "key=value", at most 255 bytes, the key of printable ASCII
  // without "=".
  void read_txt(std::string_view key, const Label& label) {
    const auto allowed = [](char c) { return c >= ' ' && c <= '~' && c != '='; };
    if (key.empty() || !std::ranges::all_of(key, allowed)) {
      return problem(label, "what follows txt. must be printable ASCII without \"=\"");
    }
    if (key.size() + 1 + label.value.size() > 255) {
      return problem(label,
                     fmt::format("\"{}\" is too long: key and value together may have 254 bytes",
                                 excerpt(label.value)));
    }
    if (std::ranges::find(metadata_.txt, key, &Metadata::Txt::key) != metadata_.txt.end()) return;
    metadata_.txt.push_back(
        {.key = std::string(key),
         .value = {.value = std::string(label.value), .source = std::string(label.key)}});
  }

  void unknown(const Label& label, std::string_view prefix) {
    const std::string_view name = label.key.substr(prefix.size());
    if (const std::string_view meant = likely_meant(name); !meant.empty()) {
      return problem(label, fmt::format("unknown label; did you mean {}{}?", prefix, meant));
    }
    std::string known;
    for (const Field& field : fields) known += fmt::format("{}, ", field.name);
    problem(label, fmt::format("unknown label; after {} may stand {}txt.KEY", prefix, known));
  }

  void malformed(const Label& label, std::string_view right) {
    problem(label, fmt::format("\"{}\" is not {}", excerpt(label.value), right));
  }

  void problem(const Label& label, std::string what) {
    constexpr std::size_t longest_key = 256;
    problems_.push_back({.where = excerpt(label.key, longest_key), .what = std::move(what)});
  }

  Metadata metadata_;
  std::vector<Problem> problems_;
};

}  // namespace

MetadataReading read_metadata(const Labels& labels) {
  Reader reader;
  for (const std::string_view prefix : prefixes) {
    for (const auto& [key, value] : labels) reader.read(prefix, {.key = key, .value = value});
  }
  return reader.take();
}

}  // namespace rollcall
