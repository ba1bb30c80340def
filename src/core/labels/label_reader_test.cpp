#include "core/labels/label_reader.hpp"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using Entries = std::vector<Labels::Entry>;

TEST(LabelReader, ReadsWhatLabelsAndMetadataSay) {
  LabelReader reader;
  const Entries entries{{"b", "2"}, {"rollcall.name", "web"}, {"a", "1"}};
  const LabelReader::Reading& reading = reader.read(entries);
  EXPECT_EQ(reading.labels, Labels(entries));
  ASSERT_TRUE(reading.metadata);
  EXPECT_EQ(reading.metadata->name->value, "web");
}

TEST(LabelReader, ReplicasShareWhatTheyHaveInCommon) {
  LabelReader reader;
  const auto first = reader.read({{"app", "web"}, {"prometheus.io/scrape", "true"}});
  const auto replica = reader.read({{"app", "web"}, {"prometheus.io/scrape", "true"}});
  const auto other = reader.read({{"app", "db"}, {"prometheus.io/scrape", "true"}});
  EXPECT_EQ(first.labels.find("app").value().data(), replica.labels.find("app").value().data());
  EXPECT_EQ(first.metadata, replica.metadata);
  EXPECT_EQ(first.metadata, other.metadata) << "they ask for the same";
  EXPECT_EQ(other.labels.find("app"), "db");
}

TEST(LabelReader, LabelsThatAskForNothingHaveNoMetadata) {
  LabelReader reader;
  EXPECT_FALSE(reader.read({{"app", "web"}}).metadata);
  EXPECT_TRUE(reader.read({}).labels.empty());
}

TEST(LabelReader, ProblemsAreToldOfEach) {
  LabelReader reader;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(reader.read({{"prometheus.io/port", "many"}}).problems.size(), 1U) << i;
  }
}

TEST(LabelReader, WhereAKeyEndsIsNoMatterOfChance) {
  LabelReader reader;
  const auto one = reader.read({{"ab", "c"}, {"d", ""}});
  const auto other = reader.read({{"a", "bc"}, {"d", ""}});
  EXPECT_EQ(one.labels.find("ab"), "c");
  EXPECT_EQ(other.labels.find("a"), "bc");
}

TEST(LabelReader, LongOnesAreReadAsOthersAre) {
  LabelReader reader;
  for (const char letter : {'a', 'b', 'a'}) {
    const std::string text(100'000, letter);
    const LabelReader::Reading& reading = reader.read({{"rollcall.name", "web"}, {"text", text}});
    EXPECT_EQ(reading.labels.find("text"), text);
    EXPECT_EQ(reading.metadata->name->value, "web");
  }
}

TEST(LabelReader, SaysOfMoreThanItRemembersWhatReadingAnewSays) {
  LabelReader reader;
  std::mt19937 random(7);  // NOLINT(*-msc51-cpp): the same numbers each time
  for (int i = 0; i < 5000; ++i) {
    const std::string app = std::to_string(random() % 700);
    const std::string port = std::to_string(random() % 200);
    const Entries entries{{"app", app}, {"prometheus.io/port", port}, {"rollcall.name", app}};
    const Labels labels(entries);
    const LabelReader::Reading& reading = reader.read(entries);
    ASSERT_EQ(reading.labels, labels);
    const MetadataReading anew = read_metadata(labels);
    ASSERT_EQ(reading.problems, anew.problems);
    ASSERT_EQ(*reading.metadata, *anew.metadata);
  }
}

}  // namespace
}  // namespace rollcall
