#include "transport/ssh/stream.hpp"

#include <optional>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "transport/child_process.hpp"
#include "transport/ssh/command.hpp"

namespace rollcall {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// How long ssh may take to end after it has closed its output.
constexpr Milliseconds ending_deadline = 2s;

RuntimeError not_waited_for(std::string_view why, const Endpoint& endpoint) {
  return {.kind = ErrorKind::unavailable,
          .fault = ConnectFault::unreachable,
          .endpoint = endpoint.url(),
          .what = fmt::format("ssh cannot be waited for: {}", why),
          .remedy = "let this program open more files (ulimit -n)"};
}

class SshStream final : public Stream {
 public:
  SshStream(ChildProcess process, StreamPtr bytes, Endpoint endpoint, Milliseconds connect_deadline)
      : process_(std::move(process)),
        bytes_(std::move(bytes)),
        endpoint_(std::move(endpoint)),
        connect_deadline_(connect_deadline) {}

  [[nodiscard]] Task<std::size_t> read_some(std::span<char> into, Milliseconds deadline) override {
    const bool bounded = deadline != Milliseconds::zero();
    if (!began_ && bounded) deadline += connect_deadline_;
    auto size = co_await bytes_->read_some(into, deadline);
    process_.drain_messages();
    if (size && *size > 0) {
      began_ = true;
      co_return size;
    }
    if (!size && size.error().fault == ConnectFault::mute) {
      ssh::add_said(size.error(), process_.messages());
      co_return size;
    }
    auto told = co_await why_it_ended();
    if (told) co_return fail(std::move(*told));
    co_return size;
  }

  [[nodiscard]] Task<void> write(std::string_view data, Milliseconds deadline) override {
    auto written = co_await bytes_->write(data, deadline);
    process_.drain_messages();
    if (written) co_return written;
    if (written.error().fault == ConnectFault::mute) {
      ssh::add_said(written.error(), process_.messages());
      co_return written;
    }
    auto told = co_await why_it_ended();
    if (told) co_return fail(std::move(*told));
    co_return written;
  }

 private:
  /// Returns nullopt if ssh ended without an error: then the engine has closed the connection.
  [[nodiscard]] asio::awaitable<std::optional<RuntimeError>> why_it_ended() {
    auto ending = process_.ending();
    if (!ending) {
      const auto unable = co_await wait_for_end(process_, ending_deadline);
      if (unable) co_return not_waited_for(unable->message(), endpoint_);
      ending = process_.ending();
    }
    const bool well = !ending || (ending->exit_code == 0 && ending->signal == 0);
    if (well) co_return std::nullopt;
    co_return ssh::explain(*ending, began_, endpoint_);
  }

  ChildProcess process_;
  StreamPtr bytes_;  // Closed before the process is ended.
  Endpoint endpoint_;
  Milliseconds connect_deadline_;
  bool began_ = false;
};

}  // namespace

Task<StreamPtr> open_ssh(Endpoint endpoint, Milliseconds deadline) {
  const auto executor = co_await asio::this_coro::executor;
  auto process = ChildProcess::start(ssh::command_line(endpoint, deadline));
  if (!process) co_return fail(ssh::not_started(process.error(), endpoint));
  StreamPtr bytes = stream_of(executor, process->take_socket(), endpoint);
  if (!bytes) co_return fail(not_waited_for("its socket cannot be watched", endpoint));
  StreamPtr stream = std::make_unique<SshStream>(std::move(*process), std::move(bytes),
                                                 std::move(endpoint), deadline);
  co_return stream;
}

}  // namespace rollcall
