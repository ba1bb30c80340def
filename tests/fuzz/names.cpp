// Fuzzes dns_label() with names of any bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/reach/dns_label.hpp"
#include "holds.hpp"

// The name is libFuzzer's. NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using rollcall::fuzz::holds;
  const std::string_view name(reinterpret_cast<const char*>(data), size);
  const std::string label = rollcall::dns_label(name);
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  holds(!label.empty() && label.size() <= 63, "a label has 1 to 63 bytes");
  holds(std::ranges::all_of(label, allowed), "a label is of letters, digits and hyphens");
  holds(!label.starts_with('-') && !label.ends_with('-'), "no hyphen is at its ends");
  holds(rollcall::dns_label(name) == label, "a name has one label");
  return 0;
}
