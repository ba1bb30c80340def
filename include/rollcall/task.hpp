// The asynchronous form of every call.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#error "g++ before 13 miscompiles coroutines that await; include <rollcall/watcher.hpp> instead"
#endif

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
