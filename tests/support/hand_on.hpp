// Forwarding between two sockets, for relays.
#pragma once

#include <array>
#include <string_view>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace rollcall::support {

/// Forwards the bytes of one socket to another until one of them ends, and passes them to `see`
/// first. Both sockets must outlive it.
template <class From, class To, class See>
boost::asio::awaitable<void> hand_on(From& from, To& to, See see) {
  constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);
  std::array<char, 16384> piece{};
  for (;;) {
    auto [ec, size] = co_await from.async_read_some(boost::asio::buffer(piece), as_result);
    if (ec) co_return;
    see(std::string_view(piece.data(), size));
    auto [failed, written] =
        co_await boost::asio::async_write(to, boost::asio::buffer(piece.data(), size), as_result);
    if (failed) co_return;
  }
}

/// One direction of a relay that is closed when it ends.
template <class RelayPtr, class From, class To>
boost::asio::awaitable<void> hand_on_and_close(RelayPtr relay, From& from, To& to) {
  co_await hand_on(from, to, [](std::string_view) {});
  relay->close();
}

}  // namespace rollcall::support
