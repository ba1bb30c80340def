// Records when each container is first reported: stamp [SOCKET] prints "NANOSECONDS ID" for every
// id of 64 hexadecimal digits in its input, by CLOCK_MONOTONIC at the moment of the read.
//
// With SOCKET it reads an engine's start events directly, and first prints "0 ready" when the
// engine has answered. Without, it reads the output of a program through a pipe. As a small process
// of its own, it wakes up for its input only.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

constexpr std::size_t id_size = 64;

// GET /events?filters={"type":["container"],"event":["start"]}
constexpr std::string_view request =
    "GET /events?filters=%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%22start%22%5D%7D"
    " HTTP/1.1\r\nHost: docker\r\n\r\n";

std::int64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

int ask_for_events(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return -1;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return -1;
  const auto sent = ::write(fd, request.data(), request.size());
  return sent == static_cast<ssize_t>(request.size()) ? fd : -1;
}

bool is_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// Stamps all ids except one that may be incomplete; returns how much of the text is consumed.
std::size_t stamp_ids(std::string_view text, std::int64_t at, std::string& out) {
  std::size_t begin = 0;
  for (std::size_t end = 0; end < text.size(); ++end) {
    if (is_digit(text[end])) continue;
    if (end - begin == id_size) out += fmt::format("{} {}\n", at, text.substr(begin, id_size));
    begin = end + 1;
  }
  return begin;
}

int run(int fd) {
  std::string text;
  std::array<char, 65536> piece{};
  for (;;) {
    const auto size = ::read(fd, piece.data(), piece.size());
    const std::int64_t at = now();
    if (size <= 0) return size == 0 ? 0 : 1;
    text.append(piece.data(), static_cast<std::size_t>(size));
    std::string out;
    text.erase(0, stamp_ids(text, at, out));
    if (::write(STDOUT_FILENO, out.data(), out.size()) < 0) return 1;
  }
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) return run(STDIN_FILENO);
  const int fd = ask_for_events(words[1]);
  std::array<char, 4096> head{};
  if (fd < 0 || ::read(fd, head.data(), head.size()) <= 0) {
    fmt::print(stderr, "stamp: {} does not give its events\n", words[1]);
    return 1;
  }
  fmt::print("0 ready\n");
  std::fflush(stdout);
  return run(fd);
}
