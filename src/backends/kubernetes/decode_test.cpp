#include "backends/kubernetes/decode.hpp"

#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/kubernetes/list_splitter.hpp"
#include "core/text/text.hpp"
#include "support/paths.hpp"

namespace rollcall::kubernetes {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr Timestamp discovered(7s);
const Decoder::IsKnown nothing_known = [](const Meta&) { return false; };

std::string read_file(const std::string& name) {
  const std::string path = ROLLCALL_SOURCE_DIR "/src/backends/kubernetes/testdata/v1.20.2/" + name;
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Text with bytes after it that a decoder may read.
class Padded {
 public:
  explicit Padded(std::string_view text) : text_(text), size_(text.size()) {
    text_.append(JsonSplitter::padding, ' ');
  }
  [[nodiscard]] std::string_view view() const { return std::string_view(text_).substr(0, size_); }

 private:
  std::string text_;
  std::size_t size_;
};

std::vector<std::string> items_in(const std::string& name) {
  std::vector<std::string> items;
  ListSplitter splitter;
  EXPECT_TRUE(splitter.feed(read_file(name), [&items](std::string_view item) -> Result<void> {
    items.emplace_back(item);
    return {};
  }));
  EXPECT_TRUE(splitter.finish());
  return items;
}

std::vector<std::string> lines_in(const std::string& name) {
  std::vector<std::string> lines;
  JsonSplitter splitter(JsonSplitter::Shape::stream);
  EXPECT_TRUE(splitter.feed(read_file(name), [&lines](std::string_view line) -> Result<void> {
    lines.emplace_back(line);
    return {};
  }));
  return lines;
}

Result<Pod> try_decode(const std::string& json) {
  Decoder decoder("https://c");
  return decoder.pod(Padded(json).view(), discovered, nothing_known);
}

Instance decode(const std::string& json) {
  auto pod = try_decode(json);
  EXPECT_TRUE(pod) << json << ": " << (pod ? "" : pod.error().describe());
  return pod ? std::move(*pod->instance) : Instance();
}

/// A pod with these extra fields of its metadata, spec and status; each may be empty.
Instance pod(std::string_view metadata, std::string_view spec, std::string_view status) {
  return decode(fmt::format(R"({{"metadata":{{"uid":"u1","name":"web",)"
                            R"("namespace":"shop"{}}},"spec":{{{}}},"status":{{{}}}}})",
                            metadata, spec, status));
}

std::string port_text(const PortMapping& port) {
  return fmt::format("{} {}:{}->{}/{} {}", to_string(port.scope), port.host_ip, port.host_port,
                     port.container_port, to_string(port.protocol), port.name);
}

std::vector<std::string> ports_in(const Instance& instance) {
  std::vector<std::string> ports;
  for (const PortMapping& port : instance.ports) ports.push_back(port_text(port));
  return ports;
}

TEST(KubernetesDecode, ARecordedPodIsAnInstance) {
  const auto items = items_in("list-pods.json");
  ASSERT_THAT(items, SizeIs(3));
  const Instance it = decode(items[0]);
  EXPECT_EQ(it.key,
            (InstanceKey{"kubernetes", "https://c", "5abf1ad3-97d0-493f-8562-ba9ee5f9e640"}));
  EXPECT_EQ(it.name, "checkout-0-90ea026ea2-8x9dt");
  EXPECT_EQ(it.kind, InstanceKind::pod);
  EXPECT_EQ(it.group, "team-00");
  EXPECT_EQ(it.service, "checkout-0");
  EXPECT_EQ(it.node, "node-006");
  EXPECT_EQ(it.image, "registry.example.com/shop/checkout-0:v1.0.0");
  EXPECT_EQ(it.state, InstanceState::running);
  EXPECT_EQ(it.health, Health::healthy);
  EXPECT_EQ(to_rfc3339(*it.created_at), "2026-11-21T21:50:15Z");
  EXPECT_TRUE(it.started_at);
  ASSERT_THAT(it.addresses, SizeIs(1));
  EXPECT_EQ(it.addresses[0].ip, "10.244.0.6");
  EXPECT_THAT(ports_in(it),
              ElementsAre("internal :0->8080/tcp http", "internal :0->9090/tcp metrics"));
  EXPECT_EQ(it.labels.find("tier"), "web");
  EXPECT_EQ(it.labels.find("prometheus.io/port"), "9090");
  EXPECT_FALSE(it.labels.find("cni.projectcalico.org/podIP"));
  ASSERT_NE(it.metadata, nullptr);
  ASSERT_TRUE(it.metadata->scrape && it.metadata->scrape->port);
  EXPECT_EQ(it.metadata->scrape->port->value, 9090);
  EXPECT_EQ(it.discovered_at, discovered);
  EXPECT_THAT(it.problems, IsEmpty());
}

TEST(KubernetesDecode, HoweverItIsWrittenItIsTheSame) {
  const Instance plain =
      decode(R"({"metadata":{"uid":"u","name":"web","labels":{"a\"b":"c\\d","app":"shop"}},)"
             R"("spec":{"nodeName":"n1"},"status":{"phase":"Running","podIP":"10.0.0.1"}})");
  const Instance written = decode(
      "{\n  \"met\\u0061data\" : { \"uid\":\"u\" ,\n \"n\\u0061me\" :\t\"w\\u0065b\" , \"labels\" :"
      " {\"a\\\"b\": \"c\\\\d\" , \"\\u0061pp\" : \"shop\"\n} },\n\"spec\": { \"nodeName\" : "
      "\"n1\" } ,"
      " \"status\" :{\"ph\\u0061se\": \"Running\"\t,\"podIP\":\"10.0.0.1\" } }");
  EXPECT_EQ(plain.name, "web");
  EXPECT_EQ(plain.labels.find("a\"b"), "c\\d");
  EXPECT_EQ(plain.node, "n1");
  EXPECT_THAT(plain.problems, IsEmpty());
  EXPECT_TRUE(same_content(plain, written));
}

TEST(KubernetesDecode, APodThatIsKnownInItsVersionIsNotDecoded) {
  Decoder decoder("https://c");
  const Padded item(items_in("list-pods.json")[0]);
  const auto known = [](const Meta& meta) { return meta.version == "613"; };
  const auto found = decoder.pod(item.view(), discovered, known);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->known);
  EXPECT_EQ(found->instance->key.id, "5abf1ad3-97d0-493f-8562-ba9ee5f9e640");
  EXPECT_THAT(found->instance->ports, IsEmpty());
}

TEST(KubernetesDecode, AWorkloadIsFoundWithoutAsking) {
  const auto owned = [](std::string_view kind, std::string_view name, std::string_view labels) {
    return pod(fmt::format(R"(,"labels":{{{}}},"ownerReferences":[{{"kind":"X","name":"no"}},)"
                           R"({{"kind":"{}","name":"{}","controller":true}}])",
                           labels, kind, name),
               "", R"("phase":"Running")")
        .service;
  };
  const std::string hash = R"("pod-template-hash":"5d4f")";
  EXPECT_EQ(owned("ReplicaSet", "api-v2-5d4f", hash), "api-v2");
  EXPECT_EQ(owned("ReplicaSet", "api-v2-5d4f", ""), "api-v2-5d4f");
  EXPECT_EQ(owned("ReplicaSet", "-5d4f", hash), "-5d4f");
  EXPECT_EQ(owned("ReplicaSet", "api5d4f", hash), "api5d4f");
  EXPECT_EQ(owned("StatefulSet", "db", ""), "db");
  EXPECT_EQ(owned("DaemonSet", "agent", ""), "agent");
  EXPECT_EQ(owned("Job", "nightly-28371", ""), "nightly-28371");
  EXPECT_EQ(owned("Node", "node-1", ""), "");
  EXPECT_EQ(pod("", "", R"("phase":"Running")").service, "");
}

struct StateCase {
  const char* metadata;
  const char* status;
  InstanceState state;
  Health health;
  const char* reason;
};

TEST(KubernetesDecode, PhasesAndContainersAreStateHealthAndReason) {
  using enum InstanceState;
  const char* const ready = R"("phase":"Running","conditions":[{"type":"Ready","status":"True"}])";
  const char* const crashing =
      R"("phase":"Running","conditions":[{"type":"Ready","status":"False"}],"containerStatuses":[)"
      R"({"name":"a","state":{"waiting":{"reason":"CrashLoopBackOff"}}})";
  const std::string one_crashes = std::string(crashing) + "]";
  const std::string other_runs =
      std::string(crashing) +
      R"(,{"name":"b","state":{"running":{"startedAt":"2026-01-01T00:00:00Z"}}}])";
  const std::string never_ready =
      R"("phase":"Running","conditions":[{"type":"Ready","status":"False",)"
      R"("lastTransitionTime":"2026-01-01T00:00:00Z"}],"containerStatuses":[{"name":"a","state":)"
      R"({"running":{"startedAt":"2026-01-01T00:00:05Z"}}}])";
  const std::string no_more_ready =
      R"("phase":"Running","conditions":[{"type":"Ready","status":"False",)"
      R"("lastTransitionTime":"2026-01-01T00:01:00Z"}],"containerStatuses":[{"name":"a","state":)"
      R"({"running":{"startedAt":"2026-01-01T00:00:05Z"}}}])";
  const std::vector<StateCase> cases = {
      {"", ready, running, Health::healthy, ""},
      {"", R"("phase":"Running")", running, Health::none, ""},
      {R"(,"deletionTimestamp":"2026-01-01T00:00:00Z")", ready, stopped, Health::none,
       "terminating"},
      {"", one_crashes.c_str(), restarting, Health::unhealthy, "CrashLoopBackOff"},
      {"", other_runs.c_str(), running, Health::unhealthy, "CrashLoopBackOff"},
      {"", never_ready.c_str(), running, Health::starting, ""},
      {"", no_more_ready.c_str(), running, Health::unhealthy, ""},
      {"", R"("phase":"Pending")", stopped, Health::none, "pending"},
      {"",
       R"("phase":"Pending","conditions":[{"type":"PodScheduled",)"
       R"("status":"False","reason":"Unschedulable"}])",
       stopped, Health::none, "Unschedulable"},
      {"",
       R"("phase":"Pending",)"
       R"("containerStatuses":[{"state":{"waiting":{"reason":"ImagePullBackOff"}}}])",
       stopped, Health::none, "ImagePullBackOff"},
      {"",
       R"("phase":"Pending",)"
       R"("initContainerStatuses":[{"state":{"waiting":{"reason":"CrashLoopBackOff"}}}])",
       stopped, Health::none, "CrashLoopBackOff"},
      {"", R"("phase":"Succeeded")", stopped, Health::none, "completed"},
      {"", R"("phase":"Failed","reason":"Evicted")", stopped, Health::none, "Evicted"},
      {"",
       R"("phase":"Failed",)"
       R"("containerStatuses":[{"state":{"terminated":{"exitCode":3,"reason":"Error"}}}])",
       stopped, Health::none, "exited with 3"},
      {"",
       R"("phase":"Running",)"
       R"("containerStatuses":[{"state":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}])",
       restarting, Health::unhealthy, "OOMKilled"},
      {"", R"("phase":"Unknown","reason":"NodeLost")", unknown, Health::none, "NodeLost"},
  };
  for (const StateCase& row : cases) {
    const Instance it = pod(row.metadata, "", row.status);
    EXPECT_EQ(it.state, row.state) << row.status;
    EXPECT_EQ(it.health, row.health) << row.status;
    EXPECT_EQ(it.reason, row.reason) << row.status;
    EXPECT_THAT(it.problems, IsEmpty()) << row.status;
  }
  EXPECT_EQ(pod("", "", R"("phase":"Dreaming")").state, unknown);
  EXPECT_THAT(pod("", "", "").problems, SizeIs(1));
}

TEST(KubernetesDecode, ARestartOfAContainerIsAnotherStart) {
  const auto started = [](std::string_view a, std::string_view b) {
    return pod("", "",
               fmt::format(R"("phase":"Running","startTime":"2026-01-01T00:00:00Z",)"
                           R"("containerStatuses":[{{"state":{{"running":{{"startedAt":"{}"}}}}}},)"
                           R"({{"state":{{"running":{{"startedAt":"{}"}}}}}}])",
                           a, b));
  };
  const Instance before = started("2026-01-01T00:00:02Z", "2026-01-01T00:00:03Z");
  const Instance after = started("2026-01-01T00:00:09Z", "2026-01-01T00:00:03Z");
  EXPECT_EQ(to_rfc3339(*before.started_at), "2026-01-01T00:00:03Z");
  EXPECT_FALSE(same_content(before, after));
  EXPECT_EQ(before.run, after.run);
  const Instance without = pod("", "", R"("phase":"Running","startTime":"2026-01-01T00:00:00Z")");
  EXPECT_EQ(to_rfc3339(*without.started_at), "2026-01-01T00:00:00Z");
}

TEST(KubernetesDecode, PortsOfContainersHaveTheirScope) {
  const std::string containers =
      R"("containers":[{"name":"a","image":"a:1","ports":[{"name":"http","containerPort":80},)"
      R"({"containerPort":53,"protocol":"UDP","hostPort":5353},)"
      R"({"containerPort":99,"hostPort":9900,"hostIP":"127.0.0.1"}]}],)"
      R"("initContainers":[{"name":"i","ports":[{"containerPort":1}]},)"
      R"({"name":"s","image":"s:1","restartPolicy":"Always","ports":[{"containerPort":15001}]}])";
  const std::string status = R"("phase":"Running","hostIP":"192.0.2.1","podIP":"192.0.2.1")";
  const Instance own = pod("", containers, status);
  EXPECT_THAT(ports_in(own), ElementsAre("internal :0->80/tcp http", "internal :0->15001/tcp ",
                                         "published 127.0.0.1:9900->99/tcp ",
                                         "published 192.0.2.1:5353->53/udp "));
  EXPECT_EQ(own.image, "a:1");
  const Instance host = pod("", R"("hostNetwork":true,)" + containers, status);
  EXPECT_EQ(host.network_mode, NetworkMode::host);
  EXPECT_THAT(ports_in(host), testing::Contains("host 192.0.2.1:80->80/tcp http"));
  const Instance chosen =
      pod(R"(,"annotations":{"kubectl.kubernetes.io/default-container":"s"})", containers, status);
  EXPECT_EQ(chosen.image, "s:1");
}

TEST(KubernetesDecode, AllAddressesAreToldOnce) {
  const Instance it = pod("", "",
                          R"("phase":"Running","podIP":"10.0.0.1","podIPs":[{"ip":"10.0.0.1"},)"
                          R"({"ip":"FD00::0001"},{"ip":"nonsense"}])");
  ASSERT_THAT(it.addresses, SizeIs(2));
  EXPECT_EQ(it.addresses[0].ip, "10.0.0.1");
  EXPECT_EQ(it.addresses[1].ip, "fd00::1");
  EXPECT_THAT(it.problems, SizeIs(1));
}

TEST(KubernetesDecode, LabelsAndAnnotationsAreMetadata) {
  const Instance it = pod(R"(,"labels":{"rollcall.dev/name":"label"},"annotations":{)"
                          R"("rollcall.dev/name":"annotation","koi.sylin.org/port":"8080",)"
                          R"("kubectl.kubernetes.io/last-applied-configuration":"{}"})",
                          "", R"("phase":"Running")");
  ASSERT_NE(it.metadata, nullptr);
  EXPECT_EQ(it.metadata->name->value, "label");
  EXPECT_EQ(it.labels.size(), 2U);
}

TEST(KubernetesDecode, HostileObjectsAreNoted) {
  const Instance broken =
      decode(R"({"metadata":{"name":"n","namespace":"s","uid":"u"},"spec":tru})");
  EXPECT_EQ(broken.key.id, "u");
  EXPECT_EQ(broken.name, "n");
  EXPECT_EQ(broken.group, "s");
  EXPECT_EQ(broken.state, InstanceState::unknown);
  EXPECT_THAT(broken.problems, Not(IsEmpty()));
  for (const char* unread : {"[1,]", "tru", "01", "{a:1}", R"("\x")", R"({"a" 1})"}) {
    const Instance it = decode(R"({"metadata":{"name":"n","namespace":"s","uid":"u"},"more":)" +
                               std::string(unread) + R"(,"status":{"phase":"Running"}})");
    EXPECT_EQ(it.state, InstanceState::unknown) << unread;
    EXPECT_THAT(it.problems, Not(IsEmpty())) << unread;
  }
  const Instance nameless = decode(R"({"metadata":{"uid":"u"},"status":{"phase":"Running"}})");
  EXPECT_EQ(nameless.name, "u");
  const Instance odd =
      pod("", R"("containers":7,"nodeName":[])",
          R"("phase":"Running","podIPs":"x","conditions":{},"containerStatuses":[3])");
  EXPECT_EQ(odd.state, InstanceState::running);
  EXPECT_THAT(odd.problems, SizeIs(4));
  const Instance ports = pod(
      "",
      R"("containers":[{"ports":[{"containerPort":70000},{"containerPort":1,"protocol":"X"}]}])",
      R"("phase":"Running")");
  EXPECT_THAT(ports.problems, SizeIs(2));
}

TEST(KubernetesDecode, WithoutAUidItIsAProtocolError) {
  for (const char* json : {R"({"metadata":{"name":"n"}})", R"({"spec":{"metadata":{"uid":"u"}}})",
                           R"({"metadata":{"uid":"a b"}})", "{}", R"({"metadata":3})"}) {
    const auto pod = try_decode(json);
    ASSERT_FALSE(pod) << json;
    EXPECT_EQ(pod.error().kind, ErrorKind::protocol);
  }
}

TEST(KubernetesDecode, ARecordedWatchIsTheLifeOfAPod) {
  Decoder decoder("https://c");
  std::vector<std::string> told;
  for (const std::string& line : lines_in("watch-pods.jsonl")) {
    const Padded text(line);
    const auto event = decoder.pod_event(text.view(), discovered, nothing_known);
    ASSERT_TRUE(event) << event.error();
    const auto& pod = event->object.instance;
    told.push_back(fmt::format("{} {} {}", static_cast<int>(event->type), event->version,
                               pod ? to_string(pod->state) : "of no pod"));
  }
  EXPECT_THAT(told, ElementsAre("0 12432 stopped", "0 12433 running", "0 12434 running",
                                "0 12435 stopped", HasSubstr("0 12436 stopped"),
                                HasSubstr("1 12437"), "2 12437 of no pod", "2 12437 of no pod"));
}

TEST(KubernetesDecode, AnErrorLineIsNoObject) {
  Decoder decoder("https://c");
  const auto lines = lines_in("watch-expired.jsonl");
  ASSERT_THAT(lines, SizeIs(1));
  const Padded text(lines[0]);
  EXPECT_EQ(decoder.pod_event(text.view(), discovered, nothing_known)->type, EventType::error);
  EXPECT_EQ(decoder.service_event(text.view())->type, EventType::error);
  EXPECT_EQ(decoder.slice_event(text.view(), SliceApi::slices_v1)->type, EventType::error);
  EXPECT_THAT(std::string(object_of(lines[0])), testing::EndsWith(R"("code":410})"));
}

TEST(KubernetesDecode, ABrokenEventTellsWhatItCan) {
  Decoder decoder("https://c");
  const Padded line(
      R"({"type":"MODIFIED","object":{"metadata":{"uid":"u","name":"n"},"spec":tru}})");
  const auto event = decoder.pod_event(line.view(), discovered, nothing_known);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, EventType::put);
  EXPECT_EQ(event->object.instance->state, InstanceState::unknown);
  EXPECT_EQ(event->object.instance->key.id, "u");
  const Padded rubbish(R"({"type":"MODIFIED","object":{"metadata":tru}})");
  EXPECT_FALSE(decoder.pod_event(rubbish.view(), discovered, nothing_known));
}

TEST(KubernetesDecode, RecordedServicesAndEndpointsTellTheirPorts) {
  Decoder decoder("https://c");
  const Padded service_item(items_in("list-services.json")[0]);
  const Service service = decoder.service(service_item.view());
  EXPECT_EQ(service.name, "checkout-0");
  EXPECT_THAT(service.cluster_ips, ElementsAre("10.96.81.38"));
  ASSERT_THAT(service.ports, SizeIs(2));
  const Padded slice_item(items_in("list-endpointslices.json")[0]);
  const Slice slice = decoder.slice(slice_item.view(), SliceApi::slices_v1beta1);
  EXPECT_EQ(slice.service, "checkout-0");
  ASSERT_THAT(slice.groups, SizeIs(1));
  const Padded endpoints_item(items_in("list-endpoints.json")[0]);
  const Slice endpoints = decoder.slice(endpoints_item.view(), SliceApi::endpoints);
  EXPECT_EQ(endpoints.service, "checkout-0");
  EXPECT_EQ(endpoints.groups, slice.groups);
  std::vector<std::string> ports;
  for (const auto& port : ports_of(service, slice.groups[0].ports, "192.0.2.1")) {
    ports.push_back(port_text(port));
  }
  EXPECT_THAT(ports, ElementsAre("cluster 10.96.81.38:80->8080/tcp http",
                                 "cluster 10.96.81.38:50051->50051/tcp grpc"));
}

TEST(KubernetesDecode, EachWayToAServiceHasItsScope) {
  Decoder decoder("https://c");
  const Padded item(
      R"({"metadata":{"name":"web","namespace":"s"},"spec":{"clusterIP":"10.0.0.1",)"
      R"("clusterIPs":["10.0.0.1","fd00::1"],"externalIPs":["198.51.100.1"],)"
      R"("ports":[{"port":80,"nodePort":30080},{"port":0},)"
      R"({"name":"odd","port":1,"protocol":"X"}]},)"
      R"("status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.1"},{"hostname":"lb.example"}]}}})");
  const Service service = decoder.service(item.view());
  const std::vector<SlicePort> behind = {{.name = {}, .port = 8080}};
  std::vector<std::string> ports;
  for (const auto& port : ports_of(service, behind, "")) ports.push_back(port_text(port));
  EXPECT_THAT(
      ports,
      ElementsAre("cluster 10.0.0.1:80->8080/tcp ", "cluster fd00::1:80->8080/tcp ",
                  "published 198.51.100.1:80->8080/tcp ", "published 203.0.113.1:80->8080/tcp ",
                  "published lb.example:80->8080/tcp ", "published 0.0.0.0:30080->8080/tcp "));
  const Padded headless(
      R"({"metadata":{"name":"db"},"spec":{"clusterIP":"None","ports":[{"port":80}]}})");
  EXPECT_THAT(decoder.service(headless.view()).cluster_ips, IsEmpty());
}

TEST(KubernetesDecode, VersionsAreComparedAsTheyCan) {
  EXPECT_EQ(Version::of("12"), Version::of("12"));
  EXPECT_TRUE(Version::of("9").up_to(Version::of("12")));
  EXPECT_FALSE(Version::of("13").up_to(Version::of("12")));
  EXPECT_FALSE(Version::of("a").up_to(Version::of("12")));
  EXPECT_FALSE(Version::of("").ordered);
}

TEST(KubernetesLists, AreTheSameWhereverTheyAreCut) {
  const std::string text = read_file("list-services.json");
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    ListSplitter splitter;
    std::vector<std::string> items;
    const auto sink = [&items](std::string_view item) -> Result<void> {
      items.emplace_back(item);
      return {};
    };
    ASSERT_TRUE(splitter.feed(std::string_view(text).substr(0, cut), sink)) << cut;
    ASSERT_TRUE(splitter.feed(std::string_view(text).substr(cut), sink)) << cut;
    const auto head = splitter.finish();
    ASSERT_TRUE(head) << cut;
    EXPECT_EQ(head->version, "12428");
    EXPECT_THAT(head->continue_token, testing::StartsWith("eyJ2"));
    ASSERT_THAT(items, SizeIs(1));
  }
}

TEST(KubernetesLists, ThatEndBeforeTheirEndAreErrors) {
  const std::string text = read_file("list-services.json");
  for (std::size_t end = 0; end + 1 < text.size(); ++end) {
    ListSplitter splitter;
    const auto sink = [](std::string_view) { return Result<void>(); };
    const auto fed = splitter.feed(std::string_view(text).substr(0, end), sink);
    if (fed) EXPECT_FALSE(splitter.finish()) << end;
  }
}

TEST(KubernetesLists, MayTellTheirVersionBehindTheItems) {
  const std::map<std::string, bool> cases = {
      {R"({"items":[{"a":1},{"b":"]}"}],"metadata":{"resourceVersion":"7"}})", true},
      {R"({ "metadata" : {"items":[1], "resourceVersion":"7"} , "items" : [ ] } )", true},
      {R"({"metadata":{"resourceVersion":"7"},"items":null})", true},
      {R"({"metadata":{"resourceVersion":"7"}})", false},
      {R"({"metadata":{},"items":[]})", false},
      {R"({"metadata":{"resourceVersion":"7"},"items":[3]})", false},
      {R"([])", false},
      {R"({"metadata":{"resourceVersion":"7"},"items":[]}x)", false},
  };
  for (const auto& [text, good] : cases) {
    ListSplitter splitter;
    const auto fed = splitter.feed(text, [](std::string_view) { return Result<void>(); });
    EXPECT_EQ(fed && splitter.finish(), good) << text;
  }
}

}  // namespace
}  // namespace rollcall::kubernetes
