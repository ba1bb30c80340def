// Many subscribers of /v1/events in one process; measures how late each receives each change.
//
//   subscribers PORT COUNT STALLED
//
// COUNT of them read; STALLED more connect and never read. It prints "ready" when all have been
// answered. Each line "ID NANOSECONDS" on its input is a change and the time of its signal, by
// CLOCK_MONOTONIC. A line "end" asks for the figures, which are printed when all changes have
// reached all subscribers, or after 30 s:
//
//   {"told":…,"missing":…,"p50_ms":…,"p99_ms":…,"longest_ms":…,"lagged":…,"bytes":…}
//
// A line "quiet" is answered with "quiet" as soon as nothing has arrived for 100 ms.
//
// A change has reached a subscriber when its id of 64 hexadecimal digits first occurs in a frame.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t id_size = 64;
constexpr std::string_view request = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::int64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Numbers the ids in the order in which they first occur.
class Ids {
 public:
  std::uint32_t number_of(std::string_view id) {
    return numbers_.try_emplace(std::string(id), static_cast<std::uint32_t>(numbers_.size()))
        .first->second;
  }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

struct Told {
  std::uint32_t id;
  std::int64_t at;
};

class Subscriber {
 public:
  Subscriber(int port, bool reads) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!reads) {
      const int small = 4096;  // it stalls soon
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    }
    const bool connected =
        ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (!connected || ::write(socket_, request.data(), request.size()) < 0) {
      std::perror("subscribers");
      std::exit(1);
    }
  }

  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] bool answered() const { return answered_; }

  /// False at the end of the stream.
  bool read(Ids& ids, std::vector<Told>& told, std::uint64_t& bytes, std::uint64_t& lagged) {
    std::array<char, 65536> buffer;  // NOLINT(*-member-init): filling it takes longer than reading
    const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size <= 0) return size < 0 && errno == EAGAIN;
    const std::int64_t at = now();
    bytes += static_cast<std::uint64_t>(size);
    rest_.append(buffer.data(), static_cast<std::size_t>(size));
    std::string_view text = rest_;
    for (std::size_t end = text.find("\n\n"); end != std::string_view::npos;
         end = text.find("\n\n")) {
      take(text.substr(0, end), at, ids, told, lagged);
      text.remove_prefix(end + 2);
    }
    rest_.erase(0, rest_.size() - text.size());
    return true;
  }

 private:
  void take(std::string_view frame, std::int64_t at, Ids& ids, std::vector<Told>& told,
            std::uint64_t& lagged) {
    answered_ = true;
    if (frame.contains("event: lagged")) ++lagged;
    if (!frame.contains("event: started")) return;
    constexpr std::string_view mark = "\"id\":\"";
    const std::size_t id = frame.find(mark);
    if (id == std::string_view::npos) return;
    told.push_back({ids.number_of(frame.substr(id + mark.size(), id_size)), at});
  }

  int socket_;
  std::string rest_;
  bool answered_ = false;
};

class Crowd {
 public:
  Crowd(int port, std::size_t count, std::size_t stalled) : epoll_(::epoll_create1(0)) {
    for (std::size_t i = 0; i < count + stalled; ++i) {
      subscribers_.emplace_back(port, i < count);
      if (i < count) watch(subscribers_.back().socket(), i);
    }
    reading_ = count;
    watch(STDIN_FILENO, subscribers_.size());
  }

  int run() {
    bool ready = false;
    for (;;) {
      std::array<epoll_event, 256> events{};
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                     asked_at_ == 0 && !quiet_wanted_ ? -1 : 20);
      if (asked_at_ != 0) look();
      if (quiet_wanted_) look_whether_quiet();
      for (int i = 0; i < count; ++i) {
        const std::size_t which = events.at(static_cast<std::size_t>(i)).data.u64;
        if (which == subscribers_.size()) {
          if (!read_input()) return 0;
        } else if (!subscribers_[which].read(ids_, told_, bytes_, lagged_)) {
          std::fputs("subscribers: a stream has ended\n", stderr);
          return 1;
        } else {
          read_at_ = now();
        }
      }
      if (ready) continue;
      ready = std::all_of(subscribers_.begin(),
                          subscribers_.begin() + static_cast<std::ptrdiff_t>(reading_),
                          [](const Subscriber& s) { return s.answered(); });
      if (ready) {
        std::puts("ready");
        std::fflush(stdout);
      }
    }
  }

 private:
  void watch(int fd, std::size_t which) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = which;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  /// False at the end of the input.
  bool read_input() {
    std::array<char, 65536> buffer{};
    const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size <= 0) return false;
    input_.append(buffer.data(), static_cast<std::size_t>(size));
    std::size_t begin = 0;
    for (std::size_t end = input_.find('\n'); end != std::string::npos;
         end = input_.find('\n', begin)) {
      take_line(std::string_view(input_).substr(begin, end - begin));
      begin = end + 1;
    }
    input_.erase(0, begin);
    return true;
  }

  void take_line(std::string_view line) {
    if (line == "end") {
      asked_at_ = now();
      return;
    }
    if (line == "quiet") {
      quiet_wanted_ = true;
      read_at_ = now();
      return;
    }
    const std::size_t blank = line.find(' ');
    signalled_[ids_.number_of(line.substr(0, blank))] =
        std::strtoll(std::string(line.substr(blank + 1)).c_str(), nullptr, 10);
  }

  /// Prints the figures if there is nothing left to wait for. Counting is slow, so checks at most
  /// every 20 ms.
  void look() {
    constexpr std::int64_t longest = 30'000'000'000;
    constexpr std::int64_t between_looks = 20'000'000;
    const std::int64_t at = now();
    if (at - looked_at_ < between_looks) return;
    looked_at_ = at;
    const auto counts = [this](const Told& told) { return signalled_.contains(told.id); };
    const auto told = static_cast<std::size_t>(std::ranges::count_if(told_, counts));
    if (told < signalled_.size() * reading_ && at - asked_at_ < longest) return;
    asked_at_ = 0;
    report();
  }

  void look_whether_quiet() {
    constexpr std::int64_t quiet = 100'000'000;
    if (now() - read_at_ < quiet) return;
    quiet_wanted_ = false;
    std::puts("quiet");
    std::fflush(stdout);
  }

  void report() {
    std::vector<double> late;
    for (const Told& told : told_) {
      const auto at = signalled_.find(told.id);
      if (at != signalled_.end()) late.push_back(static_cast<double>(told.at - at->second) / 1e6);
    }
    std::ranges::sort(late);
    const std::size_t wanted = signalled_.size() * reading_;
    const auto part = [&late](double p) {
      if (late.empty()) return 0.0;
      return late[static_cast<std::size_t>(p * static_cast<double>(late.size() - 1))];
    };
    fmt::print(R"({{"told":{},"missing":{},"p50_ms":{},"p99_ms":{},"longest_ms":{},)"
               R"("lagged":{},"bytes":{}}})"
               "\n",
               late.size(),
               static_cast<std::int64_t>(wanted) - static_cast<std::int64_t>(late.size()),
               part(0.5), part(0.99), part(1), lagged_, bytes_);
    std::fflush(stdout);
    told_.clear();
    signalled_.clear();
    bytes_ = 0;
  }

  int epoll_;
  std::vector<Subscriber> subscribers_;
  std::size_t reading_ = 0;
  Ids ids_;
  std::vector<Told> told_;
  std::unordered_map<std::uint32_t, std::int64_t> signalled_;
  std::string input_;
  std::uint64_t bytes_ = 0;
  std::uint64_t lagged_ = 0;
  std::int64_t asked_at_ = 0;  // when the figures were requested; 0: not yet
  std::int64_t looked_at_ = 0;
  std::int64_t read_at_ = 0;  // when a subscriber last received something
  bool quiet_wanted_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: subscribers PORT COUNT STALLED\n", stderr);
    return 2;
  }
  Crowd crowd(std::atoi(argv[1]), std::strtoull(argv[2], nullptr, 10),
              std::strtoull(argv[3], nullptr, 10));
  return crowd.run();
}
