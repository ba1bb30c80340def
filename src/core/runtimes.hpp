// The runtimes by name: the one table from which all lists of them come.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/config.hpp>

namespace rollcall {

/// What is known of a runtime without its backend.
struct RuntimeTraits {
  RuntimeBackendKind kind{};
  std::string_view word;                          ///< As to_string() writes it.
  std::array<std::string_view, 2> other_words{};  ///< parse_kind() takes these, too.
  bool in_auto = false;                           ///< `auto` tries it, in the order of the table.
  bool has_instances = true;  ///< The host leaves out what it runs; of the host itself false.
  bool speaks_http = true;    ///< Its endpoints may be tcp:// URLs.
};

/// All but `auto`.
[[nodiscard]] std::span<const RuntimeTraits> runtimes() noexcept;

/// Null for `auto`.
[[nodiscard]] const RuntimeTraits* traits_of(RuntimeBackendKind kind) noexcept;

/// Each runtime's word: docker, podman, …
[[nodiscard]] std::vector<std::string> runtime_words();

/// Those, and what else parse_kind() takes for one of them.
[[nodiscard]] std::vector<std::string> all_runtime_words();

}  // namespace rollcall
