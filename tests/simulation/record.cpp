#include "simulation/record.hpp"

#include <fmt/format.h>

namespace rollcall::simulation {
namespace {

double seconds(Monotonic at) {
  return std::chrono::duration<double>(at.time_since_epoch()).count();
}

}  // namespace

// FNV-1a: short, and the same everywhere.
void Record::mix(std::string_view text) {
  for (const char c : text) {
    hash_ ^= static_cast<unsigned char>(c);
    hash_ *= 0x100000001b3;
  }
  mix(text.size());
}

void Record::mix(std::uint64_t number) {
  hash_ ^= number;
  hash_ *= 0x100000001b3;
}

void Record::note(Monotonic at, std::string_view what, std::string_view which,
                  std::int64_t number) {
  mix(static_cast<std::uint64_t>(at.time_since_epoch().count()));
  mix(what);
  mix(which);
  mix(static_cast<std::uint64_t>(number));
  if (keeps_lines_) {
    lines_.push_back(fmt::format("{:12.6f}  {:<18} {} {}", seconds(at), what, which, number));
  }
}

void Record::breach(Monotonic at, std::string_view law, std::string_view detail) {
  if (broken_) return;
  broken_ = fmt::format("{}: {} (at {:.6f} s)", law, detail, seconds(at));
  note(at, "BROKEN LAW", *broken_);
}

}  // namespace rollcall::simulation
