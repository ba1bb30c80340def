#include "cli/ask_engines.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/shown_instances.hpp"

namespace rollcall::cli {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

InstancePtr at(std::string endpoint, std::string id, std::string name) {
  Instance instance = web_instance();
  instance.kind = InstanceKind::container;
  instance.key = {"docker", std::move(endpoint), std::move(id)};
  instance.name = std::move(name);
  return shared(std::move(instance));
}

std::string id_of_docker(char digit) {
  return std::string(64, digit);
}

std::vector<std::string> names(const std::vector<InstancePtr>& instances) {
  std::vector<std::string> all;
  for (const InstancePtr& instance : instances) all.push_back(instance->name);
  return all;
}

TEST(AskedEngine, WhatTwoAnswersTellIsThereOnce) {
  std::vector<AskedEngine> asked_engines(3);
  asked_engines[0].answer = {{at("unix:///a", id_of_docker('b'), "b"), at("unix:///a", "x", "x")}};
  asked_engines[1].answer = fail({.what = "it is not there"});
  asked_engines[2].answer = {{at("unix:///b", id_of_docker('b'), "b"), at("unix:///a", "x", "x"),
                              at("unix:///b", id_of_docker('a'), "a")}};
  EXPECT_THAT(names(collect(asked_engines)), UnorderedElementsAre("a", "b", "x"));
}

TEST(AskedEngine, OneThatAnEngineTellsTwiceStandsByItself) {
  std::vector<InstancePtr> all = {at("e", "1", "a"), at("e", "2", "b"), at("e", "2", "b"),
                                  at("e", "3", "b"), at("f", "3", "b")};
  keep_one_of_neighbours(all);
  EXPECT_THAT(names(all), ElementsAre("a", "b", "b", "b"));
}

TEST(AskedEngine, ANameIsThatOfTheSameEngine) {
  const std::vector<InstancePtr> all = {at("e", "2", "two"), at("f", "1", "other"),
                                        at("e", "1", "one")};
  const NameOf name_of = names_among(all);
  EXPECT_EQ(name_of(all[0]->key, "1"), "one");
  EXPECT_EQ(name_of(all[1]->key, "1"), "other");
  EXPECT_EQ(name_of(all[1]->key, "2"), "");
}

}  // namespace
}  // namespace rollcall::cli
