#include "backends/host/look.hpp"

#include <set>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_host.hpp"
#include "support/virtual_env.hpp"

namespace rollcall::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = RuntimeBackendKind;

class Looks : public testing::Test {
 protected:
  Looker make(bool as_root = false) {
    return Looker({.view = host_,
                   .network = [this] { return network_; },
                   .env = std::make_shared<test::VirtualEnv>(io_),
                   .endpoint = "here",
                   .user_manager = user_manager_,
                   .as_root = as_root,
                   .listed_elsewhere = [this](Kind kind) { return elsewhere_.contains(kind); }});
  }

  static std::vector<std::string> names(const Result<InstancesById>& looked) {
    std::vector<std::string> all;
    for (const auto& [id, instance] : *looked) all.push_back(instance->name);
    return all;
  }

  boost::asio::io_context io_;
  std::shared_ptr<test::ScriptedHost> host_ = std::make_shared<test::ScriptedHost>();
  HostNetwork network_;
  std::set<Kind> elsewhere_;
  bool user_manager_ = false;
};

TEST_F(Looks, GiveAllThatListen) {
  host_->listen(host_->start("/bin/a"), 80);
  host_->start("/bin/b");
  auto looker = make();
  const auto looked = looker.look();
  ASSERT_TRUE(looked.has_value());
  ASSERT_THAT(*looked, SizeIs(1));
  const Instance& instance = *looked->begin()->second;
  EXPECT_EQ(instance.key.backend, "host");
  EXPECT_EQ(instance.key.endpoint, "here");
  EXPECT_EQ(instance.name, "a");
}

TEST_F(Looks, CostOneDumpAndALookAtTheOwnersIfNothingHasChanged) {
  for (int i = 0; i < 200; ++i) {
    host_->listen(host_->start("/bin/a"), static_cast<std::uint16_t>(1000 + i));
  }
  auto looker = make();
  const auto first = looker.look();
  const auto walks = host_->walks;
  const auto readings = host_->readings;
  host_->dumps = 0;
  const auto second = looker.look();
  EXPECT_EQ(host_->dumps, 1U);
  EXPECT_EQ(host_->walks, walks);
  EXPECT_EQ(host_->readings, readings);
  EXPECT_EQ(*first, *second) << "the same objects";
}

TEST_F(Looks, KeepTheObjectsOfWhatHasNotChanged) {
  const pid_t a = host_->start("/bin/a");
  host_->listen(a, 80);
  auto looker = make();
  const auto before = looker.look();
  host_->listen(host_->start("/bin/b"), 81);
  const auto now = looker.look();
  EXPECT_EQ(now->at(before->begin()->first), before->begin()->second);
  EXPECT_EQ(before->size() + 1, now->size());
}

TEST_F(Looks, SeeNewAddressesOfTheHost) {
  host_->listen(host_->start("/bin/a"), 80);
  auto looker = make();
  EXPECT_THAT(looker.look()->begin()->second->addresses, IsEmpty());
  network_.addresses = {
      {.interface = "eth0", .index = 2, .address = boost::asio::ip::make_address("10.0.0.7")}};
  EXPECT_THAT(looker.look()->begin()->second->addresses,
              ElementsAre(Address{.ip = "10.0.0.7", .network = "eth0"}));
}

TEST_F(Looks, LeaveOutWhatAnotherLists) {
  const pid_t service = host_->start("/usr/sbin/sshd");
  host_->at(service).cgroups = {{.controllers = "", .path = "/system.slice/ssh.service"}};
  host_->listen(service, 22);
  host_->listen(host_->start("/usr/bin/docker-proxy"), 8080);
  host_->listen(host_->start("/bin/a"), 80);
  auto looker = make();
  EXPECT_THAT(names(looker.look()), ElementsAre("sshd", "docker-proxy", "a"));
  elsewhere_ = {Kind::docker};
  EXPECT_THAT(names(looker.look()), ElementsAre("sshd", "a"));
  elsewhere_ = {Kind::docker, Kind::systemd};
  EXPECT_THAT(names(looker.look()), ElementsAre("a"));
  elsewhere_ = {};
  EXPECT_THAT(names(looker.look()), SizeIs(3));
}

TEST_F(Looks, LeaveOutTheServicesOfTheManagerThatIsListedAlone) {
  const pid_t of_system = host_->start("/bin/system");
  host_->at(of_system).cgroups = {{.controllers = "", .path = "/system.slice/a.service"}};
  host_->listen(of_system, 80);
  const pid_t of_user = host_->start("/bin/user");
  host_->at(of_user).cgroups = {
      {.controllers = "", .path = "/user.slice/user-1.slice/user@1.service/app.slice/b.service"}};
  host_->listen(of_user, 81);
  elsewhere_ = {Kind::systemd};
  EXPECT_THAT(names(make().look()), ElementsAre("user"));
  user_manager_ = true;
  EXPECT_THAT(names(make().look()), ElementsAre("system"));
}

TEST_F(Looks, DoNotShowASocketThatWasClosedBeforeItsOwnerWasLookedFor) {
  host_->listen(host_->start("/bin/a"), 80);
  const pid_t brief = host_->start("/bin/brief");
  host_->listen(brief, 81);
  host_->ends_after_the_dump = brief;
  EXPECT_THAT(names(make().look()), ElementsAre("a"));
}

TEST_F(Looks, ShowSocketsWhoseProcessMayNotBeSeenAndSayWhatToDo) {
  const pid_t other = host_->start("/bin/other");
  host_->at(other).uid = 101;
  host_->listen(other, 80);
  host_->hidden.insert(other);
  auto looker = make();
  const auto looked = looker.look();
  ASSERT_THAT(*looked, SizeIs(1));
  const Instance& instance = *looked->begin()->second;
  EXPECT_EQ(instance.name, "port-80");
  EXPECT_EQ(instance.details->user, "101");
  EXPECT_EQ(instance.details->pid, 0);
  ASSERT_THAT(instance.problems, SizeIs(1));
  EXPECT_THAT(instance.problems[0].what, HasSubstr("CAP_SYS_PTRACE"));
  EXPECT_THAT(looker.blind_spot(), HasSubstr("run as root"));
}

TEST_F(Looks, DoNotTellRootToBeRoot) {
  const pid_t other = host_->start("/bin/other");
  host_->listen(other, 80);
  host_->hidden.insert(other);
  auto looker = make(true);
  const auto looked = looker.look();
  ASSERT_THAT(*looked, SizeIs(1));
  const std::string& what = looked->begin()->second->problems.at(0).what;
  EXPECT_THAT(what, HasSubstr("another PID namespace"));
  EXPECT_THAT(what, testing::Not(HasSubstr("run as root")));
  EXPECT_THAT(looker.blind_spot(), testing::Not(HasSubstr("run as root")));
}

TEST_F(Looks, ShowTheKernelsOwnSocketsWithoutAdvice) {
  host_->listen_without_process(2049);
  auto looker = make();
  const auto looked = looker.look();
  ASSERT_THAT(*looked, SizeIs(1));
  EXPECT_THAT(looked->begin()->second->problems.at(0).what, HasSubstr("kernel"));
}

TEST_F(Looks, ThatFailNameThePlaceAndKeepWhatWasSeen) {
  host_->listen(host_->start("/bin/a"), 80);
  auto looker = make();
  const auto before = looker.look();
  host_->refusal = RuntimeError{.kind = ErrorKind::unavailable, .endpoint = "x", .what = "no"};
  const auto failed = looker.look();
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().endpoint, "here");
  host_->refusal.reset();
  EXPECT_EQ(*looker.look(), *before);
}

class Differences : public testing::Test {
 protected:
  static InstancePtr instance(const std::string& id, const std::string& name) {
    auto it = std::make_shared<Instance>();
    it->key.id = id;
    it->name = name;
    return it;
  }
  static std::vector<std::string> told(const std::vector<Change>& all) {
    std::vector<std::string> lines;
    for (const Change& change : all) {
      if (const auto* gone = std::get_if<Gone>(&change)) lines.push_back("gone " + gone->id);
      if (const auto* put = std::get_if<Upsert>(&change)) {
        lines.push_back(put->instance->key.id + " " + put->instance->name);
      }
    }
    return lines;
  }
};

TEST_F(Differences, AreGoneThenChangedThenNewEachById) {
  const InstancePtr same = instance("s", "same");
  const InstancesById before = {{"a", instance("a", "a")},
                                {"c", instance("c", "old")},
                                {"s", same},
                                {"z", instance("z", "z")}};
  const InstancesById now = {{"b", instance("b", "b")},
                             {"c", instance("c", "new")},
                             {"d", instance("d", "d")},
                             {"s", same}};
  EXPECT_THAT(told(changes(before, now)), ElementsAre("gone a", "gone z", "c new", "b b", "d d"));
  EXPECT_THAT(changes(now, now), IsEmpty());
}

}  // namespace
}  // namespace rollcall::host
