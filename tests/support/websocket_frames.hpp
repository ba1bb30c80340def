// The server's side of a WebSocket, as bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall::test {

/// The first byte of a frame.
enum class Frame : std::uint8_t {
  continuation = 0x80,  ///< The last of a message.
  text = 0x81,
  first_of_text = 0x01,
  middle = 0x00,
  close = 0x88,
  ping = 0x89,
  pong = 0x8a,
};

/// A frame of a server, which is not masked.
std::string frame(Frame kind, std::string_view payload);

/// 1000 is the regular end.
std::string close_frame(std::uint16_t code = 1000, std::string_view reason = {});

/// Parses the frames of a client, which are masked.
class ClientFrames {
 public:
  struct Heard {
    Frame kind;
    std::string payload;
  };

  void feed(std::string_view bytes) { bytes_ += bytes; }

  /// The next whole frame, of at most 125 bytes, as clients of an event stream send no longer ones.
  [[nodiscard]] std::optional<Heard> next();

 private:
  std::string bytes_;
};

/// The head that grants a request's upgrade.
std::string upgrade_answer(std::string_view request);

}  // namespace rollcall::test
