// A connection in memory, with the pieces that reads return, and its end.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "transport/stream.hpp"

namespace rollcall::test {

class MemoryStream final : public Stream {
 public:
  /// Returns each piece from a read of its own, then ends, or fails if there is an error.
  explicit MemoryStream(std::vector<std::string> pieces, std::optional<RuntimeError> error = {})
      : pieces_(std::move(pieces)), error_(std::move(error)) {}

  [[nodiscard]] Task<std::size_t> read_some(std::span<char> into,
                                            Milliseconds /*deadline*/) override {
    while (next_ < pieces_.size() && pieces_[next_].empty()) ++next_;
    if (next_ == pieces_.size()) {
      if (error_) co_return fail(*error_);
      co_return std::size_t{0};
    }
    std::string& piece = pieces_[next_];
    const std::size_t size = piece.copy(into.data(), into.size());
    piece.erase(0, size);
    co_return size;
  }

  [[nodiscard]] Task<void> write(std::string_view data, Milliseconds /*deadline*/) override {
    written += data;
    co_return Result<void>();
  }

  std::string written;

 private:
  std::vector<std::string> pieces_;
  std::size_t next_ = 0;
  std::optional<RuntimeError> error_;
};

}  // namespace rollcall::test
