#include "backends/host/driver.hpp"

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "backends/host/places.hpp"
#include "support/run.hpp"
#include "support/scripted_host.hpp"
#include "support/virtual_env.hpp"

namespace rollcall::host {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class HostDriverTest : public testing::Test {
 protected:
  std::unique_ptr<Driver> make(const BackendOptions& options = {}) {
    return make_driver({std::string(url), "test"}, options, env_, host_,
                       [] { return HostNetwork{}; });
  }
  std::shared_ptr<Session> connect() {
    driver_ = make();
    return test::run(io_, driver_->connect(Purpose::watch)).value();
  }

  boost::asio::io_context io_;
  std::shared_ptr<test::VirtualEnv> env_ = std::make_shared<test::VirtualEnv>(io_);
  std::shared_ptr<test::ScriptedHost> host_ = std::make_shared<test::ScriptedHost>();
  std::unique_ptr<Driver> driver_;
};

TEST_F(HostDriverTest, IsTheHostAtItsPlaceOrItsAlias) {
  EXPECT_EQ(make()->name(), "host");
  EXPECT_EQ(make()->endpoint(), "file:///proc");
  BackendOptions options;
  options.alias = "here";
  EXPECT_EQ(make(options)->endpoint(), "here");
  EXPECT_TRUE(make()->local());
}

TEST_F(HostDriverTest, TellsTheKernelAndWhatItDoesNotSee) {
  const auto sees_all = connect();
  EXPECT_EQ(sees_all->info().product, "Linux");
  EXPECT_NE(sees_all->info().version, "");
  EXPECT_EQ(sees_all->info().blind_spot, "");
  const pid_t other = host_->start("/bin/other");
  host_->listen(other, 80);
  host_->hidden.insert(other);
  const bool root = ::geteuid() == 0;
  EXPECT_THAT(connect()->info().blind_spot,
              HasSubstr(root ? "another PID namespace" : "run as root"));
}

TEST_F(HostDriverTest, ReadsAgainWhatItIsAskedForAlone) {
  host_->listen(host_->start("/bin/a"), 80);
  host_->listen(host_->start("/bin/b"), 81);
  const auto session = connect();
  const auto all = test::run(io_, session->list());
  ASSERT_TRUE(all.has_value());
  ASSERT_THAT(all->readings, SizeIs(2));
  const std::string id = all->readings.front().instance->key.id;
  const auto one = test::run(io_, session->read({Touched{.id = id}, Touched{.id = "gone"}}));
  ASSERT_TRUE(one.has_value());
  ASSERT_THAT(one->readings, SizeIs(1));
  EXPECT_EQ(one->readings.front().instance->key.id, id);
  EXPECT_TRUE(test::run(io_, session->probe()).has_value());
}

TEST_F(HostDriverTest, WalksTheProcessesForTheFirstListOnceAndForLaterOnesAnew) {
  host_->listen(host_->start("/bin/a"), 80);
  const auto session = connect();
  EXPECT_EQ(host_->walks, 1U);
  ASSERT_TRUE(test::run(io_, session->list()).has_value());
  EXPECT_EQ(host_->walks, 1U);
  ASSERT_TRUE(test::run(io_, session->list()).has_value());
  EXPECT_EQ(host_->walks, 2U);
}

}  // namespace
}  // namespace rollcall::host
