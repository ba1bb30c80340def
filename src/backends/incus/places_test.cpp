#include "backends/incus/places.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.hpp"

namespace rollcall::incus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Environment = std::map<std::string, std::string, std::less<>>;

BackendOptions options_with(Environment environment) {
  BackendOptions options;
  options.getenv = [environment](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  return options;
}

std::vector<std::string> shown(const BackendOptions& options) {
  const auto found = places(options);
  EXPECT_TRUE(found) << (found ? "" : found.error().describe());
  std::vector<std::string> lines;
  if (!found) return lines;
  for (const Place& place : *found) lines.push_back(place.url + " by " + place.source);
  return lines;
}

TEST(IncusPlaces, TheUsualFoldersOfBothFamilies) {
  EXPECT_THAT(shown(options_with({})),
              ElementsAre(HasSubstr("unix:///run/incus/unix.socket"),
                          HasSubstr("unix:///var/lib/incus/unix.socket"),
                          HasSubstr("unix:///var/lib/lxd/unix.socket"),
                          HasSubstr("unix:///var/snap/lxd/common/lxd/unix.socket")));
}

TEST(IncusPlaces, WhatTheUserNamesIsTheOnlyOne) {
  BackendOptions options = options_with({{"INCUS_SOCKET", "/other"}});
  options.endpoint = "/run/x.sock";
  EXPECT_THAT(shown(options), ElementsAre("unix:///run/x.sock by --endpoint"));
  options.endpoint = "https://incus.example";
  EXPECT_THAT(shown(options), ElementsAre("https://incus.example:8443 by --endpoint"));
}

TEST(IncusPlaces, TheVariablesOfAFamilyDecide) {
  EXPECT_THAT(shown(options_with({{"INCUS_SOCKET", "/a"}, {"INCUS_DIR", "/b"}})),
              ElementsAre("unix:///a by INCUS_SOCKET"));
  EXPECT_THAT(shown(options_with({{"INCUS_DIR", "/b"}})),
              ElementsAre("unix:///b/unix.socket by INCUS_DIR"));
  EXPECT_THAT(shown(options_with({{"LXD_DIR", "/d"}})),
              ElementsAre("unix:///d/unix.socket by LXD_DIR"));
  EXPECT_THAT(shown(options_with({{"INCUS_DIR", "/b"}, {"LXD_SOCKET", "/c"}})),
              ElementsAre("unix:///b/unix.socket by INCUS_DIR", "unix:///c by LXD_SOCKET"));
}

TEST(IncusPlaces, TheRestrictedSocketIsForThoseWhoMayOpenItAlone) {
  const support::TempFolder folder;
  const std::string path = folder.path().string();
  const std::ofstream restricted(path + "/unix.socket.user");
  const std::vector<std::string> own = {fmt::format("unix://{}/unix.socket.user by LXD_DIR", path)};
  EXPECT_EQ(shown(options_with({{"LXD_DIR", path}})), own);
  const std::ofstream socket(path + "/unix.socket");
  const std::vector<std::string> main = {fmt::format("unix://{}/unix.socket by LXD_DIR", path)};
  EXPECT_EQ(shown(options_with({{"LXD_DIR", path}})), main);
}

TEST(IncusPlaces, BesideTheFolderOfLxdIsThatOfItsOrdinaryUsers) {
  const support::TempFolder folder;
  const std::string path = folder.path().string();
  folder.write("lxd-user/unix.socket", "");
  const std::vector<std::string> own = {
      fmt::format("unix://{}/lxd-user/unix.socket by LXD_DIR", path)};
  for (const char* spelling : {"/lxd", "/lxd/", "/lxd-user", "/lxd-user//"}) {
    EXPECT_EQ(shown(options_with({{"LXD_DIR", path + spelling}})), own) << spelling;
  }
  folder.write("lxd/unix.socket", "");
  const std::vector<std::string> main = {fmt::format("unix://{}/lxd/unix.socket by LXD_DIR", path)};
  EXPECT_EQ(shown(options_with({{"LXD_DIR", path + "/lxd"}})), main);
  folder.write("other-user/unix.socket", "");
  EXPECT_THAT(shown(options_with({{"LXD_DIR", path + "/other"}})),
              ElementsAre(HasSubstr("/other/unix.socket")));
}

TEST(IncusPlaces, WhatCannotBeUnderstoodIsAnError) {
  for (const Environment& environment : {Environment{{"INCUS_SOCKET", "ftp://x"}},
                                         Environment{{"LXD_DIR", "/" + std::string(200, 'd')}}}) {
    const auto found = places(options_with(environment));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::invalid_config);
    EXPECT_THAT(found.error().what, HasSubstr(environment.begin()->first));
  }
}

}  // namespace
}  // namespace rollcall::incus
