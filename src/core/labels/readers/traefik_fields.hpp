// The labels that Traefik's decoder knows: one unknown label, or one whose value has a wrong type,
// makes it ignore the whole container. Versions 2 and 3 together. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::readers {

/// Why Traefik takes no label of the container.
struct FieldFault {
  bool in_value = false;  ///< Else it is in the key.
  std::string what;
};

/// The words between the dots; more than any label has are left together in the last.
std::vector<std::string_view> words_of_key(std::string_view text);

/// Whether Traefik decodes the label with these words.
bool is_decoded(std::span<const std::string_view> words);

/// What the decoder finds wrong with a label, whose words are those after "traefik."; nothing if it
/// accepts or ignores the label. Without `explain` this is a hundred times as fast.
std::optional<FieldFault> fault_of(std::span<const std::string_view> words, std::string_view value,
                                   bool explain);

}  // namespace rollcall::readers
