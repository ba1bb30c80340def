#include "backends/docker/places.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/docker_api/requests.hpp"
#include "support/temp_folder.hpp"
#include "transport/digest.hpp"

namespace rollcall::docker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<std::vector<Place>> found_with(std::map<std::string, std::string> variables,
                                      std::string endpoint = "",
                                      std::optional<TlsOptions> tls = std::nullopt) {
  BackendOptions options;
  options.tls = std::move(tls);
  options.endpoint = std::move(endpoint);
  options.getenv = [&](std::string_view name) -> std::optional<std::string> {
    const auto at = variables.find(std::string(name));
    return at == variables.end() ? std::nullopt : std::optional(at->second);
  };
  return places(options);
}

std::vector<std::string> urls(std::map<std::string, std::string> variables,
                              std::string endpoint = "") {
  const auto found = found_with(std::move(variables), std::move(endpoint));
  if (!found) return {"error: " + found.error().describe()};
  std::vector<std::string> all;
  for (const Place& place : *found) all.push_back(place.source + " " + place.url);
  return all;
}

TEST(DockerPlaces, TheNamedEndpointBeatsAll) {
  EXPECT_THAT(urls({{"DOCKER_HOST", "tcp://other"}}, "/x.sock"),
              ElementsAre("--endpoint unix:///x.sock"));
}

TEST(DockerPlaces, DockerHostBeatsTheUsualSockets) {
  EXPECT_THAT(urls({{"DOCKER_HOST", "tcp://other"}, {"HOME", "/home/me"}}),
              ElementsAre("DOCKER_HOST tcp://other:2375"));
  EXPECT_THAT(urls({{"DOCKER_HOST", "ftp://x"}}), ElementsAre(HasSubstr("(from DOCKER_HOST)")));
}

TEST(DockerPlaces, TheUsualSocketsInOrder) {
  EXPECT_THAT(urls({{"DOCKER_HOST", ""}, {"XDG_RUNTIME_DIR", "/run/user/7"}, {"HOME", "/home/me"}}),
              ElementsAre("system socket unix:///var/run/docker.sock",
                          "rootless socket, XDG_RUNTIME_DIR unix:///run/user/7/docker.sock",
                          "Docker Desktop unix:///home/me/.docker/run/docker.sock",
                          "Docker Desktop for Linux unix:///home/me/.docker/desktop/docker.sock",
                          "OrbStack unix:///home/me/.orbstack/run/docker.sock",
                          "Rancher Desktop unix:///home/me/.rd/docker.sock",
                          "Colima, profile default unix:///home/me/.colima/default/docker.sock",
                          "Lima, instance default unix:///home/me/.lima/default/sock/docker.sock",
                          "Lima, instance docker unix:///home/me/.lima/docker/sock/docker.sock"));
}

TEST(DockerPlaces, EveryProfileOfColimaThatHasASocket) {
  std::string pattern = "/tmp/rollcall-home-XXXXXX";
  const std::filesystem::path home = ::mkdtemp(pattern.data());
  for (const char* profile : {"work", "arm", "empty"}) {
    std::filesystem::create_directories(home / ".colima" / profile);
  }
  std::ofstream(home / ".colima/work/docker.sock") << "";
  std::ofstream(home / ".colima/arm/docker.sock") << "";
  std::vector<std::string> colima;
  for (const std::string& line : urls({{"HOME", home.string()}})) {
    if (line.starts_with("Colima")) colima.push_back(line.substr(0, line.find(" unix")));
  }
  std::filesystem::remove_all(home);
  EXPECT_THAT(colima, ElementsAre("Colima, profile default", "Colima, profile arm",
                                  "Colima, profile work"));
}

TEST(DockerPlaces, HostsAreReadAsTheDockerCommandReadsThem) {
  EXPECT_THAT(urls({{"DOCKER_HOST", "localhost:99"}}),
              ElementsAre("DOCKER_HOST tcp://localhost:99"));
  EXPECT_THAT(urls({{"DOCKER_HOST", "ssh://me@far:22/run/d.sock"}}),
              ElementsAre("DOCKER_HOST ssh://me@far:22/run/d.sock"));
  EXPECT_THAT(urls({{"DOCKER_HOST", "far"}}), ElementsAre("DOCKER_HOST tcp://far:2375"));
  EXPECT_THAT(urls({{"DOCKER_HOST", "no host"}}), ElementsAre(HasSubstr("not a URL")));
  EXPECT_THAT(urls({{"DOCKER_HOST", "run/docker.sock"}}),
              ElementsAre(HasSubstr("must be absolute")));
}

TEST(DockerPlaces, ABlankHostIsThatOfTheDefaultContext) {
  EXPECT_THAT(urls({{"DOCKER_HOST", "  "}}),
              ElementsAre("DOCKER_HOST unix:///var/run/docker.sock"));
  EXPECT_THAT(urls({{"DOCKER_HOST", "\n"}, {"DOCKER_TLS", "1"}}),
              ElementsAre("DOCKER_HOST https://localhost:2376"));
  EXPECT_THAT(urls({{"DOCKER_HOST", " tcp://h:1/p\n"}}), ElementsAre("DOCKER_HOST tcp://h:1/p"));
  EXPECT_THAT(urls({{"DOCKER_HOST", " http://h:1 "}, {"DOCKER_TLS", "1"}}),
              ElementsAre("DOCKER_HOST tcp://h:1"));
}

docker_api::RequestRules rules_with(std::map<std::string, std::string> variables) {
  const auto found = found_with(std::move(variables));
  EXPECT_TRUE(found) << (found ? "" : found.error().describe());
  return found ? docker_api::rules_of(found->front()) : docker_api::RequestRules();
}

TEST(DockerPlaces, TheVersionThatAVariableNamesIsSpokenOrRefused) {
  EXPECT_EQ(rules_with({}).api_version, "");
  EXPECT_EQ(rules_with({{"DOCKER_API_VERSION", ""}}).api_version, "");
  EXPECT_EQ(rules_with({{"DOCKER_API_VERSION", "1.41"}}).api_version, "1.41");
  EXPECT_EQ(rules_with({{"DOCKER_API_VERSION", "v1.41"}}).api_version, "1.41");
  for (const char* wrong :
       {"1", "1.", ".41", "1.41.0", "latest", "1.23", "0.99", "1.41/../..", " "}) {
    EXPECT_THAT(urls({{"DOCKER_API_VERSION", wrong}}),
                ElementsAre(HasSubstr("DOCKER_API_VERSION is no version from 1.24 on")))
        << wrong;
  }
}

/// A configuration of the docker command, and certificates.
class DockerDoors : public testing::Test {
 protected:
  void add_context(const std::string& name, const std::string& endpoint) {
    folder_.write(
        "contexts/meta/" + sha256_hex(name) + "/meta.json",
        R"({"Name":")" + name + R"(","Metadata":{},"Endpoints":{"docker":)" + endpoint + "}}");
  }
  void add_tls(const std::string& name, std::initializer_list<const char*> files) {
    for (const char* file : files) {
      folder_.write("contexts/tls/" + sha256_hex(name) + "/docker/" + file, "");
    }
  }
  void use(const std::string& context) {
    folder_.write("config.json", R"({"auths":{},"currentContext":")" + context + "\"}");
  }
  /// The only place, found with these variables besides DOCKER_CONFIG.
  Place place(std::map<std::string, std::string> variables, const std::string& endpoint = "",
              std::optional<TlsOptions> tls = std::nullopt) {
    variables["DOCKER_CONFIG"] = folder();
    auto found = found_with(std::move(variables), endpoint, std::move(tls));
    if (!found) return {.url = "error: " + found.error().describe(), .source = {}};
    return found->size() == 1 ? found->front() : Place{.url = "several", .source = {}};
  }
  [[nodiscard]] std::string folder() const { return folder_.path(); }

  support::TempFolder folder_;
};

TEST_F(DockerDoors, HostBeatsContextAndThatTheCurrentContext) {
  add_context("a", R"({"Host":"tcp://a:1"})");
  add_context("b", R"({"Host":"ssh://me@b"})");
  use("a");
  EXPECT_EQ(place({}).url, "tcp://a:1");
  EXPECT_EQ(place({}).source, "current context a of " + folder() + "/config.json");
  const Place by_variable = place({{"DOCKER_CONTEXT", "b"}});
  EXPECT_EQ(by_variable.url, "ssh://me@b");
  EXPECT_EQ(by_variable.source, "DOCKER_CONTEXT=b");
  EXPECT_THAT(by_variable.note, HasSubstr("the current context a is passed over"));
  const Place by_host = place({{"DOCKER_CONTEXT", "b"}, {"DOCKER_HOST", "unix:///x.sock"}});
  EXPECT_EQ(by_host.url, "unix:///x.sock");
  EXPECT_EQ(by_host.note, "DOCKER_CONTEXT=b is passed over; the current context a is passed over");
  EXPECT_EQ(place({{"DOCKER_HOST", "unix:///x.sock"}}, "context:b").url, "ssh://me@b");
}

TEST_F(DockerDoors, TheDefaultContextIsTheUsualPlaces) {
  add_context("a", R"({"Host":"tcp://a:1"})");
  use("a");
  EXPECT_THAT(urls({{"DOCKER_CONFIG", folder()}, {"DOCKER_CONTEXT", "default"}}),
              ElementsAre("system socket unix:///var/run/docker.sock"));
  use("default");
  EXPECT_THAT(urls({{"DOCKER_CONFIG", folder()}}),
              ElementsAre("system socket unix:///var/run/docker.sock"));
}

TEST_F(DockerDoors, TheDefaultContextByNameIsThatOfTheDockerCommand) {
  add_context("a", R"({"Host":"tcp://a:1"})");
  use("a");
  for (const char* name : {"context:default", "context:"}) {
    EXPECT_THAT(urls({{"DOCKER_CONFIG", folder()}, {"DOCKER_CONTEXT", "a"}}, name),
                ElementsAre("system socket unix:///var/run/docker.sock"));
    EXPECT_EQ(place({{"DOCKER_HOST", "unix:///x.sock"}}, name).url, "unix:///x.sock");
    EXPECT_EQ(place({{"DOCKER_TLS", "1"}}, name).url, "https://localhost:2376");
  }
}

TEST_F(DockerDoors, AConfigurationThatCannotBeReadIsPassedOverAndSaidSo) {
  const auto expect_passed_over = [&](std::string_view why) {
    std::vector<std::string> warnings;
    BackendOptions options;
    options.getenv = [&](std::string_view name) -> std::optional<std::string> {
      if (name == "DOCKER_CONFIG") return folder();
      return std::nullopt;
    };
    options.log = [&](LogLevel level, std::string_view text) {
      if (level == LogLevel::warning) warnings.emplace_back(text);
    };
    const auto found = places(options);
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->front().url, "unix:///var/run/docker.sock");
    EXPECT_THAT(
        found->front().note,
        testing::AllOf(HasSubstr(folder() + "/config.json is passed over"), HasSubstr(why)));
    EXPECT_THAT(warnings, ElementsAre(found->front().note));
  };
  folder_.write("config.json", "{\"currentContext\":");
  expect_passed_over("is broken");
  EXPECT_THAT(place({}, "/x.sock").note, HasSubstr("is broken"));
  EXPECT_EQ(place({{"DOCKER_HOST", "unix:///x"}}).url, "unix:///x");
  std::filesystem::remove(folder_.path() / "config.json");
  std::filesystem::create_directory(folder_.path() / "config.json");
  expect_passed_over("cannot be read");
}

TEST_F(DockerDoors, KeysCountInAnyCaseAndTheLastOfThem) {
  add_context("b", R"({"host":"tcp://b:1","SKIPTLSVERIFY":true})");
  folder_.write("config.json", R"({"currentContext":"a","CurrentCONTEXT":"b"})");
  EXPECT_EQ(place({}).url, "https://b:1");
  folder_.write("contexts/meta/" + sha256_hex("b") + "/meta.json",
                R"({"endpoints":{"docker":{"HOST":"tcp://c:1"}}})");
  EXPECT_EQ(place({}).url, "tcp://c:1");
  folder_.write("config.json", R"({"currentContext":"b","currentcontext":null})");
  EXPECT_EQ(place({}).url, "tcp://c:1");
}

TEST_F(DockerDoors, AFieldOfTheWrongTypeBreaksItsFile) {
  for (const char* endpoint :
       {R"({"Host":7})", R"({"Host":"tcp://h","SkipTLSVerify":"true"})", R"([])", "7"}) {
    add_context("a", endpoint);
    EXPECT_THAT(place({{"DOCKER_CONTEXT", "a"}}).url, HasSubstr("is broken")) << endpoint;
  }
  for (const char* config : {R"({"currentContext":7})", R"({"HttpHeaders":[]})",
                             R"({"HttpHeaders":{"A":7}})", R"({"HttpHeaders":{"A B":"x"}})"}) {
    folder_.write("config.json", config);
    EXPECT_THAT(place({}).note, HasSubstr("is broken")) << config;
  }
}

TEST_F(DockerDoors, HeadersOfTheFileAreSentUnlessTheVariableNamesOthers) {
  using Headers = std::vector<HttpHeader>;
  folder_.write("config.json", R"({"httpHeaders":{"X-A":"1","User-Agent":"me","Host":"h"}})");
  EXPECT_EQ(docker_api::rules_of(place({})).headers, (Headers{{"X-A", "1"}}));
  for (const char* endpoint : {"tcp://h", "unix:///x", "ssh://h"}) {
    EXPECT_EQ(docker_api::rules_of(place({}, endpoint)).headers, (Headers{{"X-A", "1"}}));
  }
  const Place other = place({{"DOCKER_CUSTOM_HEADERS", "X-B=2,\"X-C=3,4\""}});
  EXPECT_EQ(docker_api::rules_of(other).headers, (Headers{{"X-B", "2"}, {"X-C", "3,4"}}));
  EXPECT_THAT(place({{"DOCKER_CUSTOM_HEADERS", "X-B"}}).url,
              HasSubstr("DOCKER_CUSTOM_HEADERS has a pair without an equals sign"));
  EXPECT_THAT(place({{"DOCKER_CUSTOM_HEADERS", "X B=2"}}).url,
              HasSubstr("no name of a header (from DOCKER_CUSTOM_HEADERS)"));
}

TEST_F(DockerDoors, AConfigurationThatIsEmptySaysNothing) {
  for (const char* text : {"", " \n"}) {
    folder_.write("config.json", text);
    const Place usual = place({});
    EXPECT_EQ(usual.url, "unix:///var/run/docker.sock");
    EXPECT_EQ(usual.note, "");
  }
}

TEST_F(DockerDoors, TlsWithoutAHostIsThatOfThisHost) {
  const Place verified = place({{"DOCKER_TLS_VERIFY", "1"}});
  EXPECT_EQ(verified.url, "https://localhost:2376");
  EXPECT_EQ(verified.source, "DOCKER_TLS_VERIFY");
  EXPECT_EQ(verified.tls->authority.file, folder() + "/ca.pem");
  const Place believed = place({{"DOCKER_TLS", "1"}, {"DOCKER_CONTEXT", "default"}});
  EXPECT_EQ(believed.url, "https://localhost:2376");
  EXPECT_EQ(believed.source, "DOCKER_TLS");
  EXPECT_FALSE(believed.tls->verify);
  add_context("a", R"({"Host":"tcp://a:1"})");
  use("a");
  EXPECT_EQ(place({{"DOCKER_TLS_VERIFY", "1"}}).url, "tcp://a:1");
}

TEST_F(DockerDoors, TheConfigurationIsLookedForInTheHomeFolder) {
  folder_.write(".docker/config.json", R"({"currentContext":"none"})");
  EXPECT_THAT(urls({{"HOME", folder()}}),
              ElementsAre(HasSubstr(folder() + "/.docker/contexts/meta")));
}

TEST_F(DockerDoors, ContextsBringTheirTls) {
  add_context("plain", R"({"Host":"tcp://h","SkipTLSVerify":false})");
  EXPECT_EQ(place({}, "context:plain").url, "tcp://h:2375");
  add_context("full", R"({"Host":"tcp://h"})");
  add_tls("full", {"ca.pem", "cert.pem", "key.pem"});
  const Place full = place({}, "context:full");
  const std::string tls = folder() + "/contexts/tls/" + sha256_hex("full") + "/docker/";
  EXPECT_EQ(full.url, "https://h:2375");
  EXPECT_EQ(full.tls->authority.file, tls + "ca.pem");
  EXPECT_EQ(full.tls->certificate.file, tls + "cert.pem");
  EXPECT_EQ(full.tls->key.file, tls + "key.pem");
  EXPECT_TRUE(full.tls->verify);
  EXPECT_EQ(full.note,
            "TLS, verified by " + tls + "ca.pem, client certificate " + tls + "cert.pem");
  add_context("skip", R"({"Host":"tcp://h:1","SkipTLSVerify":true})");
  const Place skip = place({{"DOCKER_TLS_VERIFY", "1"}}, "context:skip");
  EXPECT_EQ(skip.url, "https://h:1");
  EXPECT_FALSE(skip.tls->verify);
  EXPECT_THAT(skip.note, HasSubstr("any certificate is accepted"));
  add_context("usual", R"({"Host":""})");
  EXPECT_EQ(place({}, "context:usual").url, "unix:///var/run/docker.sock");
}

TEST_F(DockerDoors, VariablesBringTlsToHosts) {
  folder_.write("certs/ca.pem", "");
  folder_.write("certs/key.pem", "");
  const std::string certs = folder() + "/certs";
  const Place verified =
      place({{"DOCKER_HOST", "tcp://h"},
             {"DOCKER_TLS_VERIFY", "0"},  // Any value counts, as for the docker command.
             {"DOCKER_CERT_PATH", certs}});
  EXPECT_EQ(verified.url, "https://h:2375");  // The port of TCP, as for the docker command.
  EXPECT_EQ(verified.tls->authority.file, certs + "/ca.pem");
  EXPECT_EQ(verified.tls->certificate.file, certs + "/cert.pem");  // connecting reports that
  EXPECT_TRUE(verified.tls->verify);
  const Place believed = place({{"DOCKER_HOST", "tcp://h:99"}, {"DOCKER_TLS", "1"}});
  EXPECT_EQ(believed.url, "https://h:99");
  EXPECT_FALSE(believed.tls->verify);
  const Place usual_folder = place({{"DOCKER_HOST", "h:7"}, {"DOCKER_TLS_VERIFY", "1"}});
  EXPECT_EQ(usual_folder.url, "https://h:7");
  EXPECT_EQ(usual_folder.tls->authority.file, folder() + "/ca.pem");
  EXPECT_TRUE(usual_folder.tls->certificate.empty());
  EXPECT_EQ(place({{"DOCKER_HOST", "tcp://h"}, {"DOCKER_TLS_VERIFY", ""}}).url, "tcp://h:2375");
  EXPECT_EQ(place({{"DOCKER_HOST", "unix:///x"}, {"DOCKER_TLS_VERIFY", "1"}}).url, "unix:///x");
  EXPECT_EQ(place({{"DOCKER_TLS_VERIFY", "1"}}, "tcp://h").url, "https://h:2375");
  EXPECT_EQ(place({{"DOCKER_TLS_VERIFY", "1"}}, "http://h").url, "tcp://h:2375");
}

TEST_F(DockerDoors, HttpsIsTlsWithWhatTheFolderHas) {
  EXPECT_EQ(place({}, "https://h").url, "https://h:2376");
  EXPECT_EQ(*place({}, "https://h").tls, TlsOptions());
  folder_.write("ca.pem", "");
  EXPECT_EQ(place({}, "https://h").tls->authority.file, folder() + "/ca.pem");
}

TEST_F(DockerDoors, WhatTheProgramSaysAboutTlsCounts) {
  const TlsOptions pinned{.fingerprint = std::string(64, 'a')};
  add_context("far", R"({"Host":"tcp://h:1"})");
  add_tls("far", {"ca.pem"});
  use("far");
  for (const Place& given : {place({{"DOCKER_TLS_VERIFY", "1"}}, "https://h:1", pinned),
                             place({{"DOCKER_TLS_VERIFY", "1"}}, "tcp://h:1", pinned),
                             place({{"DOCKER_HOST", "https://h:1"}}, "", pinned),
                             place({{"DOCKER_HOST", "h:1"}, {"DOCKER_TLS", "1"}}, "", pinned),
                             place({{"DOCKER_CONTEXT", "far"}}, "", pinned),
                             place({}, "context:far", pinned), place({}, "", pinned)}) {
    EXPECT_EQ(given.url, "https://h:1");
    EXPECT_EQ(given.tls, pinned);
    EXPECT_THAT(given.note, HasSubstr("TLS, pinned to one certificate"));
  }
}

TEST_F(DockerDoors, WhatTheProgramSaysAboutTlsIsNotIgnoredWhereThereIsNone) {
  add_context("plain", R"({"Host":"tcp://h:1"})");
  const TlsOptions any;
  for (const Place& open :
       {place({}, "tcp://h:1", any), place({}, "http://h:1", any), place({}, "context:plain", any),
        place({{"DOCKER_HOST", "h:1"}}, "", any), place({{"DOCKER_CONTEXT", "plain"}}, "", any)}) {
    EXPECT_THAT(open.url, testing::AllOf(HasSubstr("without TLS"), HasSubstr("write https://")));
  }
  EXPECT_EQ(place({}, "unix:///x.sock", any).url, "unix:///x.sock");
}

TEST_F(DockerDoors, WhatIsWrongIsSaidWithTheFileAndTheRemedy) {
  const auto wrong = [&](std::map<std::string, std::string> variables) {
    return place(std::move(variables)).url;
  };
  const std::string meta = folder() + "/contexts/meta/";
  EXPECT_THAT(wrong({{"DOCKER_CONTEXT", "none"}}),
              testing::AllOf(HasSubstr(meta + sha256_hex("none") + "/meta.json"),
                             HasSubstr("there is no context 'none' (from DOCKER_CONTEXT=none)"),
                             HasSubstr("docker context ls")));
  folder_.write("contexts/meta/" + sha256_hex("broken") + "/meta.json", "{");
  EXPECT_THAT(wrong({{"DOCKER_CONTEXT", "broken"}}), HasSubstr("is broken"));
  add_context("other", R"(7)");
  folder_.write("contexts/meta/" + sha256_hex("k8s") + "/meta.json", R"({"Endpoints":{}})");
  EXPECT_THAT(wrong({{"DOCKER_CONTEXT", "k8s"}}), HasSubstr("leads to no Docker engine"));
  add_context("pipe", R"({"Host":"npipe:////./pipe/docker_engine"})");
  EXPECT_THAT(wrong({{"DOCKER_CONTEXT", "pipe"}}), HasSubstr("npipe:// is not supported"));
}

}  // namespace
}  // namespace rollcall::docker
