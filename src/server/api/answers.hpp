// Long answers while clients read them: shared by clients that ask for the same, and bounded.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>

#include "core/budgets.hpp"
#include "server/http/reply.hpp"

namespace rollcall::server {

/// Counts the bytes of all long texts that are being written to clients, each text once. If a new
/// text does not fit, first those that have been read for long are given up, so that slow readers
/// do not lock out others; then the new one is refused. Short texts always pass.
///
/// Threads: one.
class Answers {
 public:
  explicit Answers(std::size_t most = budget::answer_bytes);

  /// The text with this key that is still being read or was made lately; null if there is none. The
  /// key names everything that the text depends on.
  [[nodiscard]] HeldText find(const std::string& key);

  /// How long the next text may be, at least the length of a short one. Gives up slowly read texts
  /// if only that is left.
  [[nodiscard]] std::size_t room();

  /// Whether a long text may be made; `extra`: bytes beyond the usual limit.
  [[nodiscard]] bool has_room(std::size_t extra = 0);

  /// Gives up texts that have been read for long.
  void make_room();

  /// The text, counted for as long as it is held. Null: there is no room. A single text fits
  /// whatever its size, or it could never be sent.
  [[nodiscard]] HeldText hold(SharedText text, const std::string& key = {});

  /// The same for a text that is kept anyway, and counted only after count().
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
  std::deque<Recent> recent_;  // short enough not to be counted
};

/// 503: it may be asked again soon.
[[nodiscard]] Reply too_much_is_read();

}  // namespace rollcall::server
