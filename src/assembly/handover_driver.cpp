#include "assembly/handover_driver.hpp"

namespace rollcall {

Task<std::shared_ptr<Session>> HandoverDriver::connect(Purpose purpose) {
  auto session = co_await current().connect(purpose);
  if (session || session.error().fault != ConnectFault::not_this_api) co_return session;
  auto others = co_await drivers_[1 - chosen_]->connect(purpose);
  if (!others) co_return session;
  chosen_ = 1 - chosen_;
  co_return others;
}

}  // namespace rollcall
