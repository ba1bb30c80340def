// Secrets in any field of a pod must not reach any document.
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "backends/kubernetes/decode.hpp"
#include "support/every_document.hpp"

namespace rollcall::kubernetes {
namespace {

using test::planted;

Result<Pod> decode(std::string text) {
  const std::size_t size = text.size();
  text.append(64, ' ');
  return Decoder("https://c")
      .pod(std::string_view(text).substr(0, size), Timestamp(), [](const Meta&) { return false; });
}

TEST(KubernetesSecrets, OfNoFieldAreInADocument) {
  const std::string secret = "bob:" + planted + "@x";
  const auto pod = decode(fmt::format(
      R"({{"metadata":{{"uid":"u1","name":"{0}","namespace":"{0}","creationTimestamp":"{0}",)"
      R"("labels":{{"password":"{1}","app":"{0}"}},"annotations":{{"rollcall.dev/name":"{0}",)"
      R"("rollcall.dev/port":"{0}","prometheus.io/path":"/m?token={1}","note":"{1}"}},)"
      R"("ownerReferences":[{{"kind":"StatefulSet","name":"{0}","controller":true}}]}},)"
      R"("spec":{{"nodeName":"{0}","containers":[{{"name":"{0}","image":"{0}",)"
      R"("env":[{{"name":"PASSWORD","value":"{1}"}}],"ports":[{{"name":"{0}","containerPort":80}},)"
      R"({{"containerPort":81,"protocol":"{0}"}}]}}]}},)"
      R"("status":{{"phase":"{0}","reason":"{0}",)"
      R"("podIPs":[{{"ip":"{0}"}},{{"ip":"10.0.0.1"}}]}}}})",
      secret, planted));
  ASSERT_TRUE(pod) << pod.error().describe();
  EXPECT_GE(pod->instance->problems.size(), 4U);
  EXPECT_EQ(pod->instance->ports.size(), 1U);
  test::expect_no_planted_secret(*pod->instance);
}

TEST(KubernetesSecrets, AreNotQuotedByAnError) {
  const auto broken = decode(R"({"spec":{"url":"https://b:)" + planted + R"(@x"}})");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().describe().find(planted), std::string::npos);
}

}  // namespace
}  // namespace rollcall::kubernetes
