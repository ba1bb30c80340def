// An answer: a text, or a stream that goes on as long as the client listens.
#pragma once

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace rollcall::server {

/// Bytes that many answers share.
using SharedText = std::shared_ptr<const std::string>;

/// A text that is counted while it is held (answers.hpp). Null: no text.
struct HeldText {
  SharedText text{};
  std::shared_ptr<const bool> given_up{};  ///< True: others need its room, so sending it must stop.
};

/// A body of unknown length.
class LiveBody {
 public:
  virtual ~LiveBody() = default;

  /// Waits for the next piece; null: the end. Never called twice at once.
  [[nodiscard]] virtual boost::asio::awaitable<SharedText> next() = 0;

  /// The client has gone: next() returns null soon.
  virtual void close() = 0;
};

struct Reply {
  unsigned status = 200;
  std::string type{};                                          ///< Media type of the body.
  std::vector<std::pair<std::string, std::string>> headers{};  ///< Besides those of the body.
  SharedText body{};                                           ///< Null: empty.
  std::shared_ptr<const bool> given_up{};                      ///< As in HeldText.
  std::shared_ptr<LiveBody> live{};                            ///< Instead of `body`.
};

/// "Not Found".
std::string_view reason_phrase(unsigned status) noexcept;

/// A reply with a body that it does not share.
[[nodiscard]] Reply text_reply(std::string_view type, std::string body, unsigned status = 200);

/// The value of the Connection header.
enum class Persistence : std::uint8_t { close, keep_alive };

/// The head of an answer, with its empty line. `date`: the value of the Date header.
[[nodiscard]] std::string head_of(const Reply& reply, Persistence persistence,
                                  std::string_view date);

/// "Wed, 25 Nov 2026 21:40:00 GMT"
[[nodiscard]] std::string http_date(std::time_t time);

}  // namespace rollcall::server
