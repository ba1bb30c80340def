// What is masked and what is not, by the corpus in testdata.
#include <algorithm>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "core/masking.hpp"
#include "core/secrets/secrets.hpp"
#include "support/paths.hpp"

namespace rollcall {
namespace {

const std::string open_mark = "«";
const std::string close_mark = "»";

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(std::string(ROLLCALL_SOURCE_DIR) + "/src/core/secrets/testdata/" + file);
  EXPECT_TRUE(in) << file;
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

/// The line without its marks, and what stood between them.
std::pair<std::string, std::vector<std::string>> unmarked(const std::string& line) {
  std::string text;
  std::vector<std::string> secrets;
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = line.find(open_mark, at);
    if (open == std::string::npos) break;
    const std::size_t close = line.find(close_mark, open);
    text += line.substr(at, open - at);
    secrets.push_back(line.substr(open + open_mark.size(), close - open - open_mark.size()));
    text += secrets.back();
    at = close + close_mark.size();
  }
  return {text + line.substr(at), secrets};
}

bool is_command(const std::string& line) {
  return line.starts_with("$ ");
}

/// The arguments of a command line, quoted as a shell takes them.
std::vector<std::string> arguments_of(const std::string& line) {
  std::vector<std::string> all;
  bool inside = false;
  char quote = '\0';
  for (std::size_t at = 2; at < line.size(); ++at) {
    const char c = line[at];
    if (quote == '\0' && c == ' ') {
      inside = false;
      continue;
    }
    if (!std::exchange(inside, true)) {
      all.emplace_back();
      if (c == '"') {
        quote = c;
        continue;
      }
    }
    if (quote != '\0' && c == quote) {
      quote = '\0';
    } else if (quote != '\0' && c == '\\' && at + 1 < line.size()) {
      all.back() += line[++at];
    } else {
      all.back() += c;
    }
  }
  return all;
}

std::string with_line_ends(std::string text) {
  for (std::size_t at = text.find("\\n"); at != std::string::npos; at = text.find("\\n")) {
    text.replace(at, 2, "\n");
  }
  return text;
}

std::pair<std::string, std::string> label_of(const std::string& line) {
  const std::size_t equals = line.find(" =");
  const std::string value = line.substr(std::min(equals + 3, line.size()));
  return {line.substr(0, equals), with_line_ends(value)};
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

/// The line as it is shown, and as it would be if nothing were masked.
std::pair<std::string, std::string> shown(const std::string& line) {
  if (is_command(line)) {
    const std::vector<std::string> arguments = arguments_of(line);
    const std::string& first = arguments.front();
    return {joined(masked(arguments, first.substr(first.rfind('/') + 1))), joined(arguments)};
  }
  const auto [key, value] = label_of(line);
  return {label_without_secrets(key, value), value};
}

TEST(SecretsCorpus, NothingIsMaskedWhereNoSecretIs) {
  const auto lines = lines_of("harmless.txt");
  const auto commands = std::ranges::count_if(lines, is_command);
  EXPECT_GE(commands, 150);
  EXPECT_GE(std::ssize(lines) - commands, 150);
  for (const std::string& line : lines) {
    const auto [seen, whole] = shown(line);
    EXPECT_EQ(seen, whole) << line;
  }
}

TEST(SecretsCorpus, NoSecretIsShown) {
  const auto lines = lines_of("secret.txt");
  EXPECT_GE(lines.size(), 210U);
  for (const std::string& line : lines) {
    const auto [text, secrets] = unmarked(line);
    ASSERT_FALSE(secrets.empty()) << line;
    const std::string seen = shown(text).first;
    for (const std::string& secret : secrets) {
      EXPECT_EQ(seen.find(with_line_ends(secret)), std::string::npos) << line << "\n" << seen;
    }
    EXPECT_NE(seen.find(mask), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace rollcall
