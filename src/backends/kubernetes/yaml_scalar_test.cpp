#include "backends/kubernetes/yaml_scalar.hpp"

#include <string>

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace rollcall::kubernetes {
namespace {

ScalarKind kind(const std::string& yaml) {
  return scalar_kind(YAML::Load(yaml));
}

TEST(YamlScalar, TruthIsThatOfYaml11) {
  for (const char* word :
       {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"}) {
    EXPECT_EQ(truth_of(word), true) << word;
    EXPECT_EQ(kind(word), ScalarKind::truth) << word;
  }
  for (const char* word :
       {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"}) {
    EXPECT_EQ(truth_of(word), false) << word;
  }
  for (const char* word : {"tRUE", "yEs", "oN", "maybe", "", "1", "t"}) {
    EXPECT_EQ(truth_of(word), std::nullopt) << word;
  }
}

TEST(YamlScalar, Numbers) {
  for (const char* word : {"0", "7", "-7", "+7", "09", "1_000", "1.5", ".5", "5.", "1e3", "1E-3",
                           "0x1F", "-0x1f", "0o17", "0b101", ".inf", "-.Inf", ".nan"}) {
    EXPECT_TRUE(is_number(word)) << word;
    EXPECT_EQ(kind(word), ScalarKind::number) << word;
  }
  for (const char* word : {"", "+", "-", ".", "1.2.3", "2026-11-30", "12:30", "0x", "0xg", "1e",
                           "e3", "1e3x", "v1", "127.0.0.1", "++"}) {
    EXPECT_FALSE(is_number(word)) << word;
  }
}

TEST(YamlScalar, QuotesAndTagsDecideFirst) {
  for (const char* word : {"\"true\"", "'7'", "!!str true", "!!str 7", "!own 7", "!!binary YQ=="}) {
    EXPECT_EQ(kind(word), ScalarKind::text) << word;
  }
  EXPECT_EQ(kind("!!bool \"true\""), ScalarKind::truth);
  EXPECT_EQ(kind("!!int \"7\""), ScalarKind::number);
}

}  // namespace
}  // namespace rollcall::kubernetes
