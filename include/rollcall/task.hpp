// The asynchronous form of every call.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <rollcall/result.hpp>

namespace rollcall {

/// A coroutine that ends with a value or a RuntimeError.
///
/// Cancelling it through Asio unwinds it with boost::system::system_error(operation_aborted); every
/// other failure is a value.
template <class T>
using Task = boost::asio::awaitable<Result<T>>;

}  // namespace rollcall
