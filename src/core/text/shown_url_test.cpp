#include "core/text/shown_url.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(ShownUrl, HasNothingThatMayBeSecret) {
  for (const auto& [url, shown] :
       std::vector<std::pair<std::string, std::string>>{{"tcp://h:1", "tcp://h:1"},
                                                        {"tcp://bob:pw@h:1", "tcp://h:1"},
                                                        {"tcp://bob:p@w/x@h:1", "tcp://h:1"},
                                                        {"tcp://bob:pw%40h:1", "tcp://h:1"},
                                                        {"bob:pw@h", "h"},
                                                        {"ssh://bob@h", "ssh://bob@h"},
                                                        {"ssh://bob:pw@h", "ssh://h"},
                                                        {"https://h:1/?token=pw", "https://h:1/…"},
                                                        {"https://h:1#pw", "https://h:1…"},
                                                        {"/run/a@b.sock", "/run/a@b.sock"},
                                                        {"unix:///run/a?b", "unix:///run/a?b"},
                                                        {"", ""}}) {
    EXPECT_EQ(shown_url(url), shown) << url;
  }
}

}  // namespace
}  // namespace rollcall
