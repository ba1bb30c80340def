#include "core/labels/metadata.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

using namespace std::chrono_literals;

MetadataReading read(const std::vector<Labels::Entry>& entries) {
  return read_metadata(Labels(entries));
}

// Reads one good label.
Metadata good(std::string_view key, std::string_view value) {
  MetadataReading reading = read({{key, value}});
  EXPECT_TRUE(reading.problems.empty()) << key << "=" << value;
  EXPECT_NE(reading.metadata, nullptr) << key << "=" << value;
  return reading.metadata ? *reading.metadata : Metadata{};
}

// Reads one bad label; what is said about it.
std::string complaint(std::string_view key, std::string_view value) {
  MetadataReading reading = read({{key, value}});
  EXPECT_EQ(reading.metadata, nullptr) << key << "=" << value;
  EXPECT_EQ(reading.problems.size(), 1U) << key << "=" << value;
  if (reading.problems.empty()) return {};
  EXPECT_EQ(reading.problems[0].where, key);
  return reading.problems[0].what;
}

template <class T>
std::optional<T> value_of(const Metadata::Maybe<T>& maybe) {
  return maybe ? std::optional(maybe->value) : std::nullopt;
}

TEST(Metadata, LabelsOfNobodySayNothing) {
  const auto reading = read({{"maintainer", "x"}, {"koi", "x"}, {"rollcallx.enable", "1"}});
  EXPECT_EQ(reading.metadata, nullptr);
  EXPECT_TRUE(reading.problems.empty());
}

TEST(Metadata, StaysSmall) {
  EXPECT_LE(sizeof(Metadata), 536U) << "thousands of instances have one; docs/decisions/0011";
}

TEST(Metadata, EachValueTellsTheLabelThatItCameFrom) {
  EXPECT_EQ(good("koi.enable", "true").enable->source, "koi.enable");
  EXPECT_EQ(good("rollcall.txt.a", "b").txt.at(0).value.source, "rollcall.txt.a");
}

TEST(Metadata, EveryLabelHasItsField) {
  EXPECT_EQ(value_of(good("rollcall.enable", "true").enable), true);
  EXPECT_EQ(value_of(good("rollcall.announce", "false").announce), false);
  EXPECT_EQ(value_of(good("rollcall.type", "_http._tcp").type), "_http._tcp");
  EXPECT_EQ(value_of(good("rollcall.name", "Web shop").name), "Web shop");
  EXPECT_EQ(value_of(good("rollcall.dns.name", "web.lan").dns_name), "web.lan");
  EXPECT_EQ(value_of(good("rollcall.health.path", "/healthz").health->path), "/healthz");
  EXPECT_EQ(value_of(good("rollcall.health.kind", "tcp").health->kind), "tcp");
  EXPECT_EQ(value_of(good("rollcall.health.interval", "10s").health->interval), 10s);
  EXPECT_EQ(value_of(good("rollcall.health.timeout", "500ms").health->timeout), 500ms);
  EXPECT_EQ(value_of(good("rollcall.proxy.port", "8080").proxy->port), 8080);
  EXPECT_EQ(value_of(good("rollcall.proxy.remote", "yes").proxy->remote), true);
  EXPECT_EQ(value_of(good("rollcall.certmesh", "on").certmesh), true);
}

TEST(Metadata, BooleansAreCaseBlindWords) {
  for (const std::string_view yes : {"true", "TRUE", "yes", "1", "On"}) {
    EXPECT_EQ(value_of(good("koi.enable", yes).enable), true) << yes;
  }
  for (const std::string_view no : {"false", "False", "no", "0", "OFF"}) {
    EXPECT_EQ(value_of(good("koi.enable", no).enable), false) << no;
  }
  EXPECT_EQ(complaint("koi.enable", "maybe"), "\"maybe\" is not a boolean: write true or false");
  EXPECT_FALSE(complaint("koi.enable", "").empty());
}

TEST(Metadata, AServiceTypeIsKeptAsItIsWritten) {
  EXPECT_EQ(value_of(good("koi.type", "http").type), "http");
  EXPECT_EQ(value_of(good("koi.type", "_dns-sd._udp").type), "_dns-sd._udp");
  for (const std::string_view bad : {"", "_http", "_http._tls", "-http", "a--b", "123",
                                     "sixteenletters16", "ht tp", "_._tcp", "_a._b._tcp"}) {
    EXPECT_TRUE(complaint("koi.type", bad).contains("_http._tcp")) << bad;
  }
}

TEST(Metadata, ADnsNameIsMadeOfLabels) {
  EXPECT_EQ(value_of(good("koi.dns.name", "a-1.lan.").dns_name), "a-1.lan.");
  for (const std::string_view bad : {"", ".", "a..b", "-a.lan", "a-.lan", "a b", "ü.lan"}) {
    EXPECT_TRUE(complaint("koi.dns.name", bad).contains("web.lan")) << bad;
  }
  EXPECT_FALSE(complaint("koi.dns.name", std::string(64, 'a')).empty());
}

TEST(Metadata, ANameMayBeAnyTextThatCanBeShown) {
  EXPECT_EQ(value_of(good("koi.name", "Bücher 🐋").name), "Bücher 🐋");
  EXPECT_TRUE(complaint("koi.name", "a\x1b[1m").contains("\\x1b")) << "and is quoted harmlessly";
  EXPECT_FALSE(complaint("koi.name", std::string(64, 'a')).empty());
}

TEST(Metadata, AHealthPathIsAPathOrAUrl) {
  EXPECT_EQ(value_of(good("koi.health.path", "https://x:1/h").health->path), "https://x:1/h");
  for (const std::string_view bad : {"", "healthz", "http://", "/a b", "/a\n", "ftp://x/"}) {
    EXPECT_TRUE(complaint("koi.health.path", bad).contains("/healthz")) << bad;
  }
}

TEST(Metadata, AHealthKindIsOneOfFew) {
  EXPECT_EQ(value_of(good("koi.health.kind", "HTTP").health->kind), "http");
  EXPECT_TRUE(complaint("koi.health.kind", "icmp").contains("http, https, tcp or none"));
}

TEST(Metadata, DurationsAreWrittenAsInGo) {
  const auto interval = [](std::string_view text) {
    return value_of(good("koi.health.interval", text).health->interval);
  };
  EXPECT_EQ(interval("1m30s"), 90s);
  EXPECT_EQ(interval("1.5h"), 90min);
  EXPECT_EQ(interval("0.1s"), 100ms);
  EXPECT_EQ(interval("1s2000us"), 1002ms);
}

TEST(Metadata, ADurationThatIsNonePositiveOrEndlessIsAProblem) {
  for (const std::string_view bad : {"", "10", "s", "0s", "-5s", "1m-5s", "10 s", "10x", "infs",
                                     "nans", "1e3s", "+1s", "100us", "999999999h", "1..5s", "."}) {
    EXPECT_TRUE(complaint("koi.health.timeout", bad).contains("1m30s")) << bad;
  }
  EXPECT_FALSE(complaint("koi.health.timeout", std::string(4000, '9') + "s").empty());
}

TEST(Metadata, APortIsFrom1To65535) {
  EXPECT_EQ(value_of(good("koi.proxy.port", "65535").proxy->port), 65535);
  for (const std::string_view bad : {"", "0", "65536", "-1", "80/tcp", " 80", "http"}) {
    EXPECT_TRUE(complaint("koi.proxy.port", bad).contains("1 to 65535")) << bad;
  }
}

TEST(Metadata, TxtRecordsAreSortedByKey) {
  const auto reading = read({{"koi.txt.b", "2"}, {"rollcall.txt.c", "3"}, {"koi.txt.a", ""}});
  ASSERT_NE(reading.metadata, nullptr);
  ASSERT_EQ(reading.metadata->txt.size(), 3U);
  EXPECT_EQ(reading.metadata->txt[0].key, "a");
  EXPECT_EQ(reading.metadata->txt[0].value.value, "");
  EXPECT_EQ(reading.metadata->txt[1].key, "b");
  EXPECT_EQ(reading.metadata->txt[2].key, "c");
}

TEST(Metadata, ATxtRecordThatDnsSdCannotCarryIsAProblem) {
  EXPECT_FALSE(complaint("koi.txt.", "x").empty());
  EXPECT_FALSE(complaint("koi.txt.a=b", "x").empty());
  EXPECT_FALSE(complaint("koi.txt.ä", "x").empty());
  EXPECT_EQ(good("koi.txt.a", std::string(253, 'x')).txt.size(), 1U);
  EXPECT_FALSE(complaint("koi.txt.a", std::string(254, 'x')).empty());
}

TEST(Metadata, RollcallBeatsKoiValueByValue) {
  const auto reading = read({{"koi.announce", "false"},
                             {"koi.name", "koi"},
                             {"koi.txt.a", "koi"},
                             {"rollcall.announce", "true"},
                             {"rollcall.txt.a", "rollcall"}});
  ASSERT_NE(reading.metadata, nullptr);
  EXPECT_TRUE(reading.problems.empty());
  EXPECT_EQ(value_of(reading.metadata->announce), true);
  EXPECT_EQ(reading.metadata->announce->source, "rollcall.announce");
  EXPECT_EQ(value_of(reading.metadata->name), "koi");
  ASSERT_EQ(reading.metadata->txt.size(), 1U);
  EXPECT_EQ(reading.metadata->txt[0].value.value, "rollcall");
}

TEST(Metadata, AMalformedStrongerValueDoesNotHideAGoodWeakerOne) {
  const auto reading = read({{"koi.proxy.port", "80"}, {"rollcall.proxy.port", "http"}});
  ASSERT_NE(reading.metadata, nullptr);
  EXPECT_EQ(value_of(reading.metadata->proxy->port), 80);
  ASSERT_EQ(reading.problems.size(), 1U);
  EXPECT_EQ(reading.problems[0].where, "rollcall.proxy.port");
}

TEST(Metadata, ATypoIsToldWithWhatWasProbablyMeant) {
  EXPECT_EQ(complaint("rollcall.enabled", "1"), "unknown label; did you mean rollcall.enable?");
  EXPECT_EQ(complaint("koi.heatlh.path", "/"), "unknown label; did you mean koi.health.path?");
  EXPECT_EQ(complaint("koi.Enable", "1"), "unknown label; did you mean koi.enable?");
  EXPECT_EQ(complaint("Koi.enable", "1"), "unknown label; did you mean koi.enable?");
}

TEST(Metadata, AnUnknownLabelThatIsLikeNoneGetsTheWholeList) {
  const std::string what = complaint("koi.colour", "red");
  EXPECT_TRUE(what.starts_with("unknown label")) << what;
  EXPECT_TRUE(what.contains("health.interval")) << what;
  EXPECT_TRUE(what.contains("txt.KEY")) << what;
}

TEST(Metadata, ProblemsAreSorted) {
  const auto reading = read({{"rollcall.zzz", ""}, {"koi.enable", "x"}, {"rollcall.enable", "x"}});
  ASSERT_EQ(reading.problems.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(reading.problems));
}

TEST(Metadata, HugeLabelsMakeShortProblems) {
  const std::string huge(1 << 20, 'x');
  const std::string key = "koi." + huge;
  for (const auto& reading : {read({{key, huge}}), read({{"koi.enable", huge}})}) {
    ASSERT_EQ(reading.problems.size(), 1U);
    EXPECT_LT(reading.problems[0].where.size() + reading.problems[0].what.size(), 1000U);
  }
}

}  // namespace
}  // namespace rollcall
