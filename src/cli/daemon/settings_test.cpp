// docs/daemon.md documents every key of the configuration, and no other.
#include "cli/daemon/settings.hpp"

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/paths.hpp"

namespace rollcall::cli::daemon {
namespace {

using ::testing::HasSubstr;

std::string text_of(const std::string& name) {
  std::ifstream file(name);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string page() {
  return text_of(ROLLCALL_SOURCE_DIR "/docs/daemon.md");
}

/// "`limits.connections` | `2048` |" as a row of the reference begins.
template <class Object>
std::string row_of(const Setting<Object>& setting, Object object) {
  const option::Field field = setting.at(object);
  const auto words = words_of(field);
  const std::string value = is_list(field)     ? fmt::format("[{}]", fmt::join(words, ", "))
                            : words[0].empty() ? std::string("\"\"")
                                               : words[0];
  return fmt::format("| `{}` | `{}` |", setting.key, value);
}

TEST(DaemonSettings, EachStandsInTheReferenceWithWhatIsBuiltIn) {
  const std::string text = page();
  for (const auto& setting : settings()) EXPECT_THAT(text, HasSubstr(row_of(setting, Config{})));
  for (const auto& setting : engine_settings()) {
    EXPECT_THAT(text, HasSubstr(row_of(setting, EngineConfig{})));
  }
}

TEST(DaemonSettings, TheReferenceNamesNoOther) {
  std::set<std::string> known = {"engines"};
  for (const auto& setting : settings()) known.emplace(setting.key);
  for (const auto& setting : engine_settings()) known.emplace(setting.key);
  const std::string text = page();
  const std::size_t begin = text.find("## Configuration");
  const std::size_t end = text.find("\n## ", begin + 1);
  ASSERT_NE(begin, std::string::npos);
  const std::string section = text.substr(begin, end - begin);
  const std::regex row("\\n\\| `([a-z_.]+)` \\| `");
  for (auto it = std::sregex_iterator(section.begin(), section.end(), row);
       it != std::sregex_iterator(); ++it) {
    EXPECT_TRUE(known.contains((*it)[1])) << (*it)[1];
  }
}

TEST(DaemonSettings, HaveNamesOfVariables) {
  EXPECT_EQ(variable_of("limits.connections"), "ROLLCALL_LIMITS_CONNECTIONS");
}

TEST(DaemonSettings, AreReadAsTheyAreWritten) {
  for (const auto& setting : settings()) {
    Config config;
    Config other;
    const auto words = words_of(setting.at(config));
    EXPECT_TRUE(assign(setting.at(other), words, setting.check)) << setting.key;
    EXPECT_EQ(words_of(setting.at(other)), words) << setting.key;
  }
}

}  // namespace
}  // namespace rollcall::cli::daemon
