#include "assembly/first_driver.hpp"

#include <utility>

#include <fmt/format.h>

namespace rollcall {
namespace {

bool absent(const RuntimeError& error) {
  return error.fault == ConnectFault::missing;
}

}  // namespace

FirstDriver::FirstDriver(std::string name, std::vector<std::unique_ptr<Driver>> drivers)
    : name_(std::move(name)), drivers_(std::move(drivers)) {}

std::string_view FirstDriver::name() const noexcept {
  return chosen_ ? drivers_[*chosen_]->name() : std::string_view(name_);
}

std::string_view FirstDriver::endpoint() const noexcept {
  return chosen_ ? drivers_[*chosen_]->endpoint() : std::string_view();
}

Task<std::shared_ptr<Session>> FirstDriver::connect(Purpose purpose) {
  if (chosen_) co_return co_await drivers_[*chosen_]->connect(purpose);
  std::optional<RuntimeError> telling;
  for (std::size_t at = 0; at < drivers_.size(); ++at) {
    auto session = co_await drivers_[at]->connect(purpose);
    if (session) {
      chosen_ = at;
      co_return session;
    }
    if (!telling || (absent(*telling) && !absent(session.error()))) telling = session.error();
  }
  if (absent(*telling) && drivers_.size() > 1) {
    telling->endpoint.clear();
    telling->what = fmt::format("no engine was found at any of {} places", drivers_.size());
    telling->remedy =
        "start the engine, or name its socket with --endpoint; `rollcall doctor` shows the places";
  }
  co_return fail(std::move(*telling));
}

}  // namespace rollcall
