// gzip, inflated piece by piece.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <rollcall/result.hpp>

namespace rollcall {

/// Inflates one stream of gzip, which may consist of several parts. Its memory is bounded, whatever
/// it is given.
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
    std::size_t produced = 0;  ///< 0: it needs more.
  };

  /// Inflates as much of `bytes`, cut anywhere, as there is room for.
  ///
  /// Errors: protocol, for what is not gzip, and for what swells more than any list of an engine
  /// does. After that it is of no use any more.
  [[nodiscard]] Result<Step> inflate(std::string_view bytes, std::span<char> into);

  /// Whether the stream may end here.
  [[nodiscard]] bool complete() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall
