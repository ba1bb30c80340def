#include "transport/http/gunzip.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/gzip.hpp"

namespace rollcall {
namespace {

using support::gzipped;
using testing::HasSubstr;

struct Inflated {
  std::string text;
  std::string error;
  bool complete = false;
};

/// Feeds the pieces, and takes the output in small buffers.
Inflated inflate(const std::vector<std::string>& pieces, std::size_t room = 7) {
  Gunzip gunzip;
  Inflated result;
  std::string out(room, '\0');
  for (const std::string& piece : pieces) {
    std::string_view left = piece;
    for (;;) {
      const auto step = gunzip.inflate(left, out);
      if (!step) {
        result.error = step.error().what;
        return result;
      }
      left.remove_prefix(step->consumed);
      result.text.append(out, 0, step->produced);
      if (step->produced == 0) break;
    }
  }
  result.complete = gunzip.complete();
  return result;
}

std::string pods(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += R"({"metadata":{"name":"web-)" + std::to_string(i) + "\"}}";
  return text;
}

TEST(Gunzip, InflatesTheSameHoweverItIsCut) {
  const std::string text = pods(20);
  const std::string bytes = gzipped(text);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const Inflated result = inflate({bytes.substr(0, cut), bytes.substr(cut)});
    EXPECT_EQ(result.text, text) << cut;
    EXPECT_TRUE(result.complete) << cut;
  }
}

TEST(Gunzip, EveryPrefixIsIncomplete) {
  const std::string bytes = gzipped(pods(3));
  for (std::size_t end = 1; end < bytes.size(); ++end) {
    const Inflated result = inflate({bytes.substr(0, end)});
    EXPECT_FALSE(result.complete) << end;
    EXPECT_EQ(result.error, "") << end;
  }
}

TEST(Gunzip, SeveralPartsAreOneText) {
  const Inflated result = inflate({gzipped("one, ") + gzipped("two"), gzipped(", three")});
  EXPECT_EQ(result.text, "one, two, three");
  EXPECT_TRUE(result.complete);
}

TEST(Gunzip, NothingAtAllIsComplete) {
  EXPECT_TRUE(inflate({}).complete);
  EXPECT_EQ(inflate({gzipped("")}).text, "");
}

TEST(Gunzip, WhatIsNotGzipOrIsBrokenIsAnError) {
  EXPECT_THAT(inflate({"{\"kind\":\"PodList\"}"}).error, HasSubstr("is none, or is broken"));
  std::string bytes = gzipped(pods(50));
  bytes[bytes.size() - 6] ^= 1;  // A byte of the checksum.
  EXPECT_THAT(inflate({bytes}).error, HasSubstr("is none, or is broken"));
  EXPECT_THAT(inflate({gzipped("x") + "rest"}).error, HasSubstr("is none, or is broken"));
}

TEST(Gunzip, AListThatSwellsAsListsDoIsTaken) {
  const std::string text = pods(200'000);
  EXPECT_EQ(inflate({gzipped(text)}, 65536).text.size(), text.size());
}

TEST(Gunzip, ABombIsRefusedBeforeItHasSwollenFar) {
  const Inflated result = inflate({gzipped(std::string(std::size_t{64} << 20U, '\0'))}, 65536);
  EXPECT_THAT(result.error, HasSubstr("swells more than"));
  EXPECT_LT(result.text.size(), std::size_t{8} << 20U);
}

}  // namespace
}  // namespace rollcall
