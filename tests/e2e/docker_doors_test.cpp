// The ways to Docker that a user of the program can name: contexts, TLS, ssh, several at once.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/certificates.hpp"
#include "support/dockerd.hpp"
#include "support/paths.hpp"
#include "support/temp_folder.hpp"
#include "transport/digest.hpp"

namespace rollcall::support {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr ExitStatus success{.code = 0, .signal = 0};
constexpr ExitStatus failure{.code = 1, .signal = 0};

std::set<std::string> endpoints_in(const std::string& lines) {
  std::set<std::string> all;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    if (end == std::string::npos) break;
    const auto event = boost::json::parse(lines.substr(at, end - at));
    const auto& key = event.at("instance").at("key");
    all.emplace(key.at("endpoint").as_string());
    at = end + 1;
  }
  return all;
}

TEST(DockerDoors, several_engines_are_listed_and_watched_at_once) {
  const Dockerd first;
  const Dockerd second;
  first.api().run({.name = "here"});
  second.api().run({.name = "there"});
  const std::vector<std::string> both = {"--endpoint", first.endpoint(), "--endpoint",
                                         second.endpoint()};
  const auto command = [&both](std::vector<std::string> words) {
    words.insert(words.begin(), ROLLCALL_COMMAND);
    words.insert(words.end(), both.begin(), both.end());
    return words;
  };
  const auto listed = run(command({"ls", "-o", "json"}));
  ASSERT_EQ(listed.status, success) << listed.err;
  std::vector<std::string> found;
  const auto document = boost::json::parse(listed.out);
  for (const auto& instance : document.at("instances").as_array()) {
    const auto& name = instance.at("name").as_string();
    const auto& endpoint = instance.at("key").at("endpoint").as_string();
    found.push_back(fmt::format("{} {}", std::string(name), std::string(endpoint)));
  }
  EXPECT_THAT(found,
              UnorderedElementsAre("here " + first.endpoint(), "there " + second.endpoint()));

  const Capture out;
  Process watch(command({"watch", "-o", "jsonl"}), {.in = -1, .out = out.fd(), .err = -1});
  EXPECT_TRUE(eventually(20s, [&] { return endpoints_in(out.text()).size() == 2; }));
  watch.signal(SIGINT);
  EXPECT_EQ(watch.wait(1s), success);
}

/// A configuration of the docker command with a context "far", which leads to an engine behind TLS.
class DockerContext : public ::testing::Test {
 protected:
  void SetUp() override {
    engine_.emplace(DockerdOptions{.tls = DockerdTls{.identity = issue(authority_),
                                                     .client_authority = authority_.certificate}});
    const Identity client = issue(authority_, {.name = "client"});
    const std::string id = sha256_hex("far");
    tls_ = "contexts/tls/" + id + "/docker/";
    folder_.write("contexts/meta/" + id + "/meta.json",
                  fmt::format(R"({{"Name":"far","Endpoints":{{"docker":{{"Host":"{}"}}}}}})",
                              "tcp://127.0.0.1:2376"));
    folder_.write(tls_ + "ca.pem", authority_.certificate);
    folder_.write(tls_ + "cert.pem", client.certificate);
    folder_.write(tls_ + "key.pem", client.key);
  }

  /// Runs the program in the engine's sandbox.
  Output in_room(const std::vector<std::string>& words,
                 const std::vector<std::string>& more_variables = {}) {
    std::vector<std::string> command = {"env", "-u", "DOCKER_HOST", "DOCKER_CONFIG=" + folder()};
    command.insert(command.end(), more_variables.begin(), more_variables.end());
    command.emplace_back(ROLLCALL_COMMAND);
    command.insert(command.end(), words.begin(), words.end());
    const Capture out;
    const Capture err;
    auto process = engine_->room().spawn(command, {.in = -1, .out = out.fd(), .err = err.fd()});
    const auto status = process.wait(30s);
    return {.status = status, .out = out.text(), .err = err.text()};
  }
  [[nodiscard]] std::string folder() const { return folder_.path(); }

  std::optional<Dockerd> engine_;
  TempFolder folder_;
  Identity authority_ = make_authority();
  std::string tls_;
};

TEST_F(DockerContext, is_explained_by_doctor) {
  folder_.write("config.json", R"({"currentContext":"other"})");
  const auto output = in_room({"doctor", "--runtime", "docker"}, {"DOCKER_CONTEXT=far"});
  EXPECT_EQ(output.status, success) << output.err;
  EXPECT_THAT(output.out,
              AllOf(HasSubstr("connected"), HasSubstr("https://127.0.0.1:2376"),
                    HasSubstr("DOCKER_CONTEXT=far"),
                    HasSubstr("TLS, verified by " + folder() + "/" + tls_ + "ca.pem"),
                    HasSubstr("client certificate " + folder() + "/" + tls_ + "cert.pem"),
                    HasSubstr("the current context other is passed over")));
  const auto json =
      in_room({"doctor", "--runtime", "docker", "-o", "json"}, {"DOCKER_CONTEXT=far"});
  const auto document = boost::json::parse(json.out);
  const auto& place = document.at("places").as_array().at(0);
  EXPECT_EQ(place.at("source").as_string(), "DOCKER_CONTEXT=far");
  EXPECT_THAT(std::string(place.at("note").as_string()), HasSubstr("passed over"));
}

TEST_F(DockerContext, in_use_is_listed_and_one_that_is_named_too) {
  engine_->api().run({.name = "web"});
  folder_.write("config.json", R"({"currentContext":"far"})");
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"ls", "docker"}, {"ls", "--endpoint", "docker=context:far"}}) {
    const auto output = in_room(words);
    EXPECT_EQ(output.status, success) << output.err;
    EXPECT_THAT(output.out, HasSubstr("web"));
  }
}

TEST_F(DockerContext, that_does_not_work_says_what_is_wrong_and_what_to_do) {
  folder_.write(tls_ + "ca.pem", make_authority("Other CA").certificate);
  const auto wrong = in_room({"doctor", "--runtime", "docker"}, {"DOCKER_CONTEXT=far"});
  EXPECT_EQ(wrong.status, failure);
  EXPECT_THAT(wrong.out, AllOf(HasSubstr("tls"), HasSubstr("is signed by CN=Test CA"),
                               HasSubstr("name the certificate of the authority")));
  fs::remove(folder_.path() / (tls_ + "key.pem"));
  const auto missing = in_room({"ls", "docker"}, {"DOCKER_CONTEXT=far"});
  EXPECT_EQ(missing.status, failure);
  EXPECT_THAT(missing.err, HasSubstr("key.pem"));
  const auto none = in_room({"ls", "docker"}, {"DOCKER_CONTEXT=none"});
  EXPECT_EQ(none.status, failure);
  EXPECT_THAT(none.err,
              AllOf(HasSubstr("there is no context 'none'"), HasSubstr("docker context ls")));
  folder_.write("config.json", "{");
  const auto broken = in_room({"doctor", "--runtime", "docker"});
  EXPECT_THAT(broken.out,
              AllOf(HasSubstr(folder() + "/config.json is passed over"), HasSubstr("is broken")));
}

TEST(DockerBySsh, is_listed_and_explained_and_its_failure_too) {
  const Dockerd engine;
  engine.api().run({.name = "web"});
  const TempFolder folder;
  const auto script = [&folder](std::string_view text) {
    folder.write("ssh", "#!/bin/sh\n" + std::string(text));
    fs::permissions(folder.path() / "ssh", fs::perms::owner_all);
  };
  const std::vector<std::string> environment = {
      fmt::format("PATH={}:{}", folder.path().string(), std::getenv("PATH")),
      "DOCKER_HOST=ssh://me@far"};
  script(fmt::format("exec docker -H {} system dial-stdio\n", engine.endpoint()));
  const auto listed = run({ROLLCALL_COMMAND, "ls", "docker"}, 30s, environment);
  EXPECT_EQ(listed.status, success) << listed.err;
  EXPECT_THAT(listed.out, HasSubstr("web"));
  const auto explained = run({ROLLCALL_COMMAND, "doctor", "-r", "docker"}, 30s, environment);
  EXPECT_EQ(explained.status, success);
  EXPECT_THAT(explained.out, AllOf(HasSubstr("ssh://me@far"), HasSubstr("DOCKER_HOST"),
                                   HasSubstr("through the docker command of the far side")));
  script("echo 'me@far: Permission denied (publickey).' >&2; exit 255\n");
  const auto failed = run({ROLLCALL_COMMAND, "ls", "docker"}, 30s, environment);
  EXPECT_EQ(failed.status, failure);
  EXPECT_THAT(failed.err, AllOf(HasSubstr("Permission denied (publickey)"),
                                HasSubstr("`ssh me@far` must work without a question")));
}

}  // namespace
}  // namespace rollcall::support
