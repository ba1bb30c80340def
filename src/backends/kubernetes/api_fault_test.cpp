// Each refusal of an API server, and the resulting error.
#include "backends/kubernetes/api_fault.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text/text.hpp"

namespace rollcall::kubernetes {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

/// A failure as the server sends it.
std::string status_of(unsigned code, const std::string& reason, const std::string& message,
                      const std::string& metadata = "") {
  return fmt::format(R"({{"kind":"Status","apiVersion":"v1","metadata":{{{}}},"status":"Failure",)"
                     R"("message":"{}","reason":"{}","details":{{"kind":"pods"}},"code":{}}})",
                     metadata, message, reason, code);
}

const std::string unauthorized = status_of(401, "Unauthorized", "Unauthorized");
const std::string forbidden =
    status_of(403, "Forbidden",
              R"(pods is forbidden: User \"nobody\" cannot list resource \"pods\" in API group)"
              R"( \"\" at the cluster scope)");
const std::string expired = status_of(410, "Expired", "The provided continue parameter is too old",
                                      R"("continue":"eyJ2Ij")");

FaultContext context_of(const std::string& target) {
  return {.url = "https://k8s:6443",
          .target = target,
          .asked = asked_by(target),
          .who = "the user admin (token)",
          .now = *parse_rfc3339("2026-11-21T21:51:23Z")};
}

ApiFault fault(unsigned status, const std::string& body, const std::string& retry_after = "",
               const std::string& target = "/api/v1/pods?limit=500") {
  return read_fault(status, retry_after, body, context_of(target));
}

TEST(ApiFault, AsksForWhatTheTargetSays) {
  struct Row {
    const char* target;
    Asked asked;
  };
  const std::vector<Row> rows = {
      {"/api/v1/pods", {"list", "", "pods", ""}},
      {"/api/v1/pods?watch=1&resourceVersion=5", {"watch", "", "pods", ""}},
      {"/api/v1/pods?limit=1&watch=true", {"watch", "", "pods", ""}},
      {"/api/v1/pods?labelSelector=watch%3D1", {"list", "", "pods", ""}},
      {"/api/v1/namespaces/shop/pods?watch=0", {"list", "", "pods", "shop"}},
      {"/api/v1/namespaces/shop/pods/web-1", {"get", "", "pods", "shop"}},
      {"/api/v1/namespaces", {"list", "", "namespaces", ""}},
      {"/api/v1/namespaces/shop", {"get", "", "namespaces", ""}},
      {"/apis/discovery.k8s.io/v1/endpointslices",
       {"list", "discovery.k8s.io", "endpointslices", ""}},
      {"/apis/apps/v1/namespaces/shop/replicasets/x", {"get", "apps", "replicasets", "shop"}},
      {"/version", {"", "", "", ""}},
      {"/api/v1", {"", "", "", ""}},
      {"/apis/apps/v1", {"", "", "", ""}},
      {"", {"", "", "", ""}},
  };
  for (const Row& row : rows) EXPECT_EQ(asked_by(row.target), row.asked) << row.target;
  EXPECT_EQ(asked_by("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", true).verb,
            "create");
}

TEST(ApiFault, WhoIsNotKnownIsDeniedAndToldAsWhom) {
  const ApiFault refused = fault(401, unauthorized);
  EXPECT_EQ(refused.error.kind, ErrorKind::denied);
  EXPECT_EQ(refused.error.fault, ConnectFault::auth);
  EXPECT_EQ(refused.error.endpoint, "https://k8s:6443");
  EXPECT_THAT(refused.error.what, HasSubstr("does not accept the user admin (token)"));
  EXPECT_THAT(refused.error.remedy, HasSubstr("sign in again"));
  FaultContext nobody = context_of("/api/v1/pods");
  nobody.who.clear();
  EXPECT_THAT(read_fault(401, "", unauthorized, nobody).error.what, HasSubstr("wants to know who"));
}

TEST(ApiFault, WhatIsForbiddenIsToldWithTheRuleThatWouldAllowIt) {
  const ApiFault refused = fault(403, forbidden);
  EXPECT_EQ(refused.error.kind, ErrorKind::denied);
  EXPECT_EQ(refused.error.fault, ConnectFault::denied);
  EXPECT_EQ(refused.reason, "Forbidden");
  EXPECT_THAT(refused.error.what, HasSubstr("not allowed to list pods in the whole cluster"));
  EXPECT_THAT(refused.error.remedy,
              HasSubstr(R"(a ClusterRole with the rule apiGroups: [""], resources: ["pods"], )"
                        R"(verbs: ["list", "watch"])"));
  EXPECT_THAT(refused.error.remedy, HasSubstr("--namespace"));
  const ApiFault slices =
      fault(403, forbidden, "", "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?watch=1");
  EXPECT_THAT(slices.error.what,
              HasSubstr("not allowed to watch endpointslices in the namespace shop"));
  EXPECT_THAT(slices.error.remedy,
              HasSubstr(R"(a Role with the rule apiGroups: ["discovery.k8s.io"], )"
                        R"(resources: ["endpointslices"])"));
  EXPECT_THAT(slices.error.remedy, Not(HasSubstr("--namespace")));
  EXPECT_THAT(fault(403, forbidden, "", "/version").error.what, HasSubstr("forbids /version"));
}

TEST(ApiFault, AVersionThatIsTooOldIsListedAgain) {
  const ApiFault refused = fault(410, expired);
  EXPECT_TRUE(refused.expired());
  EXPECT_EQ(refused.error.kind, ErrorKind::desynced);
  EXPECT_EQ(refused.reason, "Expired");
  EXPECT_EQ(refused.continue_token, "eyJ2Ij");
}

TEST(ApiFault, WhatIsNotThereIsAskedAgainLater) {
  const ApiFault refused = fault(404, "404 page not found\n");
  EXPECT_EQ(refused.error.kind, ErrorKind::unavailable);
  EXPECT_EQ(refused.error.fault, ConnectFault::not_this_api);
  EXPECT_THAT(refused.error.what, HasSubstr("status 404: 404 page not found"));
}

TEST(ApiFault, WhatTheServerCannotUnderstandIsOfTheProtocolAndNamesTheOptions) {
  for (const unsigned status : {400U, 422U}) {
    const ApiFault refused =
        fault(status, R"({"kind":"Status","message":"unable to parse","reason":"BadRequest"})");
    EXPECT_EQ(refused.status, status);
    EXPECT_EQ(refused.error.kind, ErrorKind::protocol);
    EXPECT_THAT(refused.error.remedy, HasSubstr("--selector"));
  }
  EXPECT_EQ(fault(301, "").error.kind, ErrorKind::protocol);
}

TEST(ApiFault, TooManyRequestsWaitAsLongAsTheServerSaysInPlainText) {
  const ApiFault refused = fault(429, "Too many requests, please try again later.\n", "1");
  EXPECT_EQ(refused.error.kind, ErrorKind::unavailable);
  EXPECT_EQ(refused.retry_after, 1s);
  EXPECT_EQ(refused.error.retry_after, 1s);
  EXPECT_THAT(refused.error.what, HasSubstr("please try again later."));
  EXPECT_EQ(fault(429, "x").error.retry_after, 0s);
}

TEST(ApiFault, RetryAfterIsSecondsOrADateAndBounded) {
  EXPECT_EQ(fault(503, "", "12").retry_after, 12s);
  EXPECT_EQ(fault(503, "", "Sat, 21 Nov 2026 21:51:53 GMT").retry_after, 30s);
  EXPECT_EQ(fault(503, "", "Sat, 21 Nov 2026 21:00:00 GMT").retry_after, 0s) << "it has passed";
  EXPECT_EQ(fault(503, "", "999999").retry_after, max_retry_after);
  EXPECT_EQ(fault(503, "", "99999999999999999999").retry_after, std::nullopt);
  EXPECT_EQ(fault(503, "", "soon").retry_after, std::nullopt);
  EXPECT_EQ(fault(503, "", "-5").retry_after, 0s);
  EXPECT_EQ(
      fault(504, R"({"kind":"Status","details":{"retryAfterSeconds":3},"code":504})").retry_after,
      3s);
}

TEST(ApiFault, AServerInTroubleIsAskedAgain) {
  for (const unsigned status : {500U, 502U, 503U, 504U}) {
    const ApiFault refused = fault(status, "etcdserver: request timed out");
    EXPECT_EQ(refused.error.kind, ErrorKind::unavailable) << status;
    EXPECT_THAT(refused.error.remedy, HasSubstr("etcd"));
  }
}

TEST(ApiFault, ASecureServerThatWasSpokenToInClearSaysSo) {
  const ApiFault refused = fault(400, "Client sent an HTTP request to an HTTPS server.\n");
  EXPECT_EQ(refused.error.fault, ConnectFault::tls);
}

TEST(ApiFault, ForeignWordsAreSafeToPrintAndBounded) {
  const ApiFault refused = fault(500, "\x1b[31m" + std::string(5000, 'x'));
  EXPECT_THAT(refused.error.what, Not(HasSubstr("\x1b")));
  EXPECT_LT(refused.error.what.size(), 600U);
}

TEST(ApiFault, AnErrorEventIsAFaultLikeAnAnswer) {
  FaultContext context{.url = "https://k8s:6443", .asked = asked_by("/api/v1/pods?watch=1")};
  const ApiFault gone = read_status(expired, context);
  EXPECT_TRUE(gone.expired());
  EXPECT_EQ(gone.error.kind, ErrorKind::desynced);
  const ApiFault denied = read_status(forbidden, context);
  EXPECT_THAT(denied.error.what, HasSubstr("not allowed to watch pods"));
  for (const char* text : {"", "{}", "[1]", R"({"kind":"Pod"})", R"({"kind":"Status"})"}) {
    EXPECT_EQ(read_status(text, context).error.kind, ErrorKind::protocol) << text;
  }
}

}  // namespace
}  // namespace rollcall::kubernetes
