// A server that fails over one instance, or over what belongs to it.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/incus/server_info.hpp"
#include "support/incus_driver_fixture.hpp"

namespace rollcall::incus {
namespace {

using test::ScriptedInstance;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Family = test::ScriptedIncus::Family;
using Verb = test::Fault::Verb;

class SickInstance : public test::IncusDriverFixture {
 protected:
  SickInstance() {
    for (const std::string name : {"sick", "well"}) {
      const std::string id = incus_.run(name);
      incus_.change_silently(
          id, [&](ScriptedInstance& it) { it.address = name == "sick" ? "10.0.0.2" : "10.0.0.3"; });
    }
  }

  static const Instance& named(const Snapshot& snapshot, const std::string& name) {
    for (const Reading& reading : snapshot.readings) {
      if (reading.instance->name == name) return *reading.instance;
    }
    static const Instance none;
    return none;
  }

  void expect_well(const Snapshot& snapshot) {
    ASSERT_THAT(snapshot.readings, SizeIs(2));
    EXPECT_EQ(named(snapshot, "well").state, InstanceState::running);
    EXPECT_THAT(named(snapshot, "well").addresses, SizeIs(1));
  }
};

INSTANTIATE_TEST_SUITE_P(Of, SickInstance, testing::Values(Family::lxd_5, Family::incus_6),
                         [](const auto& info) {
                           return info.param == Family::lxd_5 ? "lxd" : "incus";
                         });

TEST_P(SickInstance, OneThatTheListFailsOverIsToldWithAProblemAndHidesNoOther) {
  server_->inject({.verb = Verb::refuse_with, .where = "recursion=1&all-projects", .amount = 500});
  server_->inject({.verb = Verb::refuse_with, .where = "/instances/sick", .amount = 500});
  const auto session = connected();
  const Snapshot snapshot = list(*session);
  expect_well(snapshot);
  EXPECT_THAT(named(snapshot, "well").problems, IsEmpty());
  const Instance& sick = named(snapshot, "sick");
  EXPECT_EQ(sick.key.id, "default/sick");
  EXPECT_EQ(sick.key.backend, incus_.name());
  EXPECT_EQ(sick.group, "default");
  EXPECT_EQ(sick.state, InstanceState::unknown);
  ASSERT_THAT(sick.problems, SizeIs(1));
  EXPECT_THAT(sick.problems[0].what, HasSubstr("status 500"));
}

TEST_P(SickInstance, OneThatFailsWhenItIsReadIsToldByTheList) {
  const auto session = connected();
  server_->inject({.verb = Verb::refuse_with, .where = "/instances/sick?", .amount = 500});
  const Snapshot snapshot = read(*session, {"default/sick"});
  ASSERT_THAT(snapshot.readings, SizeIs(1));
  EXPECT_EQ(named(snapshot, "sick").state, InstanceState::running);
  EXPECT_THAT(named(snapshot, "sick").problems, IsEmpty());
}

TEST_P(SickInstance, AStateThatIsNotUnderstoodOrBreaksTheConnectionIsAProblemOfItsInstance) {
  for (const auto& fault : std::vector<test::Fault>{
           {.verb = Verb::say_instead, .where = "/sick/state", .text = "<html>"},
           {.verb = Verb::say_instead,
            .where = "/sick/state",
            .text = R"({"type":"sync","metadata":{"network":tru}})"},
           {.verb = Verb::drop, .where = "/sick/state"}}) {
    const auto session = connected();
    server_->inject(fault);
    const Snapshot snapshot = list(*session);
    expect_well(snapshot);
    EXPECT_THAT(named(snapshot, "sick").problems, SizeIs(1)) << fault.text;
    EXPECT_EQ(named(snapshot, "sick").state, InstanceState::running);
    server_->heal();
  }
}

TEST_P(SickInstance, ForwardsThatAreNotToldAreAProblemOfThoseInTheirNetwork) {
  const auto session = connected();
  server_->inject({.verb = Verb::refuse_with, .where = "/forwards", .amount = 500});
  const Snapshot snapshot = list(*session);
  expect_well(snapshot);
  for (const std::string name : {"sick", "well"}) {
    ASSERT_THAT(named(snapshot, name).problems, SizeIs(1));
    EXPECT_THAT(named(snapshot, name).problems[0].what, HasSubstr("the network br0"));
  }
  server_->heal();
  EXPECT_THAT(named(read(*session, {"default/well"}), "well").problems, IsEmpty())
      << "they are asked for again";
}

TEST(InstanceNames, AreReadFromTheirUrls) {
  const auto names =
      read_instance_names(R"({"metadata":["/1.0/instances/a","/1.0/instances/b?project=p1"]})");
  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre(InstanceName{"default", "a"}, InstanceName{"p1", "b"}));
  for (const char* none : {"", "{}", R"({"metadata":{}})", R"({"metadata":[7]})",
                           R"({"metadata":["/1.0/instances/"]})", R"({"metadata":[{}]})"}) {
    EXPECT_FALSE(read_instance_names(none)) << none;
  }
}

}  // namespace
}  // namespace rollcall::incus
