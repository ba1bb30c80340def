#include "transport/ssh.hpp"

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unistd.h>

#include "transport/ssh_process.hpp"

namespace rollcall {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// How long ssh may take to end after it has closed its output.
constexpr Milliseconds ending_deadline = 2s;

class SshStream final : public Stream {
 public:
  SshStream(const asio::any_io_executor& executor, ssh::Process process, Endpoint endpoint,
            Milliseconds connect_deadline)
      : process_(std::move(process)),
        bytes_(stream_of(executor, process_.take_socket(), endpoint)),
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
    if (!size && size.error().fault == ConnectFault::mute) co_return size;
    auto told = co_await why_it_ended();
    if (told) co_return fail(std::move(*told));
    co_return size;
  }

  [[nodiscard]] Task<void> write(std::string_view data, Milliseconds deadline) override {
    auto written = co_await bytes_->write(data, deadline);
    if (written || written.error().fault == ConnectFault::mute) co_return written;
    auto told = co_await why_it_ended();
    if (told) co_return fail(std::move(*told));
    co_return written;
  }

 private:
  /// Nothing, if it ended well: then the engine has closed the connection.
  [[nodiscard]] asio::awaitable<std::optional<RuntimeError>> why_it_ended() {
    auto ending = process_.ending();
    if (!ending) {
      co_await wait_for_end();
      ending = process_.ending();
    }
    const bool well = !ending || (ending->exit_code == 0 && ending->signal == 0);
    if (well) co_return std::nullopt;
    co_return ssh::explain(*ending, began_, endpoint_);
  }

  [[nodiscard]] asio::awaitable<void> wait_for_end() {
    const auto executor = co_await asio::this_coro::executor;
    const auto ended = std::make_shared<asio::posix::stream_descriptor>(executor);
    boost::system::error_code ec;
    ended->assign(::dup(process_.pidfd()), ec);
    if (ec) co_return;  // no descriptor is left: then it is looked at without waiting
    asio::steady_timer timer(executor, ending_deadline);
    timer.async_wait([ended](const boost::system::error_code& cancelled) {
      if (!cancelled) ended->cancel();
    });
    co_await ended->async_wait(asio::posix::descriptor_base::wait_read,
                               asio::as_tuple(asio::use_awaitable));
  }

  ssh::Process process_;
  StreamPtr bytes_;  // closed before the process is ended
  Endpoint endpoint_;
  Milliseconds connect_deadline_;
  bool began_ = false;
};

}  // namespace

Task<StreamPtr> open_ssh(Endpoint endpoint, Milliseconds deadline) {
  const auto executor = co_await asio::this_coro::executor;
  auto process = ssh::Process::start(ssh::command_line(endpoint, deadline));
  if (!process) co_return fail(ssh::not_started(process.error(), endpoint));
  StreamPtr stream =
      std::make_unique<SshStream>(executor, std::move(*process), std::move(endpoint), deadline);
  co_return stream;
}

}  // namespace rollcall
