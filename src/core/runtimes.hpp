// The runtimes by name: the one table from which all lists of them and of their options come.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/config.hpp>

#include "core/option/field.hpp"

namespace rollcall {

/// One option of a runtime. The flag of the command line, the key of the configuration, the
/// environment variable and the rows of help and reference all follow from it.
struct RuntimeOption {
  std::string_view key;         ///< Of the configuration: "systemd.all_units".
  std::string_view flag;        ///< "--all-units".
  std::string_view value = {};  ///< What the flag takes, for the help: "NAME"; empty: nothing.
  std::string_view summary;     ///< A line of the help.
  option::Field (*at)(RuntimeOptions& options) = nullptr;
  option::CheckWord check = nullptr;  ///< Of each word; null: any will do.
  bool is_file = false;               ///< A path; in the configuration it has to be absolute.
  bool of_watches = false;            ///< Concerns only commands that keep watching.
  bool widens = false;  ///< A flag that adds instances; `explain` always looks among them, too.
};

/// What is known of a runtime without its backend.
struct RuntimeTraits {
  RuntimeBackendKind kind{};
  std::string_view word;                          ///< As to_string() writes it.
  std::array<std::string_view, 2> other_words{};  ///< parse_kind() takes these, too.
  bool in_auto = false;                           ///< `auto` tries it, in the order of the table.
  bool has_instances = true;  ///< The host leaves out what it runs; of the host itself false.
  /// Setting one of its options names the runtime, so that a failure to reach it is an error.
  bool named_by_options = false;
  /// The title above its flags in the help.
  std::string_view options_title = "Where to look";
  std::span<const RuntimeOption> options{};
};

/// All but `auto`. Defined with the registry, which is the one list of them.
[[nodiscard]] std::span<const RuntimeTraits* const> runtimes() noexcept;

/// Null for `auto`.
[[nodiscard]] const RuntimeTraits* traits_of(RuntimeBackendKind kind) noexcept;

/// Each runtime's word: docker, podman, …
[[nodiscard]] std::vector<std::string> runtime_words();

/// Those, and what else parse_kind() takes for one of them.
[[nodiscard]] std::vector<std::string> all_runtime_words();

/// Whether an option of this runtime differs from its default.
[[nodiscard]] bool any_option_set(const RuntimeTraits& runtime, RuntimeOptions options);

}  // namespace rollcall
