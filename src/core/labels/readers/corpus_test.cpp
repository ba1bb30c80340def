// All cases of testdata/*.yaml: labels, and what is read of them. testdata/README.md tells the
// form.
#include <algorithm>
#include <deque>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "core/labels/metadata.hpp"
#include "core/labels/metadata_values.hpp"
#include "core/text/text.hpp"
#include "support/json_round_trip.hpp"
#include "support/paths.hpp"

namespace rollcall {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;
using Pairs = std::deque<std::pair<std::string, std::string>>;

fs::path folder() {
  return fs::path(ROLLCALL_SOURCE_DIR) / "src/core/labels/readers/testdata";
}

Lines corpus_files() {
  Lines files;
  for (const auto& entry : fs::directory_iterator(folder())) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().stem().string());
  }
  std::ranges::sort(files);
  return files;
}

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

// A text, or {before, repeat, times, after}, or {hex}.
std::string text_of(const YAML::Node& node) {
  if (!node.IsMap()) return node.as<std::string>();
  if (node["hex"]) return from_hex(node["hex"].as<std::string>());
  auto text = node["before"].as<std::string>("");
  const auto repeated = node["repeat"].as<std::string>();
  const auto times = node["times"].as<std::size_t>();
  text.reserve(text.size() + repeated.size() * times);
  for (std::size_t i = 0; i < times; ++i) text += repeated;
  return text + node["after"].as<std::string>("");
}

// A map of texts, or a list of {key, value} for keys that are no plain text.
Pairs pairs_of(const YAML::Node& node) {
  Pairs pairs;
  if (!node) return pairs;
  for (const auto& entry : node) {
    if (node.IsMap()) {
      pairs.emplace_back(entry.first.as<std::string>(), text_of(entry.second));
    } else {
      pairs.emplace_back(text_of(entry["key"]), text_of(entry["value"]));
    }
  }
  return pairs;
}

Labels labels_of(const Pairs& pairs) {
  return Labels(std::vector<Labels::Entry>(pairs.begin(), pairs.end()));
}

Lines lines_of(const YAML::Node& node) {
  return node ? node.as<Lines>() : Lines();
}

Lines said_by(const MetadataReading& reading) {
  Lines lines;
  if (!reading.metadata) return lines;
  for (const MetadataValue& value : values_of(*reading.metadata)) {
    lines.push_back(fmt::format("{} = {} ({})", value.field, value.text, value.source));
  }
  return lines;
}

Lines overridden_by(const MetadataReading& reading) {
  Lines lines;
  for (const Overridden& o : reading.overridden) {
    lines.push_back(fmt::format("{} = {} ({}) by {}", o.field, o.value, o.source, o.by));
  }
  return lines;
}

std::string line_of(const Problem& problem) {
  if (problem.position == 0) return fmt::format("{}: {}", problem.where, problem.what);
  return fmt::format("{} at {}: {}", problem.where, problem.position, problem.what);
}

// "WHERE at POSITION: PART": all that stands before the colon, and a part of what follows.
bool fits(const Problem& problem, const std::string& expected) {
  const std::string line = line_of(problem);
  const std::size_t head = line.size() - problem.what.size();
  return expected.size() >= head && line.compare(0, head, expected, 0, head) == 0 &&
         problem.what.contains(expected.substr(head));
}

std::string listed(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n    - " + excerpt(line, 300);
  return text.empty() ? " none" : text;
}

void expect_problems(const std::vector<Problem>& problems, const Lines& expected) {
  Lines found;
  for (const Problem& problem : problems) found.push_back(line_of(problem));
  const bool same = std::ranges::equal(problems, expected, fits);
  EXPECT_TRUE(same) << "problems expected:" << listed(expected) << "\nfound:" << listed(found);
}

// What holds for all labels, however hostile.
void expect_sane(const MetadataReading& reading, const Pairs& pairs) {
  constexpr std::size_t longest_problem = 1500;
  for (const Problem& problem : reading.problems) {
    EXPECT_LT(problem.where.size() + problem.what.size(), longest_problem);
    EXPECT_EQ(printable(problem.where + problem.what), problem.where + problem.what);
    const auto of = std::ranges::find_if(
        pairs, [&](const auto& pair) { return excerpt(pair.first, 256) == problem.where; });
    if (of != pairs.end()) {
      EXPECT_LE(problem.position, of->second.size() + 1) << problem.where;
    }
  }
  if (!reading.metadata) return;
  for (const MetadataValue& value : values_of(*reading.metadata)) {
    const bool known =
        value.source.starts_with("env ") ||
        std::ranges::any_of(pairs, [&](const auto& p) { return p.first == value.source; });
    EXPECT_TRUE(known) << value.field << " has the source " << value.source;
  }
}

// Incus gives users the keys that begin with "user.": they say the same.
void expect_the_same_of_incus(const MetadataReading& reading, Pairs pairs) {
  for (auto& [key, value] : pairs) {
    if (!key.starts_with("user.")) key.insert(0, "user.");
  }
  const MetadataReading of_incus = read_metadata(labels_of(pairs));
  EXPECT_EQ(said_by(of_incus).size(), said_by(reading).size());
  EXPECT_EQ(of_incus.problems.size(), reading.problems.size());
}

void expect_case(const YAML::Node& node) {
  const Pairs pairs = pairs_of(node["labels"]);
  const Pairs variables = pairs_of(node["environment"]);
  const Labels labels = labels_of(pairs);
  const Labels environment = labels_of(variables);
  const MetadataReading reading = explain_metadata(labels, environment);
  const Lines said = said_by(reading);
  const Lines overridden = overridden_by(reading);
  EXPECT_EQ(said, lines_of(node["says"])) << "it says:" << listed(said);
  EXPECT_EQ(overridden, lines_of(node["overridden"])) << "overridden:" << listed(overridden);
  expect_problems(reading.problems, lines_of(node["problems"]));

  Instance labelled;
  labelled.key = {.backend = "docker", .endpoint = "e", .id = "i"};
  labelled.labels = labels;
  labelled.metadata = reading.metadata;
  test::expect_survives_json(labelled);

  const MetadataReading plain = read_metadata(labels, environment);
  EXPECT_EQ(said_by(plain), said);
  EXPECT_EQ(plain.problems, reading.problems);
  EXPECT_TRUE(plain.overridden.empty());
  expect_sane(reading, pairs);
  if (variables.empty()) expect_the_same_of_incus(reading, pairs);
}

class LabelCorpus : public testing::TestWithParam<std::string> {};

TEST_P(LabelCorpus, IsReadAsItIsWritten) {
  const YAML::Node cases = YAML::LoadFile(folder() / (GetParam() + ".yaml"));
  std::set<std::string> names;
  for (const YAML::Node& node : cases) {
    const auto name = node["case"].as<std::string>();
    SCOPED_TRACE(fmt::format("{}.yaml, line {}: {}", GetParam(), node.Mark().line + 1, name));
    EXPECT_TRUE(names.insert(name).second) << "two cases have one name";
    for (const auto& part : node) {
      const std::set<std::string> known{"case", "labels",     "environment",
                                        "says", "overridden", "problems"};
      EXPECT_TRUE(known.contains(part.first.as<std::string>())) << part.first.as<std::string>();
    }
    expect_case(node);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, LabelCorpus, testing::ValuesIn(corpus_files()),
                         [](const auto& file) { return file.param; });

TEST(LabelCorpusSize, IsThreeHundredCasesAtLeast) {
  std::size_t count = 0;
  for (const std::string& file : corpus_files()) {
    count += YAML::LoadFile(folder() / (file + ".yaml")).size();
  }
  EXPECT_GE(count, 300U);
}

}  // namespace
}  // namespace rollcall
