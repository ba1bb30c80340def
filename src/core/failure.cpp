#include "core/failure.hpp"

#include <new>
#include <string>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "core/text/text.hpp"

namespace rollcall {
namespace {

constexpr std::size_t max_quoted = 200;

RuntimeError explained(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    return {.kind = ErrorKind::unavailable,
            .what = "there is not enough memory for what the engine has sent",
            .remedy = "see how much it lists, or allow this process more memory"};
  } catch (const std::exception& e) {
    return {
        .kind = ErrorKind::protocol,
        .what = "what the engine has sent could not be handled: " + excerpt(e.what(), max_quoted),
        .remedy = "this is a fault of rollcall: please report it"};
  } catch (...) {
    return {.kind = ErrorKind::protocol,
            .what = "what the engine has sent could not be handled",
            .remedy = "this is a fault of rollcall: please report it"};
  }
}

}  // namespace

bool is_cancellation(const std::exception_ptr& thrown) noexcept {
  if (!thrown) return false;
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& e) {
    return e.code() == boost::asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

RuntimeError failure_of(const std::exception_ptr& thrown, std::string_view endpoint) noexcept {
  RuntimeError error;
  try {
    error = explained(thrown);
    error.endpoint = endpoint;
  } catch (...) {
    error.what = "out of memory";  // short enough to need no allocation
  }
  return error;
}

void give_back_memory() noexcept {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace rollcall
