#include "core/text/glob.hpp"

#include <random>
#include <string>

#include <fnmatch.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
  return Glob(pattern).matches(text);
}

TEST(Glob, IsForTheWholeText) {
  EXPECT_TRUE(matches("web", "web"));
  EXPECT_FALSE(matches("web", "web1"));
  EXPECT_TRUE(matches("web*", "web1"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_FALSE(matches("?", ""));
  EXPECT_TRUE(matches("w?b", "wab"));
}

TEST(Glob, TakesSetsAndNamedSets) {
  EXPECT_TRUE(matches("[a-c]1", "b1"));
  EXPECT_FALSE(matches("[!a-c]1", "b1"));
  EXPECT_TRUE(matches("[^a-c]1", "d1"));
  EXPECT_TRUE(matches("[]x]", "]"));
  EXPECT_TRUE(matches("[a-]", "-"));
  EXPECT_TRUE(matches("web-[[:digit:]]", "web-7"));
  EXPECT_FALSE(matches("web-[[:digit:]]", "web-x"));
}

TEST(Glob, TakesWhatIsEscapedOrNotClosedAsItself) {
  EXPECT_TRUE(matches("a\\*", "a*"));
  EXPECT_FALSE(matches("a\\*", "ab"));
  EXPECT_TRUE(matches("[ab", "[ab"));
  EXPECT_TRUE(matches("*[", "x["));
}

TEST(Glob, IsRightAcrossTheWordsOfItsStates) {
  for (const std::size_t length : {63U, 64U, 65U, 127U, 128U, 300U}) {
    const std::string text(length, 'a');
    EXPECT_TRUE(matches(text.substr(1) + "?", text)) << length;
    EXPECT_TRUE(matches("*" + text, "bbb" + text)) << length;
    EXPECT_FALSE(matches(text + "b", text)) << length;
    EXPECT_FALSE(matches(text, text + "a")) << length;
  }
}

// Nothing is tried twice: backtracking would take longer than the world lasts.
TEST(Glob, IsLinearWhateverThePattern) {
  std::string stars;
  while (stars.size() + 3 < Glob::longest) stars += "*a";
  EXPECT_FALSE(matches(stars + "b", std::string(100'000, 'a')));
  EXPECT_TRUE(matches(stars, std::string(100'000, 'a')));
}

TEST(Glob, SaysWhatTheShellSays) {
  std::mt19937 random(7);
  const std::string_view alphabet = "ab*?[]!-";
  for (int i = 0; i < 20'000; ++i) {
    std::string pattern;
    std::string text;
    for (auto n = random() % 8; n > 0; --n) pattern += alphabet[random() % alphabet.size()];
    for (auto n = random() % 6; n > 0; --n) text += "ab-]"[random() % 4];
    EXPECT_EQ(matches(pattern, text), ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0)
        << pattern << " on " << text;
  }
}

}  // namespace
}  // namespace rollcall
