#include "cli/document.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "cli/test_instances.hpp"

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

}  // namespace
}  // namespace rollcall::cli
