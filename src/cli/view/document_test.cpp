#include "cli/view/document.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "support/shown_instances.hpp"

namespace rollcall::cli {
namespace {

TEST(Document, JsonHoldsAllInstances) {
  const auto value = boost::json::parse(json_document(std::vector{shared(web_instance())}));
  EXPECT_EQ(value.at("instances").at(0).at("name").as_string(), "web");
}

TEST(Document, JsonIsIndentedLikeAnyOtherValue) {
  const std::vector all = {shared(web_instance()), shared(web_instance())};
  const std::string text = json_document(all);
  EXPECT_EQ(text, indented_json(boost::json::parse(text)));
}

TEST(Document, NoInstancesAreAnEmptyList) {
  EXPECT_EQ(json_document({}), "{\n  \"instances\": []\n}\n");
  EXPECT_EQ(json_lines({}), "");
  EXPECT_EQ(YAML::Load(yaml_document({}))["instances"].size(), 0U);
}

TEST(Document, LinesAreWholeInstances) {
  const std::vector all = {shared(web_instance()), shared(web_instance())};
  const std::string lines = json_lines(all);
  EXPECT_EQ(std::ranges::count(lines, '\n'), 2);
}

TEST(Document, YamlQuotesWhatIsNoText) {
  for (const std::string name : {"true", "NO", "1", "1e3", "0x1f", "1:30", "null", "~", "", "a: b",
                                 "2026-11-21", ".inf", "- x", "#c", "a:", "line\nbreak"}) {
    Instance instance = web_instance();
    instance.image = name;
    instance.labels = Labels({{"yes", name}});
    const std::string text = yaml_document(std::vector{shared(std::move(instance))});
    const YAML::Node labels = YAML::Load(text)["instances"][0]["labels"];
    EXPECT_EQ(labels["yes"].as<std::string>(), name);
    EXPECT_EQ(labels["yes"].Tag(), "!") << text << ": it must be quoted";
  }
  const std::string text = yaml_document(std::vector{shared(web_instance())});
  EXPECT_NE(text.find("image: nginx:1\n"), std::string::npos) << text;
}

TEST(Document, NothingThatATerminalActsOnStandsBareInJsonOrYaml) {
  const std::string evil = "a\x7f\u009b31m\u0085\u00ad\u200b\u202e\u2066\u2028\ufeff\U000e0041b";
  Instance instance = web_instance();
  instance.image = evil;
  instance.labels = Labels({{evil, evil}});
  const std::vector all = {shared(std::move(instance))};
  for (const std::string& text : {json_document(all), json_lines(all), yaml_document(all)}) {
    for (const char* bare : {"\x7f", "\u009b", "\u0085", "\u00ad", "\u200b", "\u202e", "\u2066",
                             "\u2028", "\ufeff", "\U000e0041"}) {
      EXPECT_FALSE(text.contains(bare)) << text;
    }
  }
  const auto json = boost::json::parse(json_document(all)).at("instances").at(0);
  EXPECT_EQ(json.at("image").as_string(), evil);
  EXPECT_EQ(json.at("labels").at(evil).as_string(), evil);
  const YAML::Node yaml = YAML::Load(yaml_document(all))["instances"][0];
  EXPECT_EQ(yaml["image"].as<std::string>(), evil);
  EXPECT_EQ(yaml["labels"][evil].as<std::string>(), evil);
}

}  // namespace
}  // namespace rollcall::cli
