#include "cli/view/explain_view.hpp"

#include <string>
#include <vector>

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/labels/metadata.hpp"
#include "support/shown_instances.hpp"

namespace rollcall::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view bad_rule = "Host(`a.example`) && && Path(`/`)";

Instance shop() {
  Instance instance = web_instance();
  PortMapping port;
  port.container_port = 80;
  port.host_port = 8080;
  port.host_ip = "0.0.0.0";
  port.scope = PortScope::published;
  instance.ports = {port};
  instance.labels = Labels({{"koi.name", "Shop"},
                            {"homepage.name", "My shop"},
                            {"traefik.http.routers.bad.rule", bad_rule}});
  MetadataReading reading = read_metadata(instance.labels);
  instance.metadata = reading.metadata;
  instance.problems = reading.problems;
  return instance;
}

std::string shown(const Instance& instance) {
  const InstancePtr it = shared(instance);
  const std::vector<InstancePtr> all{it};
  const FormatContext context{.now = Timestamp{},
                              .detail = Detail::full,
                              .name_of = [](const auto&, const auto&) { return std::string(); }};
  return explain_view(explain(it, all), context, 0, false);
}

TEST(ExplainView, TellsEachValueWithItsLabel) {
  EXPECT_THAT(shown(shop()), HasSubstr("name   Shop  koi.name"));
  EXPECT_THAT(shown(web_instance()), HasSubstr("nothing that concerns Rollcall"));
}

TEST(ExplainView, TellsWhatIsOverriddenByWhat) {
  EXPECT_THAT(shown(shop()), HasSubstr("name   My shop   homepage.name  koi.name"));
}

TEST(ExplainView, PointsAtTheError) {
  EXPECT_THAT(shown(shop()), HasSubstr("    Host(`a.example`) && && Path(`/`)\n"
                                       "                         ^\n"));
}

TEST(ExplainView, TellsWhereClientsFindIt) {
  const std::string text = shown(shop());
  EXPECT_THAT(text, HasSubstr("127.0.0.1:8080"));
  EXPECT_THAT(text, HasSubstr("172.17.0.2:80"));
  EXPECT_THAT(text, HasSubstr("any of the host:8080"));
  EXPECT_THAT(text, HasSubstr("_http._tcp"));
}

TEST(ExplainView, TellsWhetherItWouldBeRegistered) {
  EXPECT_THAT(shown(shop()), HasSubstr("Would it be registered?\n  yes\n  labels_unclear"));
  Instance off = shop();
  Metadata metadata = *off.metadata;
  metadata.enable = {.value = false, .source = "koi.enable"};
  off.metadata = std::make_shared<const Metadata>(metadata);
  EXPECT_THAT(shown(off), HasSubstr("no\n  disabled        koi.enable says so"));
}

TEST(Explanation, TheLabelIsUniqueAmongWhatWouldBeRegistered) {
  Instance older = shop();
  older.key.id = "older";
  older.created_at = Timestamp{};
  const InstancePtr it = shared(shop());
  EXPECT_NE(explain(it, std::vector{it, shared(older)}).dns_label, "shop");
  older.state = InstanceState::stopped;
  EXPECT_EQ(explain(it, std::vector{it, shared(older)}).dns_label, "shop");
}

TEST(ExplainView, TellsThatNotAllWereAsked) {
  const InstancePtr it = shared(shop());
  Explanation explanation = explain(it, std::vector{it});
  const FormatContext context{.now = Timestamp{}, .detail = Detail::full, .name_of = {}};
  EXPECT_FALSE(to_json(explanation).contains("dns_label_partial"));
  explanation.label_is_partial = true;
  EXPECT_TRUE(to_json(explanation).at("dns_label_partial").as_bool());
  EXPECT_THAT(explain_view(explanation, context, 0, false),
              HasSubstr("shop (unique among what was asked)"));
}

TEST(ExplainView, IsSafeForATerminal) {
  Instance hostile = shop();
  hostile.name = "a\x1b[31m";
  hostile.image = "b\x1b[31m";
  hostile.labels = Labels({{"koi.name", "\x1b[31m"}, {"rollcall.txt.a", "\x1b[31m\u202e"}});
  MetadataReading reading = read_metadata(hostile.labels);
  hostile.metadata = reading.metadata;
  hostile.problems = reading.problems;
  const std::string text = shown(hostile);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\u202e")));
}

TEST(PointedAt, ThePartOfALongValueAroundTheError) {
  const std::string value = std::string(100, 'a') + "!" + std::string(100, 'b');
  EXPECT_EQ(pointed_at(value, 101), "    …" + std::string(48, 'a') + "!" + std::string(23, 'b') +
                                        "…\n    " + std::string(49, ' ') + "^\n");
}

TEST(PointedAt, TheCaretCountsColumnsNotBytes) {
  EXPECT_EQ(pointed_at("例え!", 7), "    例え!\n        ^\n");
  EXPECT_EQ(pointed_at("\x1b!", 2), "    \\x1b!\n        ^\n");
  EXPECT_EQ(pointed_at("ü", 2), "    ü\n    ^\n") << "never inside a character";
}

TEST(PointedAt, TheEnd) {
  EXPECT_EQ(pointed_at("ab", 3), "    ab\n      ^\n");
  EXPECT_EQ(pointed_at("", 1), "    \n    ^\n");
  EXPECT_EQ(pointed_at("ab", 99), "    ab\n      ^\n");
}

TEST(ExplanationJson, HasAllParts) {
  const InstancePtr it = shared(shop());
  const auto document = to_json(explain(it, std::vector{it}));
  EXPECT_EQ(document.at("instance").at("name").as_string(), "web");
  EXPECT_EQ(document.at("dns_label").as_string(), "shop");
  EXPECT_EQ(boost::json::serialize(document.at("overridden")),
            R"([{"field":"name","value":"My shop","source":"homepage.name","by":"koi.name"}])");
  const auto& service = document.at("services").at(0);
  EXPECT_EQ(boost::json::serialize(service.at("type")),
            R"({"value":"_http._tcp","source":"port table"})");
  EXPECT_EQ(service.at("primary").as_string(), "it is the only one");
  EXPECT_EQ(boost::json::serialize(service.at("reach").at(2)),
            R"({"from":"elsewhere","reason":"published","any_of_host":true,"port":8080,)"
            R"("why":"the host forwards the port from all of its addresses"})");
  EXPECT_EQ(document.at("registration").at("registered").as_bool(), true);
  EXPECT_EQ(document.at("registration").at("notes").at(0).at("reason").as_string(),
            "labels_unclear");
  EXPECT_EQ(document.at("instance").at("problems").at(0).at("position").to_number<int>(), 22);
}

}  // namespace
}  // namespace rollcall::cli
