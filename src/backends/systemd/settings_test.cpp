#include "backends/systemd/settings.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.hpp"

namespace rollcall::systemd {
namespace {

using testing::SizeIs;

class SettingsBookTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    folder_.write(name, text);
    return folder_.path() / name;
  }

  support::TempFolder folder_;
  SettingsBook book_;
};

std::size_t settings_in(const SettingsRead& read) {
  return read.settings.size();
}

TEST_F(SettingsBookTest, FilesThatBecomeKnownLaterAreRead) {
  const std::string fragment = write("web.service", "[X-Rollcall]\nName=web\n");
  EXPECT_EQ(settings_in(book_.of("web.service", "", {})), 0U);
  EXPECT_EQ(settings_in(book_.of("web.service", fragment, {})), 1U);
  const std::string drop_in = write("port.conf", "[X-Rollcall]\nPort=80\n");
  EXPECT_EQ(settings_in(book_.of("web.service", fragment, {drop_in})), 2U);
}

TEST_F(SettingsBookTest, AnEditedFileCountsFromTheNextReloadOn) {
  const std::string fragment = write("web.service", "[X-Rollcall]\nName=web\n");
  EXPECT_EQ(settings_in(book_.of("web.service", fragment, {})), 1U);
  write("web.service", "[X-Rollcall]\nName=web\nPort=80\n");
  EXPECT_EQ(settings_in(book_.of("web.service", fragment, {})), 1U);
  EXPECT_TRUE(book_.edited("web.service", fragment, {}));
  EXPECT_FALSE(book_.edited("web.service", fragment, {}));
  book_.forget();
  EXPECT_EQ(settings_in(book_.of("web.service", fragment, {})), 2U);
}

TEST_F(SettingsBookTest, AFileThatIsTooLargeIsAProblemAndNotCut) {
  const std::string padding(std::size_t{1} << 20U, '#');
  const std::string fragment = write("web.service", "[X-Rollcall]\nName=web\n" + padding);
  const SettingsRead& read = book_.of("web.service", fragment, {});
  EXPECT_EQ(settings_in(read), 0U);
  ASSERT_THAT(read.problems, SizeIs(1));
  EXPECT_THAT(read.problems[0].what, testing::HasSubstr("larger than 1 MiB"));
}

TEST_F(SettingsBookTest, AFileThatCannotBeReadIsAProblem) {
  const SettingsRead& read = book_.of("web.service", folder_.path() / "gone.service", {});
  EXPECT_EQ(settings_in(read), 0U);
  EXPECT_THAT(read.problems, SizeIs(1));
}

}  // namespace
}  // namespace rollcall::systemd
