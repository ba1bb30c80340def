#include "backends/systemd/unit_file.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::systemd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

Settings read(std::vector<std::string> texts, std::string_view unit = "web.service") {
  return read_settings(unit, texts);
}

TEST(UnitFile, OurKeysCountInAnySection) {
  EXPECT_THAT(read({"[Unit]\nX-Rollcall-Enable=yes\n[Service]\nX-Koi-Name = Wiki \n"
                    "[Install]\nX-Rollcall-Type=_http._tcp\n"}),
              ElementsAre(Pair("koi.name", "Wiki"), Pair("rollcall.enable", "yes"),
                          Pair("rollcall.type", "_http._tcp")));
}

TEST(UnitFile, BareNamesCountInOurSectionsAlone) {
  EXPECT_THAT(read({"[Service]\nName=nobody\n[X-Rollcall]\nName=Wiki\n[X-Koi]\nName=Koi\n"
                    "[X-Other]\nName=other\n"}),
              ElementsAre(Pair("koi.name", "Koi"), Pair("rollcall.name", "Wiki")));
}

TEST(UnitFile, EachNameHasItsLabel) {
  struct Row {
    const char* key;
    const char* label;
  };
  for (const Row& row :
       {Row{"Enable", "rollcall.enable"}, Row{"Announce", "rollcall.announce"},
        Row{"Type", "rollcall.type"}, Row{"Name", "rollcall.name"},
        Row{"DnsName", "rollcall.dns.name"}, Row{"HealthPath", "rollcall.health.path"},
        Row{"HealthKind", "rollcall.health.kind"},
        Row{"HealthInterval", "rollcall.health.interval"},
        Row{"HealthTimeout", "rollcall.health.timeout"}, Row{"ProxyPort", "rollcall.proxy.port"},
        Row{"ProxyRemote", "rollcall.proxy.remote"}, Row{"Certmesh", "rollcall.certmesh"},
        Row{"Port", "rollcall.port"}, Row{"Tags", "rollcall.tags"},
        Row{"ScrapePort", "rollcall.scrape.port"}, Row{"DisplayHref", "rollcall.display.href"},
        Row{"Txt-Version", "rollcall.txt.Version"}, Row{"Unknown", "rollcall.unknown"}}) {
    const std::string key = row.key;
    EXPECT_THAT(read({"[Unit]\nX-Rollcall-" + key + "=v\n"}), ElementsAre(Pair(row.label, "v")));
    EXPECT_THAT(read({"[X-Rollcall]\n" + key + "=v\n"}), ElementsAre(Pair(row.label, "v")));
  }
}

TEST(UnitFile, ADropInReplacesTakesBackAndAdds) {
  EXPECT_THAT(read({"[Service]\nX-Rollcall-Name=a\nX-Rollcall-ProxyPort=1\n",
                    "[Service]\nX-Rollcall-Name=b\n",
                    "[Service]\nX-Rollcall-ProxyPort=\nX-Rollcall-Enable=no\n"}),
              ElementsAre(Pair("rollcall.enable", "no"), Pair("rollcall.name", "b")));
}

TEST(UnitFile, SectionsDoNotReachIntoTheNextFile) {
  EXPECT_THAT(read({"[X-Rollcall]\n", "Name=a\n"}), IsEmpty());
}

TEST(UnitFile, LinesAreJoinedAndCommentsSkippedAsSystemdDoes) {
  EXPECT_THAT(read({"[X-Rollcall]\r\n# Name=no\n; Name=no\nName=a \\\n# between\n  b\\\nc\n"}),
              ElementsAre(Pair("rollcall.name", "a    b c")));
  EXPECT_THAT(read({"\xEF\xBB\xBF[X-Rollcall]\nName=first line\n"}),
              ElementsAre(Pair("rollcall.name", "first line")));
  EXPECT_THAT(read({"[X-Rollcall]\nName=last line\\"}),
              ElementsAre(Pair("rollcall.name", "last line")));
  EXPECT_THAT(read({"[X-Rollcall]\nName=a\\\\\nPort=80\nTags=b\\\\\\\nc\n"}),
              ElementsAre(Pair("rollcall.name", "a\\\\"), Pair("rollcall.port", "80"),
                          Pair("rollcall.tags", "b\\\\ c")));
}

TEST(UnitFile, SpecifiersOfTheNameAreExpanded) {
  EXPECT_THAT(read({"[X-Rollcall]\nName=%p-%i %n 100%% %u %\n"}, "web@8080.service"),
              ElementsAre(Pair("rollcall.name", "web-8080 web@8080.service 100% %u %")));
  EXPECT_THAT(read({"[X-Rollcall]\nName=%p[%i]\n"}), ElementsAre(Pair("rollcall.name", "web[]")));
}

TEST(UnitFile, NothingElseIsLookedAt) {
  EXPECT_THAT(read({"[Service]\nEnvironment=X-Rollcall-Name=a SECRET=b\nExecStart=/bin/true\n"
                    "rubbish\n=\n[\n\\\n"}),
              IsEmpty());
  EXPECT_THAT(read({}), IsEmpty());
}

TEST(UnitFile, AnyBytesAreReadWithoutHarm) {
  std::string text = "[X-Rollcall]\nName=a\\\n";
  for (std::size_t i = 0; i <= text.size(); ++i) read({text.substr(0, i)});
  for (int byte = 0; byte < 256; ++byte) {
    std::string changed = text;
    for (char& c : changed) {
      const char before = std::exchange(c, static_cast<char>(byte));
      read({changed});
      c = before;
    }
  }
}

}  // namespace
}  // namespace rollcall::systemd
