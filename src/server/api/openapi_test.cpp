// Both forms of the documentation match the table of routes that they are made from.
#include "server/api/openapi.hpp"

#include <set>
#include <string>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json/json.hpp"
#include "server/api/selection.hpp"
#include "support/api_fixture.hpp"

namespace rollcall::server {
namespace {

using testing::HasSubstr;
using testing::Not;

using ServerDocs = test::ApiTest;

TEST_F(ServerDocs, DescribeEveryRouteAndParameterToPrograms) {
  make_api();
  const auto document = body(ask("/openapi.json"));
  EXPECT_EQ(document.at("openapi").as_string(), "3.1.0");
  EXPECT_EQ(document.at("info").at("version").as_string(), "1.2.3");
  EXPECT_EQ(document.at("paths").as_object().size(), api_->routes().size());
  std::set<std::string> operations;
  for (const Route& route : api_->routes()) {
    const auto& get = document.at("paths").at(route.path).at("get");
    operations.emplace(get.at("operationId").as_string());
    std::set<std::string> described;
    if (const auto* parameters = get.as_object().if_contains("parameters")) {
      for (const auto& one : parameters->as_array()) described.emplace(one.at("name").as_string());
    }
    std::set<std::string> known;
    for (const Parameter& parameter : route.parameters) known.emplace(parameter.name);
    EXPECT_EQ(described, known) << route.path;
    for (const unsigned status : route.problems) {
      EXPECT_TRUE(get.at("responses").as_object().contains(std::to_string(status))) << route.path;
    }
  }
  EXPECT_EQ(operations.size(), api_->routes().size()) << "operations have names of their own";
}

TEST_F(ServerDocs, HaveTheParametersOfThePath) {
  make_api();
  for (const Route& route : api_->routes()) {
    for (const std::string& name : names_of(route, Parameter::In::path)) {
      EXPECT_THAT(std::string(route.path), HasSubstr("{" + name + "}"));
    }
    EXPECT_EQ(std::ranges::count(route.path, '{'),
              static_cast<std::ptrdiff_t>(names_of(route, Parameter::In::path).size()))
        << route.path;
  }
}

TEST_F(ServerDocs, ReferToSchemasThatThereAre) {
  make_api();
  const std::string text = *ask("/openapi.json").body;
  const auto schemas = body(ask("/openapi.json")).at("components").at("schemas").as_object();
  constexpr std::string_view reference = "#/components/schemas/";
  std::size_t found = 0;
  for (std::size_t at = text.find(reference); at != text.npos; at = text.find(reference, at + 1)) {
    const std::size_t begin = at + reference.size();
    EXPECT_TRUE(schemas.contains(text.substr(begin, text.find('"', begin) - begin)));
    ++found;
  }
  EXPECT_GT(found, 5U);
}

TEST_F(ServerDocs, DescribeEveryRouteAndParameterToPeople) {
  make_api();
  const Reply reply = ask("/docs");
  EXPECT_EQ(reply.type, "text/html; charset=utf-8");
  for (const Route& route : api_->routes()) {
    EXPECT_THAT(*reply.body, HasSubstr(std::string(route.path)));
    for (const Parameter& parameter : route.parameters) {
      EXPECT_THAT(*reply.body, HasSubstr("<code>" + std::string(parameter.name) + "</code>"));
    }
  }
}

TEST_F(ServerDocs, NeedNothingFromElsewhere) {
  make_api();
  const Reply reply = ask("/docs");
  for (const char* foreign : {"<script", "<img", "<link", "src=", "@import", "url(", "https://"}) {
    EXPECT_THAT(*reply.body, Not(HasSubstr(foreign)));
  }
  EXPECT_THAT(header(reply, "Content-Security-Policy"), HasSubstr("default-src 'none'"));
}

/// An instance with every field set.
Instance full_instance() {
  Instance instance;
  instance.key = {.backend = "docker", .endpoint = "e", .id = "1"};
  instance.name = "web";
  instance.health = Health::healthy;
  instance.network_mode = NetworkMode::joined;
  instance.network_owner = "2";
  instance.reason = instance.image = instance.group = instance.service = instance.node = "x";
  instance.addresses = {{.ip = "10.0.0.1", .network = "n"}};
  instance.ports = {{.host_ip = "0.0.0.0", .host_port = 80, .container_port = 80, .name = {}}};
  instance.labels = Labels({{"a", "b"}});
  Metadata metadata;
  metadata.name = {"x", "l"};
  instance.metadata = std::make_shared<const Metadata>(metadata);
  instance.details = std::make_shared<const Details>(Details{.description = "x",
                                                             .definition = "x",
                                                             .user = "x",
                                                             .command = {"x"},
                                                             .pid = 1,
                                                             .restarts = 1});
  instance.problems = {{.where = "x", .what = "x"}};
  instance.created_at = instance.started_at = instance.discovered_at =
      Timestamp(std::chrono::seconds(1));
  return instance;
}

TEST_F(ServerDocs, KnowEveryMemberOfAnInstance) {
  std::set<std::string> told;
  for (const auto& [key, value] : to_json(full_instance())) told.emplace(key);
  std::set<std::string> described;
  for (const Field& field : instance_fields()) described.emplace(field.name);
  EXPECT_EQ(told, described);
}

}  // namespace
}  // namespace rollcall::server
