#include "backends/incus/events.hpp"

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text/text.hpp"
#include "support/paths.hpp"
#include "transport/splitters/json_splitter.hpp"

namespace rollcall::incus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Lines = std::vector<std::string>;

std::string_view word(RunMark mark) {
  if (mark == RunMark::began) return "began";
  return mark == RunMark::ended ? "ended" : "changed";
}

std::string show(const Change& change) {
  if (const auto* touched = std::get_if<Touched>(&change)) {
    return fmt::format("{} {}", touched->id, word(touched->mark));
  }
  if (const auto* gone = std::get_if<Gone>(&change)) return gone->id + " gone";
  return std::holds_alternative<ResyncNeeded>(change) ? "resync" : "?";
}

Result<DecodedEvent> try_decode(EventDecoder& decoder, const std::string& json) {
  std::string text = json;
  text.append(JsonSplitter::padding, ' ');
  return decoder.decode(std::string_view(text).substr(0, json.size()));
}

Lines meaning_of(const std::string& json) {
  EventDecoder decoder;
  const auto event = try_decode(decoder, json);
  EXPECT_TRUE(event) << json;
  Lines lines;
  if (event) std::ranges::transform(event->changes, std::back_inserter(lines), show);
  return lines;
}

Lines meaning_of_action(const std::string& action) {
  return meaning_of(
      fmt::format(R"({{"type":"lifecycle","timestamp":"2026-11-21T22:00:00Z","project":"default",)"
                  R"("metadata":{{"action":"{}","source":"/1.0/instances/web"}}}})",
                  action));
}

/// The decoded changes of each step of the recording.
std::map<std::string, Lines> recorded(const std::string& name) {
  const std::string path = ROLLCALL_SOURCE_DIR "/src/backends/incus/testdata/" + name;
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::map<std::string, Lines> all;
  EventDecoder decoder;
  std::string mark;
  for (std::string line; std::getline(file, line);) {
    constexpr std::string_view before = "{\"mark\": \"";
    if (line.starts_with(before)) {
      mark = line.substr(before.size(), line.size() - before.size() - 2);
      all[mark];
      continue;
    }
    const auto event = try_decode(decoder, line);
    EXPECT_TRUE(event) << line;
    if (!event) continue;
    EXPECT_EQ(event->unknown_action, "") << line;
    std::ranges::transform(event->changes, std::back_inserter(all[mark]), show);
  }
  return all;
}

class RecordedEvents : public testing::TestWithParam<std::string> {};

TEST_P(RecordedEvents, MeanWhatWasDone) {
  auto done = recorded(GetParam() + "/events.jsonl");
  const std::map<std::string, Lines> expected = {
      {"create", {}},
      {"start", {"default/web1 began"}},
      {"set-user-key", {"default/web1 changed"}},
      {"add-proxy", {"default/web1 changed"}},
      {"pause", {"default/web1 changed"}},
      {"resume-start", {"default/web1 began"}},
      {"restart", {"default/web1 began"}},
      {"guest-poweroff", {"default/web1 ended"}},
      {"kill9-init-from-host", {"default/web1 ended"}},
      {"exec", {}},
      {"file-push", {}},
      {"snapshot", {"default/web1 changed", "default/web1 began"}},
      {"restore", {"default/web1 began", "default/web1 began"}},
      {"snapshot-rename", {}},
      {"profile-edit", {}},
      {"profile-edit-used", {"default/web1 changed"}},
      {"stop-graceful", {"default/web1 ended"}},
      {"rename", {"default/web2 began", "default/web1 gone"}},
      {"copy", {}},
      {"publish", {}},
      {"export-backup", {}},
      {"ephemeral-stop", {"default/eph gone", "default/eph ended"}},
      {"project-launch", {"p1/pw began"}},
      {"project-set-key", {"p1/pw changed"}},
      {"same-name-in-project", {"p1/web2 began", "default/web2 began"}},
      {"project-stop", {"p1/pw ended"}},
      {"move-between-projects", {"p1/pw gone"}},
      {"project-rename", {"resync"}},
      {"network-create", {}},
      {"server-config", {}},
  };
  for (const auto& [mark, lines] : expected) {
    ASSERT_TRUE(done.contains(mark)) << mark;
    EXPECT_EQ(done[mark], lines) << mark;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, RecordedEvents, testing::Values("lxd-5.0.2", "incus-6.0.4"),
                         [](const auto& info) {
                           return info.param.substr(0, info.param.find('-'));
                         });

TEST(IncusEvents, AForcedStopPausesFirst) {
  EXPECT_EQ(recorded("incus-6.0.4/events.forced-stop.jsonl")[""],
            (Lines{"default/q1 began", "default/q1 changed", "default/q1 ended", "default/q1 began",
                   "default/q1 changed", "default/q1 began"}));
}

TEST(IncusEvents, OldNamesOfTheActionsAreUnderstood) {
  EXPECT_THAT(meaning_of_action("container-started"), ElementsAre("default/web began"));
  EXPECT_THAT(meaning_of_action("virtual-machine-stopped"), ElementsAre("default/web ended"));
}

TEST(IncusEvents, AnActionThatIsUnknownIsReadAndCounted) {
  EventDecoder decoder;
  const auto event = try_decode(
      decoder, R"({"type":"lifecycle","metadata":{"action":"instance-teleported","name":"a"}})");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->unknown_action, "instance-teleported");
  ASSERT_EQ(event->changes.size(), 1U);
  EXPECT_EQ(show(event->changes[0]), "default/a began");
}

TEST(IncusEvents, WhatBelongsToOthersIsNothing) {
  for (const char* action : {"image-created", "profile-updated", "network-created",
                             "storage-volume-created", "cluster-member-added", "config-updated",
                             "project-created", "instance-snapshot-teleported"}) {
    EXPECT_THAT(meaning_of_action(action), IsEmpty()) << action;
  }
}

TEST(IncusEvents, ForwardsOfANetworkAreReadAgain) {
  for (const char* what : {"created", "updated", "deleted"}) {
    EXPECT_THAT(meaning_of_action(fmt::format("network-forward-{}", what)), ElementsAre("resync"));
  }
}

TEST(IncusEvents, WhatMovesTheInstancesOfAMemberIsReadAgain) {
  for (const char* what : {"evacuated", "healed", "removed", "renamed", "restored"}) {
    EXPECT_THAT(meaning_of_action(fmt::format("cluster-member-{}", what)), ElementsAre("resync"));
  }
  EXPECT_THAT(meaning_of_action("instance-migrated"), ElementsAre("default/web began"));
}

TEST(IncusEvents, TheSourceTellsNameAndProject) {
  EXPECT_THAT(meaning_of(R"({"type":"lifecycle","timestamp":"x","metadata":{
      "action":"instance-started","source":"/1.0/instances/web?project=my%20one"}})"),
              ElementsAre("my one/web began"));
  EXPECT_THAT(meaning_of(R"({"type":"lifecycle","project":"p2","metadata":{
      "action":"instance-deleted","source":"/1.0/virtual-machines/vm"}})"),
              ElementsAre("p2/vm ended"));
}

TEST(IncusEvents, TheTimeIsTheEngines) {
  EventDecoder decoder;
  const auto event = try_decode(decoder, R"({"type":"lifecycle",
      "timestamp":"2026-11-21T23:14:47.974706456+01:00",
      "metadata":{"action":"instance-stopped","name":"a"}})");
  ASSERT_TRUE(event && event->changes.size() == 1);
  EXPECT_EQ(to_rfc3339(std::get<Touched>(event->changes[0]).at), "2026-11-21T22:14:47.974706456Z");
}

TEST(IncusEvents, WhatIsNotUnderstoodIsADoubt) {
  EXPECT_THAT(meaning_of("{}"), ElementsAre("resync"));
  EXPECT_THAT(meaning_of(R"({"type":"lifecycle"})"), ElementsAre("resync"));
  EXPECT_THAT(meaning_of(R"({"type":"lifecycle","metadata":{"action":7}})"), ElementsAre("resync"));
  EXPECT_THAT(meaning_of(R"({"type":"lifecycle","metadata":{"action":"instance-started"}})"),
              ElementsAre("resync"));
  EXPECT_THAT(meaning_of(R"({"type":"lifecycle","metadata":{"action":"instance-started",
      "source":"::"}})"),
              ElementsAre("resync"));
}

TEST(IncusEvents, OtherTypesAreNothing) {
  EXPECT_THAT(meaning_of(R"({"type":"operation","metadata":{"status":"Running"}})"), IsEmpty());
  EXPECT_THAT(meaning_of(R"({"type":"logging","metadata":{}})"), IsEmpty());
}

TEST(IncusEvents, WhatIsNotJsonIsAProtocolError) {
  EventDecoder decoder;
  for (const char* text : {"", "x", "[", "{\x01"}) {
    const auto event = try_decode(decoder, text);
    ASSERT_FALSE(event) << text;
    EXPECT_EQ(event.error().kind, ErrorKind::protocol);
    EXPECT_THAT(event.error().what, HasSubstr("event"));
  }
}

}  // namespace
}  // namespace rollcall::incus
