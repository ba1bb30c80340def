#include "core/instance_bounds.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/budgets.hpp"

namespace rollcall {
namespace {

InstancePtr made(const Instance& instance) {
  return std::make_shared<const Instance>(instance);
}

bool is_told(const Instance& instance, std::string_view where) {
  return std::ranges::any_of(instance.problems,
                             [where](const Problem& problem) { return problem.where == where; });
}

TEST(InstanceBounds, LeaveAlmostAllAsTheyAre) {
  Instance instance;
  instance.name = std::string(budget::instance_text_bytes, 'n');
  instance.ports.resize(budget::instance_ports);
  instance.addresses.resize(budget::instance_addresses);
  const InstancePtr whole = made(instance);
  EXPECT_EQ(within_bounds(whole), whole);
}

TEST(InstanceBounds, CutLabelsByTheirNumberAndTheirBytes) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < budget::instance_labels + 10; ++i) {
    keys.push_back(fmt::format("k{:05}", i));
  }
  std::vector<Labels::Entry> entries;
  for (const std::string& key : keys) entries.emplace_back(key, "v");
  Instance instance;
  instance.labels = Labels(entries);
  const InstancePtr fewer = within_bounds(made(instance));
  EXPECT_EQ(fewer->labels.size(), budget::instance_labels);
  EXPECT_TRUE(fewer->labels.find("k00000"));
  EXPECT_TRUE(is_told(*fewer, "labels"));

  const std::string value(1000, 'v');
  entries.clear();
  for (const std::string& key : keys) entries.emplace_back(key, value);
  instance.labels = Labels(entries);
  const InstancePtr smaller = within_bounds(made(instance));
  EXPECT_EQ(smaller->labels.size(), budget::instance_label_bytes / 1006);
  EXPECT_TRUE(is_told(*smaller, "labels"));
}

TEST(InstanceBounds, CutListsAndSaySo) {
  Instance instance;
  instance.ports.resize(budget::instance_ports + 1);
  instance.addresses.resize(budget::instance_addresses + 1);
  instance.problems.resize(budget::instance_problems + 100);
  const InstancePtr cut = within_bounds(made(instance));
  EXPECT_EQ(cut->ports.size(), budget::instance_ports);
  EXPECT_EQ(cut->addresses.size(), budget::instance_addresses);
  EXPECT_EQ(cut->problems.size(), budget::instance_problems);
  for (const char* where : {"ports", "addresses", "problems"}) EXPECT_TRUE(is_told(*cut, where));
  EXPECT_TRUE(std::ranges::is_sorted(cut->problems));
  EXPECT_EQ(within_bounds(cut), cut) << "what was cut is within the bounds";
}

TEST(InstanceBounds, CutTextsBetweenTwoCharacters) {
  Instance instance;
  instance.key.id = std::string(5000, 'i');
  instance.image = "a";
  for (int i = 0; i < 2000; ++i) instance.image += "é";
  instance.problems.push_back({.where = "w", .what = std::string(5000, 'p')});
  const InstancePtr cut = within_bounds(made(instance));
  EXPECT_LE(cut->image.size(), budget::instance_text_bytes);
  EXPECT_TRUE(cut->image.ends_with("é…"));
  EXPECT_LE(cut->problems.front().what.size(), budget::instance_text_bytes);
  EXPECT_EQ(cut->key.id, instance.key.id) << "another id would be another instance";
}

TEST(InstanceBounds, CutWhatIsKnownOfTheProcess) {
  Instance instance;
  Details details;
  details.description = std::string(5000, 'd');
  details.command.assign(200, std::string(1000, 'w'));
  instance.details = std::make_shared<const Details>(details);
  const InstancePtr cut = within_bounds(made(instance));
  EXPECT_LE(cut->details->description.size(), budget::instance_text_bytes);
  EXPECT_EQ(cut->details->command.size(), budget::instance_command_bytes / 1000 + 1);
  EXPECT_EQ(within_bounds(cut), cut);
}

TEST(InstanceBounds, HoldForAllOfAList) {
  Instance instance;
  instance.name = std::string(5000, 'n');
  Snapshot snapshot{.readings = {{.instance = made({})}, {.instance = made(instance)}}};
  keep_within_bounds(snapshot);
  for (const Reading& reading : snapshot.readings) {
    EXPECT_LE(reading.instance->name.size(), budget::instance_text_bytes);
  }
}

}  // namespace
}  // namespace rollcall
