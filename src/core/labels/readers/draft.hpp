// The metadata while it is being read: what is put first stays, what comes later is overridden.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rollcall/instance.hpp>

#include "core/budgets.hpp"
#include "core/labels/metadata.hpp"
#include "core/labels/metadata_values.hpp"
#include "core/labels/readers/values.hpp"

namespace rollcall::readers {

/// Of one instance; what is more is left out, and one problem says so.
inline constexpr std::size_t most_routes = budget::label_routes;
inline constexpr std::size_t most_txt = budget::label_txt;
inline constexpr std::size_t most_problems = budget::label_problems;
/// A label with a longer key is not read.
inline constexpr std::size_t longest_label_key = budget::label_key_bytes;

/// One label as a reader sees it. Lifetime: views into the labels that are read.
struct Label {
  std::string_view key;   ///< As it was written; for the environment "env NAME".
  std::string_view name;  ///< What follows the prefix of its family.
  std::string_view value;
  bool secret = false;  ///< Its value is not quoted.
};

/// Readers fill it in the order of their precedence, the strongest first.
class Draft {
 public:
  /// `keep_overridden`: also collect the overridden values.
  explicit Draft(bool keep_overridden) : keep_overridden_(keep_overridden) {}

  Metadata& metadata() noexcept { return metadata_; }

  /// The value, or nothing and a problem. `right` completes "… is not".
  template <class T>
  std::optional<T> understood(Parsed<T> parsed, const Label& label, std::string_view right) {
    if (parsed) return std::move(*parsed);
    malformed(label, parsed.error(), right);
    return std::nullopt;
  }

  /// Puts the value, unless a stronger label has put one.
  template <class T>
  void put(std::string_view field, Metadata::Maybe<T>& slot, T value, const Label& label) {
    if (!slot) {
      slot = {.value = std::move(value), .source = std::string(label.key)};
    } else if (keep_overridden_) {
      overridden(field, value_text(value), label.key, slot->source);
    }
  }

  /// The same for one entry of the TXT record.
  void put_txt(std::string_view key, std::string_view value, const Label& label);

  /// The same for `enable`. False replaces any true, except that another tool's false does not
  /// replace a true that is `our_own`.
  void put_enable(bool value, const Label& label, bool our_own);

  /// The entry of a port, made if there is none. Null: labels describe too many ports.
  Metadata::Port* port(std::uint16_t port, const Label& label);

  /// `disabled_by`: the label that disables the route, which is then only noted as overridden.
  void add_route(Route route, std::string_view disabled_by = {});

  /// Whether further routes would be left out, so that readers may stop looking for them.
  [[nodiscard]] bool has_all_routes() const noexcept { return routes_ > most_routes; }

  /// Whether further problems would be left out, so that readers may stop explaining them.
  [[nodiscard]] bool has_all_problems() const noexcept { return problems_.size() > most_problems; }

  /// Notes a value that does not count, because `by` says so.
  void overridden(std::string_view field, std::string value, std::string_view source,
                  std::string_view by);

  /// Notes that the value of a label is not right from this offset on.
  void malformed(const Label& label, std::size_t offset, std::string_view right);

  /// Notes what is wrong with a label, at this offset of its value.
  void problem(const Label& label, std::size_t offset, std::string what);

  /// Notes what is wrong with the label itself.
  void problem(const Label& label, std::string what);

  /// Everything, in order.
  MetadataReading take();

 private:
  Metadata metadata_;  // but for what the two maps hold
  std::map<std::string, Sourced<std::string>, std::less<>> txt_;
  std::map<std::uint16_t, Metadata::Port> ports_;
  std::vector<Problem> problems_;
  std::vector<Overridden> overridden_;
  std::size_t routes_ = 0;  ///< Those that are overridden, too.
  std::size_t route_bytes_ = 0;
  bool too_many_txt_ = false;
  bool too_many_ports_ = false;
  bool enable_is_our_own_ = false;
  bool keep_overridden_;

  void add_problem(Problem problem);
};

}  // namespace rollcall::readers
