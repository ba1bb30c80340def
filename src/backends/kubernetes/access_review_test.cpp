#include "backends/kubernetes/access_review.hpp"

#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/http_server.hpp"
#include "support/run.hpp"

namespace rollcall::kubernetes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string review(bool allowed) {
  return test::http_answer(
      std::string(R"({"kind":"SelfSubjectAccessReview","status":{"allowed":)") +
          (allowed ? "true" : "false") + "}}",
      201);
}

class AccessReview : public testing::Test {
 protected:
  Result<std::vector<std::string>> ask(std::vector<std::string> namespaces, std::string own = "") {
    Access access = access_at(server_.url()).value();
    ApiClient client(access, {.connect = {}, .deadlines = {}}, system_env());
    return test::run(io_, review_access(client, std::move(namespaces), std::move(own)));
  }

  boost::asio::io_context io_;
  std::function<std::string(const std::string& body)> judge_ = [](const std::string&) {
    return review(true);
  };
  test::HttpServer server_{io_,
                           [this](const std::string&) { return judge_(server_.bodies.back()); }};
};

TEST_F(AccessReview, AsksForEachRightOnceAndSaysItInASentence) {
  const auto sentences = ask({});
  ASSERT_TRUE(sentences) << sentences.error().describe();
  EXPECT_THAT(*sentences,
              ElementsAre("in the whole cluster: may list pods, watch pods, list services, watch "
                          "services, list endpointslices, watch endpointslices"));
  EXPECT_EQ(server_.requests.size(), 6U);
  EXPECT_EQ(server_.requests[0], "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
  EXPECT_EQ(server_.bodies[5],
            R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview",)"
            R"("spec":{"resourceAttributes":{"verb":"watch","group":"discovery.k8s.io",)"
            R"("resource":"endpointslices"}}})");
}

TEST_F(AccessReview, WithoutTheClusterItAsksForTheOwnNamespace) {
  judge_ = [](const std::string& body) {
    return review(body.contains(R"("namespace":"shop")") && body.contains("pods"));
  };
  const auto sentences = ask({}, "shop");
  ASSERT_TRUE(sentences);
  EXPECT_THAT(*sentences,
              ElementsAre("in the whole cluster: may not list pods, watch pods, list services, "
                          "watch services, list endpointslices, watch endpointslices; bind the "
                          "role of packaging/kubernetes to see its pods",
                          "in the namespace shop: may list pods, watch pods; may not list "
                          "services, watch services, list endpointslices, watch endpointslices"));
}

TEST_F(AccessReview, NamespacesThatWereNamedAreTheOnlyOnes) {
  const auto sentences = ask({"a", "b"}, "shop");
  ASSERT_TRUE(sentences);
  EXPECT_THAT(*sentences,
              ElementsAre(HasSubstr("in the namespace a:"), HasSubstr("in the namespace b:")));
}

TEST_F(AccessReview, ARefusalOrAnAnswerThatIsNoneIsAnError) {
  judge_ = [](const std::string&) { return test::http_answer("{}", 403); };
  auto refused = ask({});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("not allowed to create selfsubjectaccessreviews"));
  judge_ = [](const std::string&) { return test::http_answer("{}", 201); };
  refused = ask({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::protocol);
}

}  // namespace
}  // namespace rollcall::kubernetes
