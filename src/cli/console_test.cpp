#include "cli/console.hpp"

#include <map>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace rollcall::cli {
namespace {

bool colours_with(const std::map<std::string, std::string, std::less<>>& variables) {
  return terminal_has_colours([&](std::string_view name) -> std::optional<std::string> {
    const auto at = variables.find(name);
    return at == variables.end() ? std::nullopt : std::optional(at->second);
  });
}

TEST(Console, ColoursWantATerminalThatIsKnownToHaveThem) {
  EXPECT_TRUE(colours_with({{"TERM", "xterm"}}));
  EXPECT_TRUE(colours_with({{"TERM", "xterm"}, {"NO_COLOR", ""}}));
  EXPECT_FALSE(colours_with({{"TERM", "xterm"}, {"NO_COLOR", "1"}}));
  EXPECT_FALSE(colours_with({{"TERM", "dumb"}}));
  EXPECT_FALSE(colours_with({{"TERM", ""}}));
  EXPECT_FALSE(colours_with({}));
}

}  // namespace
}  // namespace rollcall::cli
