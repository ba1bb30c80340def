// The record of a simulated run: a hash of all that happened, and the first law that broke.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/env.hpp"

namespace rollcall::simulation {

/// Random numbers that are the same on every machine, unlike those of the standard's distributions.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  bool one_in(std::uint64_t many) { return below(many) == 0; }
  double fraction() { return static_cast<double>(engine_() >> 11U) * 0x1.0p-53; }

 private:
  std::mt19937_64 engine_;
};

/// Notes what happens. Two runs are the same if and only if their hashes are.
class Record {
 public:
  explicit Record(bool keeps_lines) : keeps_lines_(keeps_lines) {}

  void note(Monotonic at, std::string_view what, std::string_view which = {},
            std::int64_t number = 0);

  /// Only the first breach is kept: what follows may be its consequence.
  void breach(Monotonic at, std::string_view law, std::string_view detail);

  [[nodiscard]] bool broken() const noexcept { return broken_.has_value(); }
  [[nodiscard]] const std::optional<std::string>& sentence() const noexcept { return broken_; }
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }

 private:
  void mix(std::string_view text);
  void mix(std::uint64_t number);

  bool keeps_lines_;
  std::uint64_t hash_ = 0xcbf29ce484222325;
  std::optional<std::string> broken_;
  std::vector<std::string> lines_;
};

}  // namespace rollcall::simulation
