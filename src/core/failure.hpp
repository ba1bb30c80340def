// Turns the exception that ended some work into an error.
#pragma once

#include <exception>
#include <string_view>

#include <rollcall/error.hpp>

namespace rollcall {

/// Whether the exception is Asio's unwinding of cancelled work, and no failure.
[[nodiscard]] bool is_cancellation(const std::exception_ptr& thrown) noexcept;

/// The outage as which an exception is reported. If there is no memory for the sentences, the error
/// is a short one.
[[nodiscard]] RuntimeError failure_of(const std::exception_ptr& thrown,
                                      std::string_view endpoint) noexcept;

/// Returns unused heap memory to the system: for use after work that needed much more memory than
/// its result.
void give_back_memory() noexcept;

}  // namespace rollcall
