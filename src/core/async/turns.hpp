// A mutex for coroutines.
#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace rollcall {

/// Gives turns one after the other, in the order in which they were asked for. One executor, no
/// threads; may be destroyed before its turns are.
class Turns {
  using Gate = boost::asio::experimental::channel<void(boost::system::error_code)>;
  struct Leave {
    std::shared_ptr<Gate> gate;
    void operator()(Gate* entered) const {
      entered->try_receive([](const boost::system::error_code&) {});
    }
  };

 public:
  explicit Turns(const boost::asio::any_io_executor& executor)
      : gate_(std::make_shared<Gate>(executor, 1)) {}

  /// A turn lasts until it is destroyed.
  using Turn = std::unique_ptr<Gate, Leave>;

  [[nodiscard]] boost::asio::awaitable<Turn> take() {
    const std::shared_ptr<Gate> gate = gate_;
    co_await gate->async_send(boost::system::error_code(), boost::asio::use_awaitable);
    co_return Turn(gate.get(), Leave{gate});
  }

 private:
  std::shared_ptr<Gate> gate_;
};

}  // namespace rollcall
