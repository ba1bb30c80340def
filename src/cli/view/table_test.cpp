#include "cli/view/table.hpp"

#include <sstream>

#include <gtest/gtest.h>

#include "cli/view/text_width.hpp"

namespace rollcall::cli {
namespace {

TEST(TextWidth, CountsColumns) {
  EXPECT_EQ(display_width("web"), 3U);
  EXPECT_EQ(display_width("網站"), 4U);
  EXPECT_EQ(display_width("🚀"), 2U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("\xff"), 1U);
}

TEST(TextWidth, CutsBetweenCharacters) {
  EXPECT_EQ(truncated("nginx", 5), "nginx");
  EXPECT_EQ(truncated("nginx", 4), "ngi…");
  EXPECT_EQ(truncated("網站站", 4), "網…") << "half of a wide character is none";
  EXPECT_EQ(truncated("nginx", 0), "");
}

Table names_and_images() {
  return {.columns = {{"NAME", 4}, {"IMAGE", 6}},
          .rows = {{{"web"}, {"nginx:1"}}, {{"網站"}, {"a-very-long-image-name"}}}};
}

TEST(Table, AlignsWideCharacters) {
  EXPECT_EQ(render_table(names_and_images(), 0, false),
            "NAME  IMAGE\n"
            "web   nginx:1\n"
            "網站  a-very-long-image-name\n");
}

TEST(Table, CutsTheWidestColumnToFit) {
  EXPECT_EQ(render_table(names_and_images(), 16, false),
            "NAME  IMAGE\n"
            "web   nginx:1\n"
            "網站  a-very-lo…\n");
}

TEST(Table, ColumnsThatSayNothingGoBeforeOthersAreCut) {
  const Table table{.columns = {{"NAME"}, {"GROUP"}, {"AGE"}},
                    .rows = {{{"web"}, {"-"}, {"3h"}}, {{"db"}, {"-"}, {"4d"}}}};
  EXPECT_EQ(render_table(table, 12, false), "NAME  AGE\nweb   3h\ndb    4d\n");
  EXPECT_EQ(render_table(table, 80, false), "NAME  GROUP  AGE\nweb   -      3h\ndb    -      4d\n");
}

TEST(Table, NeverPassesTheWidth) {
  for (std::size_t width = 1; width < 40; ++width) {
    std::istringstream text(render_table(names_and_images(), width, false));
    for (std::string line; std::getline(text, line);) {
      EXPECT_LE(display_width(line), width) << line;
    }
  }
}

TEST(Table, ColoursDoNotCountAsColumns) {
  const Table table{.columns = {{"A"}, {"B"}}, .rows = {{{"x", Style::green}, {"y"}}}};
  EXPECT_EQ(render_table(table, 0, true),
            "\x1b[1mA\x1b[0m  \x1b[1mB\x1b[0m\n\x1b[32mx\x1b[0m  y\n");
}

}  // namespace
}  // namespace rollcall::cli
