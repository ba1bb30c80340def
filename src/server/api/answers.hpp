// Long answers in transit: shared by clients that ask for the same, and bounded in total.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>

#include "core/budgets.hpp"
#include "server/http/reply.hpp"

namespace rollcall::server {

/// Counts the bytes of all long texts that are being written to clients, each text once. A new text
/// that does not fit is refused, and texts that have been read for long are given up, so that slow
/// readers do not lock out others. Short texts always pass.
///
/// Threads: one.
class Answers {
 public:
  explicit Answers(std::size_t most = budget::answer_bytes);

  /// The text with this key if it is still being read or was made recently, else null. The key must
  /// name everything that the text depends on.
  [[nodiscard]] HeldText find(const std::string& key);

  /// The largest size of the next text, at least that of a short one. At the limit, gives up texts
  /// that have been read for long.
  [[nodiscard]] std::size_t room();

  /// Whether a long text may be made; `extra`: bytes allowed beyond the usual limit.
  [[nodiscard]] bool has_room(std::size_t extra = 0);

  /// Gives up texts that have been read for long.
  void make_room();

  /// Returns the text, counted for as long as the result is held; null if there is no room. A text
  /// that is alone fits whatever its size, as it could otherwise never be sent.
  [[nodiscard]] HeldText hold(SharedText text, const std::string& key = {});

  /// The same for a text that stays in memory anyway, and is counted only from count() on.
  [[nodiscard]] HeldText keep(SharedText text);
  void count(const HeldText& kept);

  /// Bytes that are being written now.
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  struct State;
  struct Held;

  [[nodiscard]] static HeldText give(const std::shared_ptr<Held>& held);
  void remember(const std::string& key, const SharedText& text);

  struct Recent {
    std::string key;
    SharedText text;
  };

  std::shared_ptr<State> state_;
  std::deque<Recent> recent_;  // few and small, so not counted
};

/// 503, with a Retry-After.
[[nodiscard]] Reply too_much_is_read();

}  // namespace rollcall::server
