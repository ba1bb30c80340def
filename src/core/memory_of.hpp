// What an instance costs.
#pragma once

#include <cstddef>

#include <rollcall/instance.hpp>

namespace rollcall {

/// An estimate of the memory of an instance, with all that it owns.
std::size_t memory_of(const Instance& instance) noexcept;

}  // namespace rollcall
