// Incremental gzip decompression.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <rollcall/result.hpp>

namespace rollcall {

/// Inflates one gzip stream, which may have several members. Its memory is bounded for any input.
class Gunzip {
 public:
  Gunzip();
  ~Gunzip();
  Gunzip(Gunzip&&) noexcept;
  Gunzip& operator=(Gunzip&&) = delete;
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;  ///< 0: more input is needed.
  };

  /// Inflates as much of `bytes`, cut anywhere, as fits into `into`.
  ///
  /// Errors: protocol, for bytes that are not gzip, and for a higher ratio than any engine's list
  /// has. After an error the object must not be used.
  [[nodiscard]] Result<Step> inflate(std::string_view bytes, std::span<char> into);

  /// Whether the stream may end here.
  [[nodiscard]] bool complete() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall
