#include "backends/incus/remotes.hpp"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/incus/places.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::incus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Environment = std::map<std::string, std::string, std::less<>>;

constexpr const char* config = R"(default-remote: srv
remotes:
  images:
    addr: https://images.example
    protocol: simplestreams
    public: true
  local:
    addr: unix://
    public: false
  sso:
    addr: https://10.0.0.2:8443
    auth_type: oidc
    protocol: incus
    public: false
  srv:
    addr: https://10.0.0.1:8443
    auth_type: tls
    project: default
    protocol: incus
    public: false
aliases: {}
)";

BackendOptions options_with(Environment environment, std::string endpoint = {}) {
  BackendOptions options;
  options.endpoint = std::move(endpoint);
  options.getenv = [environment](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  return options;
}

TEST(IncusRemotes, AreReadByName) {
  const auto all = read_remotes(config);
  ASSERT_TRUE(all) << all.error();
  ASSERT_THAT(*all, SizeIs(4));
  EXPECT_EQ(all->at(0).name, "images");
  EXPECT_TRUE(all->at(0).is_public);
  EXPECT_EQ(all->at(2), (Remote{.name = "srv",
                                .addr = "https://10.0.0.1:8443",
                                .protocol = "incus",
                                .auth_type = "tls"}));
}

TEST(IncusRemotes, MayBeNone) {
  for (const char* yaml : {"", "{}", "remotes: {}", "remotes:", "aliases: {}"}) {
    const auto all = read_remotes(yaml);
    ASSERT_TRUE(all) << yaml;
    EXPECT_THAT(*all, IsEmpty()) << yaml;
  }
}

TEST(IncusRemotes, ThatAreNoneAreAnError) {
  for (const char* yaml : {"[", "7", "remotes: 7", "remotes: [a]", "remotes: {a: b}", "\t:"}) {
    const auto all = read_remotes(yaml);
    ASSERT_FALSE(all) << yaml;
    EXPECT_EQ(all.error().kind, ErrorKind::invalid_config);
  }
}

class IncusRemotePlaces : public testing::Test {
 protected:
  IncusRemotePlaces() {
    folder_.write("config.yml", config);
    folder_.write("client.crt", "c");
    folder_.write("client.key", "k");
    folder_.write("servercerts/srv.crt", "s");
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_.path() / name).string();
  }
  [[nodiscard]] BackendOptions naming(std::string endpoint) const {
    return options_with({{"INCUS_CONF", folder_.path().string()}}, std::move(endpoint));
  }
  [[nodiscard]] RuntimeError refusal_of(const std::string& endpoint) const {
    const auto found = places(naming(endpoint));
    EXPECT_FALSE(found) << endpoint;
    return found ? RuntimeError{} : found.error();
  }

  support::TempFolder folder_;
};

TEST_F(IncusRemotePlaces, HaveTheCertificateThatWasPinned) {
  for (const char* word : {"srv", "srv:", "https://10.0.0.1:8443", "https://10.0.0.1"}) {
    const auto found = places(naming(word));
    ASSERT_TRUE(found) << found.error();
    ASSERT_THAT(*found, SizeIs(1));
    const Place& place = found->front();
    EXPECT_EQ(place.url, "https://10.0.0.1:8443");
    ASSERT_TRUE(place.tls);
    EXPECT_EQ(place.tls->pinned.file, path("servercerts/srv.crt"));
    EXPECT_EQ(place.tls->certificate.file, path("client.crt"));
    EXPECT_EQ(place.tls->key.file, path("client.key"));
  }
}

TEST_F(IncusRemotePlaces, AServerThatIsNoRemoteIsShownTheCertificate) {
  const auto found = places(naming("https://10.0.0.9"));
  ASSERT_TRUE(found);
  ASSERT_TRUE(found->front().tls);
  EXPECT_TRUE(found->front().tls->pinned.empty());
  EXPECT_EQ(found->front().tls->certificate.file, path("client.crt"));
}

TEST_F(IncusRemotePlaces, WhatTheProgramSaysAboutTlsCounts) {
  BackendOptions options = naming("https://10.0.0.1");
  options.tls = TlsOptions{.fingerprint = "ab"};
  const auto found = places(options);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->front().tls, options.tls);
}

TEST_F(IncusRemotePlaces, TheLocalOneIsWhereItUsuallyIs) {
  const auto found = places(naming("local"));
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, SizeIs(4));
}

TEST_F(IncusRemotePlaces, WhatIsNoServerForUsIsAnErrorThatSaysWhy) {
  EXPECT_THAT(refusal_of("images").what, HasSubstr("images alone"));
  EXPECT_THAT(refusal_of("sso").what, HasSubstr("oidc"));
  EXPECT_THAT(refusal_of("nope").what, HasSubstr("no remote"));
  EXPECT_THAT(refusal_of("ssh://host").what, HasSubstr("ssh"));
  folder_.write("config.yml", "remotes: 7");
  EXPECT_EQ(refusal_of("srv").endpoint, path("config.yml"));
}

TEST_F(IncusRemotePlaces, TheFoldersAreThoseOfTheUser) {
  const auto shown = [](const Environment& environment) {
    std::vector<std::string> paths;
    for (const ClientFolder& folder : client_folders(options_with(environment))) {
      paths.push_back(folder.path().string());
    }
    return paths;
  };
  EXPECT_THAT(shown({{"HOME", "/h"}}),
              ElementsAre("/h/.config/incus", "/h/.config/lxc", "/h/snap/lxd/common/config"));
  EXPECT_THAT(shown({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "/x"}, {"LXD_CONF", "/l"}}),
              ElementsAre("/x/incus", "/l"));
  EXPECT_THAT(shown({}), IsEmpty());
}

}  // namespace
}  // namespace rollcall::incus
