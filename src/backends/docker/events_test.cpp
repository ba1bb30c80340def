#include "backends/docker_api/events.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include "backends/docker/dialect.hpp"
#include "support/paths.hpp"

namespace rollcall::docker_api {
namespace {

constexpr std::size_t padding = 64;

Result<DecodedEvent> try_decode(std::string json) {
  EventDecoder decoder;
  const std::size_t size = json.size();
  json.append(padding, ' ');
  return decoder.decode(std::string_view(json).substr(0, size));
}

DecodedEvent decode(const std::string& json) {
  auto decoded = try_decode(json);
  EXPECT_TRUE(decoded) << json << ": " << (decoded ? "" : decoded.error().describe());
  return decoded ? std::move(*decoded) : DecodedEvent{};
}

DecodedEvent container(const std::string& action) {
  return decode(R"({"Type":"container","Action":")" + action + R"(","Actor":{"ID":"c1"}})");
}

// "began c1", "gone c1", "resync", "nothing".
std::string shown(const DecodedEvent& event) {
  if (!event.change) return "nothing";
  if (const auto* touched = std::get_if<Touched>(&*event.change)) {
    constexpr std::array marks{"changed ", "began ", "ended "};
    return marks.at(static_cast<std::size_t>(touched->mark)) + touched->id;
  }
  if (const auto* gone = std::get_if<Gone>(&*event.change)) return "gone " + gone->id;
  return std::holds_alternative<ResyncNeeded>(*event.change) ? "resync" : "other";
}

struct Line {
  std::string type;
  std::string action;  // without what follows the colon
  std::string json;
};

std::vector<Line> recorded(const std::string& version) {
  const std::string path =
      ROLLCALL_SOURCE_DIR "/src/backends/docker/testdata/" + version + "/events.jsonl";
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::vector<Line> lines;
  for (std::string json; std::getline(file, json);) {
    const auto event = boost::json::parse(json);
    const std::string action(event.at("Action").as_string());
    lines.push_back(
        {std::string(event.at("Type").as_string()), action.substr(0, action.find(':')), json});
  }
  EXPECT_GT(lines.size(), 20U);
  return lines;
}

TEST(Events, ARunBeginsWithAStart) {
  EXPECT_EQ(shown(container("start")), "began c1");
  EXPECT_EQ(shown(container("restore")), "began c1");
}

TEST(Events, ARunEndsWithADieAndNotWithASignalOrAStop) {
  EXPECT_EQ(shown(container("die")), "ended c1");
  EXPECT_EQ(shown(container("died")), "ended c1");
  EXPECT_EQ(shown(container("kill")), "nothing");
  EXPECT_EQ(shown(container("oom")), "nothing");
  EXPECT_EQ(shown(container("stop")), "changed c1");
}

TEST(Events, OneThatIsRemovedIsGone) {
  EXPECT_EQ(shown(container("destroy")), "gone c1");
  EXPECT_EQ(shown(container("remove")), "gone c1");
}

TEST(Events, WhatChangesAContainerTouchesIt) {
  for (const char* action : {"pause", "unpause", "rename", "update", "cleanup", "health_status",
                             "health_status: unhealthy"}) {
    EXPECT_EQ(shown(container(action)), "changed c1") << action;
    EXPECT_FALSE(container(action).unknown_action) << action;
  }
}

TEST(Events, WhatDoesNotConcernWhatRunsIsNothing) {
  for (const char* action : {"create",
                             "restart",
                             "attach",
                             "detach",
                             "exec_create: sh -c die",
                             "exec_start: start",
                             "exec_die",
                             "exec_died",
                             "exec",
                             "exec_detach",
                             "top",
                             "commit",
                             "export",
                             "copy",
                             "archive-path",
                             "extract-to-dir",
                             "resize",
                             "prune",
                             "checkpoint",
                             "init",
                             "mount",
                             "unmount",
                             "sync"}) {
    EXPECT_EQ(shown(container(action)), "nothing") << action;
    EXPECT_FALSE(container(action).unknown_action) << action;
  }
}

TEST(Events, AnUnknownActionTouchesTheContainerAndIsCounted) {
  const DecodedEvent event = container("teleport");
  EXPECT_EQ(shown(event), "changed c1");
  EXPECT_TRUE(event.unknown_action);
}

TEST(Events, DockersNetworkEventNamesTheContainerInItsAttributes) {
  for (const char* action : {"connect", "disconnect"}) {
    EXPECT_EQ(shown(decode(R"({"Type":"network","Action":")" + std::string(action) +
                           R"(","Actor":{"ID":"n1","Attributes":{"container":"c1","name":"x"}}})")),
              "changed c1");
  }
}

TEST(Events, PodmansNetworkEventNamesTheContainerAsItsActor) {
  EXPECT_EQ(shown(decode(R"({"Type":"network","Action":"connect","Actor":{"ID":"c1"}})")),
            "changed c1");
}

TEST(Events, OtherNetworkEventsAreNothing) {
  for (const char* action : {"create", "destroy", "remove", "prune", "update", "teleport"}) {
    const DecodedEvent event = decode(R"({"Type":"network","Action":")" + std::string(action) +
                                      R"(","Actor":{"ID":"n1"}})");
    EXPECT_EQ(shown(event), "nothing") << action;
    EXPECT_FALSE(event.unknown_action) << action;
  }
}

TEST(Events, OtherTypesAreNothing) {
  for (const char* type : {"image", "volume", "daemon", "pod", "service", "plugin", "new"}) {
    EXPECT_EQ(shown(decode(R"({"Type":")" + std::string(type) +
                           R"(","Action":"start","Actor":{"ID":"c1"}})")),
              "nothing")
        << type;
  }
}

TEST(Events, EventsOfOldEnginesHaveOnlyStatusAndId) {
  EXPECT_EQ(shown(decode(R"({"status":"die","id":"c1","from":"i","time":5})")), "ended c1");
  EXPECT_EQ(shown(decode(R"({"status":"pull","id":"busybox:1"})")), "nothing");
}

TEST(Events, TheTimeIsTheFinestThatIsTold) {
  const Timestamp fine{std::chrono::nanoseconds(1'795'297'351'063'013'285)};
  const Timestamp coarse{std::chrono::seconds(1'795'297'351)};
  EXPECT_EQ(decode(R"({"Type":"x","time":1795297351,"timeNano":1795297351063013285})").at, fine);
  EXPECT_EQ(decode(R"({"Type":"x","time":1795297351,"timeNano":0})").at, coarse);
  EXPECT_EQ(decode(R"({"Type":"x","time":1795297351})").at, coarse);
  EXPECT_EQ(decode(R"({"Type":"x","time":"now","timeNano":-5})").at, Timestamp{});
  EXPECT_EQ(decode(R"({"Type":"x","time":9223372036854775807})").at, Timestamp{});
  const DecodedEvent event =
      decode(R"({"Type":"container","Action":"die","Actor":{"ID":"c"},"time":1795297351})");
  EXPECT_EQ(std::get<Touched>(*event.change).at, coarse);
}

TEST(Events, WhatCouldConcernAContainerButDoesNotSayWhichAsksForAResync) {
  for (const char* json :
       {R"({"Type":"container","Action":"die"})", R"({"Type":"container","Action":"destroy"})",
        R"({"Type":"container","Action":"start","Actor":null})", R"({"Type":"container"})",
        R"({"Type":"container","Action":"start","Actor":{"ID":7}})", "{}", R"({"message":"oh"})",
        R"({"Type":"network","Action":"connect"})", R"({"Type":5,"Actor":{"ID":"c1"}})"}) {
    EXPECT_EQ(shown(decode(json)), "resync") << json;
  }
}

TEST(Events, AStrangeActionOfAKnownContainerTouchesIt) {
  for (const char* action : {"7", "null", "{}", "\"\""}) {
    const DecodedEvent event = decode(R"({"Type":"container","Action":)" + std::string(action) +
                                      R"(,"Actor":{"ID":"c1","Attributes":[]}})");
    EXPECT_EQ(shown(event), "changed c1") << action;
    EXPECT_TRUE(event.unknown_action) << action;
  }
}

TEST(Events, WhatIsNoJsonObjectIsAnError) {
  for (const char* json : {"", "garbage", "[]", "null", R"({"Type":"container")", R"({"Type":)",
                           R"({"Type":"cut)", R"({"Type":"\x"})"}) {
    const auto decoded = try_decode(json);
    ASSERT_FALSE(decoded) << json;
    EXPECT_EQ(decoded.error().kind, ErrorKind::protocol) << json;
  }
}

TEST(Events, ABadByteInALabelDoesNotHideTheEvent) {
  EXPECT_EQ(shown(decode("{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"c1\","
                         "\"Attributes\":{\"label\":\"\xff\"}}}")),
            "ended c1");
}

TEST(Events, AContainersLabelsAreNotMistakenForItsFields) {
  EXPECT_EQ(shown(decode(R"({"Type":"container","Action":"die","Actor":{"ID":"c1",
      "Attributes":{"container":"other","ID":"x","Type":"image","id":"y"}}})")),
            "ended c1");
}

TEST(Events, RecordedEventsOfEveryVersionAreKnown) {
  for (const std::string version : {"20.10", "26.1"}) {
    for (const Line& line : recorded(version)) {
      const DecodedEvent event = decode(line.json);
      EXPECT_FALSE(event.unknown_action) << version << " " << line.json;
      EXPECT_NE(shown(event), "resync") << version << " " << line.json;
      EXPECT_GT(event.at, Timestamp{}) << version << " " << line.json;
    }
  }
}

TEST(Events, RecordedEventsOfContainersSayWhatTheMapPromises) {
  const std::map<std::string, std::string> expected{
      {"start", "began"},     {"die", "ended"},      {"destroy", "gone"},
      {"remove", "gone"},     {"pause", "changed"},  {"rename", "changed"},
      {"create", "nothing"},  {"kill", "nothing"},   {"exec_create", "nothing"},
      {"prune", "nothing"},   {"sync", "nothing"},   {"health_status", "changed"},
      {"cleanup", "changed"}, {"unpause", "changed"}};
  for (const std::string version : {"20.10", "26.1"}) {
    for (const Line& line : recorded(version)) {
      const auto row = expected.find(line.action);
      if (line.type != "container" || row == expected.end()) continue;
      EXPECT_TRUE(shown(decode(line.json)).starts_with(row->second)) << version << line.json;
    }
  }
}

// The event words of the filter.
std::vector<std::string> filtered(const char* key) {
  const boost::json::value filters =
      boost::json::parse(docker::make_dialect()->traits().event_filters);
  std::vector<std::string> words;
  for (const auto& word : filters.at(key).as_array()) words.emplace_back(word.as_string());
  return words;
}

TEST(Events, TheFiltersAreCompactJson) {
  EXPECT_EQ(filtered("type"), std::vector<std::string>({"container", "network"}));
  EXPECT_EQ(docker::make_dialect()->traits().event_filters.find_first_of(" \n"),
            std::string_view::npos);
}

TEST(Events, TheFiltersLetThroughWhatIsNotNothing) {
  const auto words = filtered("event");
  for (const std::string version : {"20.10", "26.1"}) {
    for (const Line& line : recorded(version)) {
      if (shown(decode(line.json)) == "nothing") continue;
      EXPECT_TRUE(std::ranges::count(words, line.action) == 1) << line.action;
    }
  }
}

TEST(Events, TheFiltersHoldBackTheExecEventsEvenWhenMatchedByPrefix) {
  for (const std::string& word : filtered("event")) {
    for (const std::string exec : {"exec_create: sh", "exec_start: sh", "exec_die", "exec_died"}) {
      EXPECT_FALSE(exec.starts_with(word)) << word;
    }
  }
}

}  // namespace
}  // namespace rollcall::docker_api
