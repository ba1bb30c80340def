#include "cli/view/format.hpp"

#include <gtest/gtest.h>

#include "support/shown_instances.hpp"

namespace rollcall::cli {
namespace {

std::string formatted(std::string_view text) {
  const auto format = Format::parse(text);
  if (!format) return "error: " + format.error();
  const FormatContext context{
      .now = {},
      .detail = Detail::shortened,
      .name_of = [](const InstanceKey&, const std::string&) { return std::string(); }};
  return format->apply(web_instance(), context);
}

TEST(Format, FieldsAndText) {
  EXPECT_EQ(formatted("{{.Name}}: {{ .Image }}!"), "web: nginx:1!");
  EXPECT_EQ(formatted("{{.Name}}\\t{{.ID}}"), "web\taaaaaaaaaaaa");
  EXPECT_EQ(formatted("plain"), "plain");
}

TEST(Format, ATableHasATitleForEachField) {
  const auto format = Format::parse("table {{.Name}}\\t{{.CreatedAt}}:{{.ID}}");
  ASSERT_TRUE(format);
  EXPECT_TRUE(format->is_table());
  EXPECT_EQ(format->header(), "NAME\tCREATED AT:ID");
  EXPECT_EQ(formatted("table {{.Name}}"), "web");
  EXPECT_FALSE(Format::parse("tables {{.Name}}")->is_table());
  EXPECT_NE(formatted("table {{.Nam}}").find("did you mean"), std::string::npos);
  EXPECT_NE(formatted("table ").find("--output table"), std::string::npos);
  EXPECT_NE(formatted("json").find("--output json"), std::string::npos);
}

TEST(Format, Json) {
  const std::string text = formatted("{{json .}}");
  EXPECT_EQ(text.front(), '{');
  EXPECT_NE(text.find("\"name\":\"web\""), std::string::npos);
}

TEST(Format, UnknownFieldsListTheKnown) {
  const std::string error = formatted("{{.Nam}}");
  EXPECT_NE(error.find("'{{.Nam}}'"), std::string::npos) << error;
  EXPECT_NE(error.find("did you mean 'Name'?"), std::string::npos) << error;
  EXPECT_NE(error.find(".Ports"), std::string::npos) << error;
}

TEST(Format, Mistakes) {
  EXPECT_NE(formatted("{{.Name").find("not closed"), std::string::npos);
  EXPECT_NE(formatted("").find("empty"), std::string::npos);
  EXPECT_NE(formatted("{{Name}}").find("no field"), std::string::npos);
}

}  // namespace
}  // namespace rollcall::cli
