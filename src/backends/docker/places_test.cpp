#include "backends/docker/places.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::docker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> urls(std::map<std::string, std::string> variables,
                              std::string endpoint = "") {
  BackendOptions options;
  options.endpoint = std::move(endpoint);
  options.getenv = [&](std::string_view name) -> std::optional<std::string> {
    const auto at = variables.find(std::string(name));
    return at == variables.end() ? std::nullopt : std::optional(at->second);
  };
  const auto found = places(options);
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

}  // namespace
}  // namespace rollcall::docker
