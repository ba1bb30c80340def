#include "support/websocket_frames.hpp"

#include <array>

// Beast has SHA-1 and base64, though not under public names.
#include <boost/beast/websocket/detail/hybi13.hpp>
#include <fmt/format.h>

namespace rollcall::test {
namespace {

constexpr std::size_t longest_short = 125;
constexpr std::size_t longest_medium = 0xffff;

void append_number(std::string& bytes, std::uint64_t number, std::size_t width) {
  for (std::size_t at = width; at-- > 0;) {
    bytes += static_cast<char>((number >> (8U * at)) & 0xffU);
  }
}

}  // namespace

std::string frame(Frame kind, std::string_view payload) {
  std::string bytes(1, static_cast<char>(kind));
  if (payload.size() <= longest_short) {
    append_number(bytes, payload.size(), 1);
  } else if (payload.size() <= longest_medium) {
    bytes += static_cast<char>(longest_short + 1);
    append_number(bytes, payload.size(), 2);
  } else {
    bytes += static_cast<char>(longest_short + 2);
    append_number(bytes, payload.size(), 8);
  }
  return bytes.append(payload);
}

std::string close_frame(std::uint16_t code, std::string_view reason) {
  std::string payload;
  append_number(payload, code, 2);
  return frame(Frame::close, payload.append(reason));
}

std::optional<ClientFrames::Heard> ClientFrames::next() {
  constexpr std::size_t head_size = 2;
  constexpr std::size_t mask_size = 4;
  if (bytes_.size() < head_size + mask_size) return std::nullopt;
  const std::size_t size = static_cast<unsigned char>(bytes_[1]) & longest_short;
  const std::size_t begin = head_size + mask_size;
  if (bytes_.size() < begin + size) return std::nullopt;
  Heard heard{.kind = static_cast<Frame>(bytes_[0]), .payload = bytes_.substr(begin, size)};
  for (std::size_t at = 0; at < size; ++at) {
    heard.payload[at] = static_cast<char>(heard.payload[at] ^ bytes_[head_size + at % mask_size]);
  }
  bytes_.erase(0, begin + size);
  return heard;
}

std::string upgrade_answer(std::string_view request) {
  constexpr std::string_view field = "Sec-WebSocket-Key: ";
  const std::size_t at = request.find(field);
  if (at == std::string_view::npos) return {};
  const std::string_view key =
      request.substr(at + field.size(), request.find("\r\n", at) - at - field.size());
  boost::beast::websocket::detail::sec_ws_accept_type accept;
  boost::beast::websocket::detail::make_sec_ws_accept(accept, {key.data(), key.size()});
  return fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: {}\r\n\r\n",
      std::string_view(accept.data(), accept.size()));
}

}  // namespace rollcall::test
