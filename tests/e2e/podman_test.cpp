// The built program against Podman, alone and beside Docker.
#include "support/podman.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dockerd.hpp"
#include "support/paths.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr ExitStatus success{.code = 0, .signal = 0};

// The names that `rollcall ls` lists.
std::vector<std::string> listed(const std::vector<std::string>& arguments,
                                const std::vector<std::string>& environment = {}) {
  std::vector<std::string> command = {ROLLCALL_COMMAND, "ls", "-o", "json"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const auto output = run(command, 30s, environment);
  EXPECT_EQ(output.status, success) << output.err;
  std::vector<std::string> names;
  for (const auto& instance : boost::json::parse(output.out).at("instances").as_array()) {
    names.push_back(
        fmt::format("{} {}", boost::json::value_to<std::string>(instance.at("key").at("backend")),
                    boost::json::value_to<std::string>(instance.at("name"))));
  }
  return names;
}

TEST(PodmanCommand, ls_and_doctor_find_it_where_container_host_says) {
  const Podman engine;
  engine.api().run({.name = "web"});
  const std::vector<std::string> environment = {"CONTAINER_HOST=" + engine.endpoint()};
  EXPECT_THAT(listed({"podman"}, environment), ElementsAre("podman web"));
  const auto doctor = run({ROLLCALL_COMMAND, "doctor", "podman"}, 30s, environment);
  EXPECT_EQ(doctor.status, success);
  EXPECT_THAT(doctor.out, HasSubstr("CONTAINER_HOST"));
  EXPECT_THAT(doctor.out, HasSubstr("Podman 4."));
}

// A stand-in for ssh runs the remote command on this host, by a shell as sshd does.
TEST(PodmanCommand, ls_goes_through_ssh_to_podman_also_where_docker_was_expected) {
  const Podman engine;
  engine.api().run({.name = "web"});
  const TempFolder folder;
  folder.write("ssh",
               "#!/bin/sh\nfor command; do :; done\n"
               "case $command in docker*) echo 'sh: 1: docker: not found' >&2; exit 127;; esac\n"
               "exec sh -c \"$command\"\n");
  std::filesystem::permissions(folder.path() / "ssh", std::filesystem::perms::owner_all);
  const std::string path = "PATH=" + folder.path().string() + ":" + std::getenv("PATH");
  const std::string url = "ssh://me@far" + engine.socket();
  EXPECT_THAT(listed({"podman"}, {path, "CONTAINER_HOST=" + url}), ElementsAre("podman web"));
  EXPECT_THAT(listed({"docker"}, {path, "DOCKER_HOST=" + url}), ElementsAre("podman web"));
}

TEST(PodmanCommand, an_engine_behind_two_paths_is_listed_once_and_as_what_it_is) {
  const Podman engine;
  engine.api().run({.name = "web"});
  const auto link = std::filesystem::path(engine.socket()).parent_path() / "docker.sock";
  std::filesystem::create_symlink(engine.socket(), link);
  EXPECT_THAT(listed({"docker", "podman"}, {"DOCKER_HOST=unix://" + link.string(),
                                            "CONTAINER_HOST=" + engine.endpoint()}),
              ElementsAre("podman web"));
}

TEST(PodmanCommand, an_engine_behind_two_services_is_listed_once) {
  Podman engine;
  engine.api().run({.name = "web"});
  EXPECT_THAT(
      listed({"-e", "podman=" + engine.endpoint(), "-e", "docker=" + engine.start_another()}),
      ElementsAre("podman web"));
}

// A watch of both engines, whose lines are read as they come.
class WatchOfBoth {
 public:
  WatchOfBoth(const std::string& docker, const std::string& podman)
      : process_({ROLLCALL_COMMAND, "watch", "-o", "jsonl", "-e", "docker=" + docker, "-e",
                  "podman=" + podman},
                 {.in = -1, .out = out_.fd(), .err = -1}) {}

  // Waits for `count` events with this type, backend, and name if it has one.
  bool tells(const std::string& what, std::size_t count = 1) {
    return eventually(60s,
                      [&] { return std::ranges::count(events(), what) >= std::ptrdiff_t(count); });
  }

  // "started docker web", "backend_disconnected podman"
  std::vector<std::string> events() const {
    std::vector<std::string> all;
    const std::string text = out_.text();
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != text.npos; at = end + 1) {
      const auto event = boost::json::parse(text.substr(at, end - at)).as_object();
      const auto word = [](const boost::json::value& value) {
        return boost::json::value_to<std::string>(value);
      };
      std::string line = word(event.at("type"));
      if (const auto* instance = event.if_contains("instance")) {
        line += " " + word(instance->at("key").at("backend")) + " " + word(instance->at("name"));
      } else if (const auto* key = event.if_contains("key")) {
        line += " " + word(key->at("backend")) + " " + word(event.at("name"));
      } else {
        line += " " + word(event.at("backend"));
      }
      all.push_back(std::move(line));
    }
    return all;
  }

  Process& process() { return process_; }

 private:
  Capture out_;
  Process process_;
};

TEST(PodmanTwice, is_told_once_in_one_watch) {
  Podman engine;
  const auto first = engine.api().run({.name = "first"});
  WatchOfBoth watch(engine.start_another(), engine.endpoint());
  ASSERT_TRUE(watch.tells("started podman first"));
  engine.api().run({.name = "second"});
  ASSERT_TRUE(watch.tells("started podman second"));
  engine.api().remove(first);
  ASSERT_TRUE(watch.tells("stopped podman first"));
  engine.api().run({.name = "third"});
  ASSERT_TRUE(watch.tells("started podman third"));
  const auto events = watch.events();
  for (const char* once :
       {"started podman first", "started podman second", "stopped podman first"}) {
    EXPECT_EQ(std::ranges::count(events, once), 1) << once;
  }
}

TEST(PodmanAndDocker, come_and_go_side_by_side_in_one_watch) {
  Dockerd docker({.live_restore = true, .start = false});
  Podman podman({.start = false});
  WatchOfBoth watch(docker.endpoint(), podman.endpoint());
  EXPECT_TRUE(watch.tells("backend_disconnected docker"));
  EXPECT_TRUE(watch.tells("backend_disconnected podman"));
  docker.start();
  EXPECT_TRUE(watch.tells("backend_reconnected docker"));
  docker.api().run({.name = "whale"});
  EXPECT_TRUE(watch.tells("started docker whale"));
  podman.start();
  EXPECT_TRUE(watch.tells("backend_reconnected podman"));
  const auto seal = podman.api().run({.name = "seal"});
  EXPECT_TRUE(watch.tells("started podman seal"));
  docker.terminate();
  EXPECT_TRUE(watch.tells("backend_disconnected docker", 2));
  podman.api().remove(seal);
  EXPECT_TRUE(watch.tells("stopped podman seal")) << "one goes on without the other";
  podman.kill9();
  EXPECT_TRUE(watch.tells("backend_disconnected podman", 2));
  docker.start();
  podman.start();
  EXPECT_TRUE(watch.tells("backend_reconnected docker", 2));
  EXPECT_TRUE(watch.tells("backend_reconnected podman", 2));
  EXPECT_EQ(std::ranges::count(watch.events(), "started docker whale"), 1);
  watch.process().signal(SIGINT);
  EXPECT_EQ(watch.process().wait(2s), success);
}

}  // namespace
}  // namespace rollcall::support
