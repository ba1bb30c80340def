// Ten megabytes of labels each: reading them ends, and what is kept of them is small.
#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/budgets.hpp"
#include "core/labels/metadata.hpp"
#include "core/labels/readers/draft.hpp"
#include "core/reach/services.hpp"

namespace rollcall {
namespace {

constexpr std::size_t ten_megabytes = std::size_t{10} << 20U;

// Fewer and longer labels: a test need not read a million of them.
const std::string padding(200, 'x');

class LabelSet {
 public:
  void add(std::string key, std::string value) {
    size_ += key.size() + value.size();
    texts_.emplace_back(std::move(key), std::move(value));
  }
  [[nodiscard]] bool is_full() const { return size_ >= ten_megabytes; }
  [[nodiscard]] Labels labels() const {
    return Labels(std::vector<Labels::Entry>(texts_.begin(), texts_.end()));
  }

 private:
  std::deque<std::pair<std::string, std::string>> texts_;
  std::size_t size_ = 0;
};

std::size_t bytes_of(const Route& route) {
  std::size_t bytes = route.name.size() + route.source.size();
  for (const std::string& host : route.hosts) bytes += host.size();
  for (const std::string& path : route.paths) bytes += path.size();
  return bytes;
}

void expect_bounded(const MetadataReading& reading) {
  std::size_t bytes = 0;
  for (const Problem& problem : reading.problems)
    bytes += problem.where.size() + problem.what.size();
  EXPECT_LE(reading.problems.size(), readers::most_problems + 1);
  if (reading.metadata) {
    EXPECT_LE(reading.metadata->routes.size(), readers::most_routes);
    EXPECT_LE(reading.metadata->txt.size(), readers::most_txt);
    for (const Route& route : reading.metadata->routes) bytes += bytes_of(route);
  }
  for (const Overridden& one : reading.overridden) bytes += one.value.size();
  EXPECT_LT(bytes, ten_megabytes);
}

// Reads the labels as for the roll, and as for an explanation.
MetadataReading read_bounded(const LabelSet& set) {
  const Labels labels = set.labels();
  MetadataReading reading = read_metadata(labels);
  expect_bounded(reading);
  expect_bounded(explain_metadata(labels));
  return reading;
}

bool is_told(const MetadataReading& reading, std::string_view what) {
  return std::ranges::any_of(reading.problems,
                             [what](const Problem& p) { return p.what.contains(what); });
}

TEST(HostileLabels, TxtEntries) {
  LabelSet set;
  for (int i = 0; !set.is_full(); ++i) set.add(fmt::format("rollcall.txt.{}", i), padding);
  const MetadataReading reading = read_bounded(set);
  ASSERT_NE(reading.metadata, nullptr);
  EXPECT_EQ(reading.metadata->txt.size(), readers::most_txt);
  EXPECT_EQ(reading.problems.size(), 2U);
  EXPECT_TRUE(is_told(reading, "256 KiB together"));
  EXPECT_TRUE(is_told(reading, "256 TXT entries"));
}

TEST(HostileLabels, UnknownOnes) {
  LabelSet set;
  for (int i = 0; !set.is_full(); ++i) {
    set.add(fmt::format("rollcall.{}", i), padding + padding);
  }
  set.add("traefik.http.routers.web.rule", "Host(`a.example`)");
  const MetadataReading reading = read_bounded(set);
  ASSERT_NE(reading.metadata, nullptr) << "what is right is read all the same";
  EXPECT_EQ(reading.metadata->routes.size(), 1U);
  EXPECT_EQ(reading.problems.size(), readers::most_problems + 1);
  EXPECT_TRUE(is_told(reading, "more than 256 things"));
}

TEST(HostileLabels, LongKeys) {
  LabelSet set;
  for (int i = 0; !set.is_full(); ++i) {
    set.add(fmt::format("traefik.http.routers.{}{}.rule", i, std::string(2000, 'x')), "Host(`a`)");
  }
  const MetadataReading reading = read_bounded(set);
  EXPECT_EQ(reading.metadata, nullptr);
  EXPECT_EQ(reading.problems.size(), 1U);
  EXPECT_TRUE(is_told(reading, "a key may have 1024 bytes"));
}

// As many as are read: see MoreOfOneToolThanAnyoneWrites.
TEST(HostileLabels, RoutersThatDoNotChooseAmongServices) {
  LabelSet set;
  for (int i = 0; i < 750; ++i) {
    set.add(fmt::format("traefik.http.routers.r{}.rule", i), "Host(`a`)");
    set.add(fmt::format("traefik.http.services.{}{}.loadbalancer.server.port", i, padding),
            fmt::format("{}", i % 65535 + 1));
  }
  const MetadataReading reading = read_bounded(set);
  EXPECT_EQ(reading.metadata, nullptr);
  EXPECT_TRUE(is_told(reading, "which of the services"));
}

// Each with as many ways as may be, and a long key.
TEST(HostileLabels, RoutersWithManyWays) {
  std::string rule;
  for (int i = 0; i < 128; ++i) {
    rule += fmt::format("{}Host(`h{}`) && PathPrefix(`/{}`)", i == 0 ? "" : " || ", i, i);
  }
  LabelSet set;
  for (int i = 0; !set.is_full(); ++i) {
    set.add(fmt::format("traefik.http.routers.{}{}.rule", i, std::string(900, 'r')), rule);
  }
  const MetadataReading reading = read_bounded(set);
  ASSERT_NE(reading.metadata, nullptr);
  EXPECT_EQ(reading.metadata->routes.size(), readers::most_routes);
  EXPECT_TRUE(is_told(reading, "256 routes"));
  set.add("traefik.enable", "false");
  const MetadataReading disabled = read_bounded(set);
  ASSERT_NE(disabled.metadata, nullptr);
  EXPECT_TRUE(disabled.metadata->routes.empty());
}

// Alternatives that are multiplied with each other: 14,400 ways before any are one.
TEST(HostileLabels, RulesThatMultiply) {
  std::string ways;
  for (int i = 0; i < 120; ++i) {
    ways += fmt::format("{}Host(`a{}`,`b{}`)&&PathPrefix(`/{}`)", i == 0 ? "" : "||", i, i, i);
  }
  const std::string rule = fmt::format("({})&&({})&&!Method(`A`)", ways, ways);
  ASSERT_LE(rule.size(), std::size_t{16384});
  LabelSet set;
  for (int i = 0; !set.is_full(); ++i) {
    set.add(fmt::format("traefik.http.routers.r{}.rule", i), rule);
  }
  read_bounded(set);
}

TEST(HostileLabels, SitesOfManyHostsWithManyDirectives) {
  std::string hosts;
  for (int i = 0; i < 250; ++i) hosts += fmt::format("h{}.example/{} ", i, i);
  LabelSet set;
  set.add("caddy", hosts);
  for (int i = 0; !set.is_full(); ++i) {
    set.add(fmt::format("caddy.route_{}.reverse_proxy", i),
            fmt::format("/{}/* {{{{upstreams}}}} {}", i, padding));
  }
  const MetadataReading reading = read_bounded(set);
  ASSERT_NE(reading.metadata, nullptr);
  EXPECT_EQ(reading.metadata->routes.size(), readers::most_routes);
  EXPECT_TRUE(is_told(reading, "256 routes"));
}

TEST(HostileLabels, DirectivesWithinDirectives) {
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += ".a";
  LabelSet set;
  set.add("caddy", "a.example");
  for (int i = 0; !set.is_full(); ++i) {
    set.add(fmt::format("caddy{}.{}_reverse_proxy", deep, i), "other:80");
  }
  EXPECT_EQ(read_bounded(set).metadata, nullptr);
}

TEST(HostileLabels, EveryPort) {
  LabelSet set;
  for (int port = 1; port <= 65535; ++port) {
    set.add(fmt::format("SERVICE_{}_NAME", port), "x");
  }
  Instance instance;
  instance.metadata = read_bounded(set).metadata;
  ASSERT_NE(instance.metadata, nullptr);
  EXPECT_EQ(instance.metadata->ports.size(), budget::label_ports);
  EXPECT_EQ(derive_services(instance).size(), budget::label_ports);
}

// Whichever tool describes them: all ports of one instance are counted together.
TEST(HostileLabels, PortsOfSeveralTools) {
  for (const std::string_view label : {"rollcall.ports.{}.tags", "user.rollcall.ports.{}.enable",
                                       "SERVICE_{}_NAME", "SERVICE_{}_IGNORE"}) {
    LabelSet set;
    for (int port = 1; port <= 2000; ++port) set.add(fmt::format(fmt::runtime(label), port), "1");
    const MetadataReading reading = read_bounded(set);
    ASSERT_NE(reading.metadata, nullptr) << label;
    EXPECT_EQ(reading.metadata->ports.size(), budget::label_ports) << label;
    EXPECT_TRUE(is_told(reading, "256 ports")) << label;
    EXPECT_EQ(reading.problems.size(), 1U) << label;
  }
}

TEST(HostileLabels, MoreOfOneToolThanAnyoneWrites) {
  LabelSet set;
  for (int i = 0; i < 3000; ++i) set.add(fmt::format("homepage.{}", i), padding);
  set.add("rollcall.name", "shop");
  const MetadataReading reading = read_bounded(set);
  ASSERT_NE(reading.metadata, nullptr);
  EXPECT_EQ(reading.metadata->name->value, "shop") << "that is of another tool";
  EXPECT_TRUE(is_told(reading, "256 KiB together"));
}

// Each name overrides all others, and is quoted with each.
TEST(HostileLabels, ValuesThatAreOverridden) {
  LabelSet set;
  for (int i = 0; i < 200; ++i) {
    set.add(fmt::format("traefik.http.services.{}{}.loadbalancer.healthcheck.path", i,
                        std::string(900, 's')),
            "/");
  }
  read_bounded(set);
}

TEST(HostileLabels, SnippetsThatAreImportedOften) {
  LabelSet set;
  set.add("caddy_0", "(s)");
  set.add("caddy_1", "a.example");
  for (int i = 0; i < 450; ++i) {
    set.add(fmt::format("caddy_0.reverse_proxy_{}", i), "other:80 # " + padding);
    set.add(fmt::format("caddy_1.import_{}", i), "s " + padding);
  }
  EXPECT_TRUE(is_told(read_bounded(set), "an instance may import 4096 directives"));
}

TEST(HostileLabels, SnippetsOfSnippetsWithLongArgumentsAreBounded) {
  LabelSet set;
  set.add("caddy_0", "(inner)");
  set.add("caddy_0.reverse_proxy", "other:80");
  set.add("caddy_1", "(middle)");
  std::string words = "inner";
  for (int i = 0; i < 200; ++i) words += " {args[0]}";
  for (int i = 0; i < 60; ++i) set.add(fmt::format("caddy_1.import_{}", i), words);
  set.add("caddy_2", "a.example");
  for (int i = 0; i < 60; ++i) set.add(fmt::format("caddy_2.import_{}", i), "middle");
  set.add("caddy_2.import", "middle " + std::string(50'000, 'x'));
  EXPECT_TRUE(is_told(read_bounded(set), "an instance may import 4096 directives"));
}

TEST(HostileLabels, FieldsThatTraefikDoesNotKnow) {
  LabelSet set;
  for (int i = 0; !set.is_full(); ++i) {
    set.add(fmt::format("traefik.http.services.{}.loadbalancer.server.prot", i), padding);
  }
  EXPECT_TRUE(is_told(read_bounded(set), "did you mean 'port'?"));
}

}  // namespace
}  // namespace rollcall
