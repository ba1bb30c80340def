#include "server.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace rollcall::bench {
namespace {

constexpr std::size_t max_path = sizeof(sockaddr_un::sun_path) - 1;

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

int listen_on_port(const std::string& port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoul(port)));
  const int fd =
      checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  const int again = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
  checked(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  checked(::listen(fd, SOMAXCONN), "listen");
  return fd;
}

int listen_on(const std::string& path) {
  if (!path.contains('/')) return listen_on_port(path);
  if (path.size() > max_path) throw std::runtime_error("too long for a socket: " + path);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  ::unlink(path.c_str());
  const int fd =
      checked(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  checked(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  checked(::listen(fd, SOMAXCONN), "listen");
  return fd;
}

std::size_t content_length(std::string_view head) {
  constexpr std::string_view name = "\r\nContent-Length: ";
  const auto at = head.find(name);
  std::size_t length = 0;
  if (at != std::string_view::npos) {
    std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
  }
  return length;
}

// "/v1.41/_ping" is "/_ping".
std::string_view without_version(std::string_view path) {
  if (!path.starts_with("/v1.")) return path;
  const auto slash = path.find('/', 1);
  return slash == std::string_view::npos ? path : path.substr(slash);
}

Request parse(std::string_view head) {
  Request request;
  const auto method_end = head.find(' ');
  const auto target_end = head.find(' ', method_end + 1);
  if (target_end == std::string_view::npos) return request;
  request.method = head.substr(0, method_end);
  const auto target = head.substr(method_end + 1, target_end - method_end - 1);
  const auto mark = target.find('?');
  request.path = without_version(target.substr(0, mark));
  if (mark != std::string_view::npos) request.query = percent_decoded(target.substr(mark + 1));
  return request;
}

}  // namespace

Connection::~Connection() {
  ::close(fd_);
}

void Connection::send(SharedText bytes) {
  queue_.push_back(std::move(bytes));
  flush();
}

void Connection::send(std::string bytes) {
  send(std::make_shared<const std::string>(std::move(bytes)));
}

bool Connection::receive() {
  std::array<char, 65536> piece{};
  for (;;) {
    const auto size = ::recv(fd_, piece.data(), piece.size(), 0);
    if (size > 0) {
      received_.append(piece.data(), static_cast<std::size_t>(size));
    } else {
      return size < 0 && errno == EAGAIN;
    }
  }
}

bool Connection::flush() {
  while (!queue_.empty()) {
    const std::string& first = *queue_.front();
    const auto size = ::send(fd_, first.data() + sent_, first.size() - sent_, MSG_NOSIGNAL);
    if (size < 0) return errno == EAGAIN;
    sent_ += static_cast<std::size_t>(size);
    if (sent_ < first.size()) continue;
    sent_ = 0;
    queue_.pop_front();
  }
  return true;
}

bool Connection::next_request(Request& request) {
  const auto head_end = received_.find("\r\n\r\n");
  if (head_end == std::string::npos) return false;
  const auto head = std::string_view(received_).substr(0, head_end);
  const std::size_t length = content_length(head);
  if (received_.size() < head_end + 4 + length) return false;
  request = parse(head);
  request.body = received_.substr(head_end + 4, length);
  received_.erase(0, head_end + 4 + length);
  return true;
}

Server::Server(const std::string& path, Answer answer, std::function<void(Connection&)> closed)
    : answer_(std::move(answer)),
      closed_(std::move(closed)),
      epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      listener_(listen_on(path)) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener_}};
  checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event), "epoll_ctl");
}

void Server::run() {
  std::array<epoll_event, 64> events{};
  for (;;) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR) checked(count, "epoll_wait");
    for (int at = 0; at < count; ++at) {
      const epoll_event& event = events[static_cast<std::size_t>(at)];
      if (event.data.fd == listener_) {
        accept_all();
      } else {
        serve(event.data.fd, event.events);
      }
    }
  }
}

void Server::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int at_once = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);  // for TCP
    connections_[fd] = std::make_unique<Connection>(fd);
    // Edge-triggered: one event when a full socket takes more, or an empty one has received more.
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.fd = fd}};
    checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }
}

void Server::serve(int fd, unsigned events) {
  const auto at = connections_.find(fd);
  if (at == connections_.end()) return;
  Connection& connection = *at->second;
  bool alive = true;
  if ((events & EPOLLIN) != 0) {
    alive = connection.receive();
    for (Request request; connection.next_request(request);) answer_(request, connection);
  }
  alive = connection.flush() && alive && (events & (EPOLLERR | EPOLLHUP)) == 0;
  if (alive) return;
  closed_(connection);
  connections_.erase(at);
}

}  // namespace rollcall::bench
