#include "core/async/env.hpp"

#include <random>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace rollcall {
namespace {

class SystemEnv final : public Env {
 public:
  [[nodiscard]] Timestamp now() const override { return std::chrono::system_clock::now(); }

  [[nodiscard]] Monotonic monotonic() const override { return std::chrono::steady_clock::now(); }

  [[nodiscard]] boost::asio::awaitable<void> sleep_for(Duration duration) override {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    timer.expires_after(duration);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }

  [[nodiscard]] double random() override {
    return std::uniform_real_distribution<double>(0.0, 1.0)(generator_);
  }

 private:
  std::minstd_rand generator_{std::random_device{}()};
};

}  // namespace

EnvPtr system_env() {
  return std::make_shared<SystemEnv>();
}

}  // namespace rollcall
