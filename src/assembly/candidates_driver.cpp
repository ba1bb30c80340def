#include "assembly/candidates_driver.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace rollcall {
namespace {

bool absent(const RuntimeError& error) {
  return error.fault == ConnectFault::missing;
}

}  // namespace

CandidatesDriver::CandidatesDriver(std::string name, bool one_place,
                                   std::vector<std::unique_ptr<Driver>> candidates)
    : name_(std::move(name)), one_place_(one_place), candidates_(std::move(candidates)) {}

std::unique_ptr<Driver> CandidatesDriver::places(std::string name,
                                                 std::vector<std::unique_ptr<Driver>> candidates) {
  if (candidates.size() == 1) return std::move(candidates.front());
  return std::unique_ptr<Driver>(
      new CandidatesDriver(std::move(name), false, std::move(candidates)));
}

std::unique_ptr<Driver> CandidatesDriver::twins(std::unique_ptr<Driver> first,
                                                std::unique_ptr<Driver> second) {
  std::vector<std::unique_ptr<Driver>> both;
  both.push_back(std::move(first));
  both.push_back(std::move(second));
  return std::unique_ptr<Driver>(new CandidatesDriver({}, true, std::move(both)));
}

std::string_view CandidatesDriver::name() const noexcept {
  return one_place_ || answered_ ? current().name() : std::string_view(name_);
}

std::string_view CandidatesDriver::endpoint() const noexcept {
  return one_place_ || answered_ ? current().endpoint() : std::string_view();
}

Task<std::shared_ptr<Session>> CandidatesDriver::connect(Purpose purpose) {
  if (one_place_) co_return co_await connect_to_either(purpose);
  if (answered_) co_return co_await current().connect(purpose);
  co_return co_await connect_to_any(purpose);
}

Task<std::shared_ptr<Session>> CandidatesDriver::connect_to_any(Purpose purpose) {
  std::optional<RuntimeError> telling;
  for (std::size_t at = 0; at < candidates_.size(); ++at) {
    auto session = co_await candidates_[at]->connect(purpose);
    if (session) {
      current_ = at;
      answered_ = true;
      co_return session;
    }
    if (!telling || (absent(*telling) && !absent(session.error()))) telling = session.error();
  }
  if (absent(*telling)) {
    telling->endpoint.clear();
    telling->what = fmt::format("no engine was found at any of {} places", candidates_.size());
    telling->remedy =
        "start the engine, or name its socket with --endpoint; `rollcall doctor` shows the places";
  }
  co_return fail(std::move(*telling));
}

Task<std::shared_ptr<Session>> CandidatesDriver::connect_to_either(Purpose purpose) {
  auto session = co_await current().connect(purpose);
  if (session || session.error().fault != ConnectFault::not_this_api) co_return session;
  auto others = co_await candidates_[1 - current_]->connect(purpose);
  if (!others) co_return session;
  current_ = 1 - current_;
  co_return others;
}

}  // namespace rollcall
