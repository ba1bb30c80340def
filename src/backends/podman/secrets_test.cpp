// Secrets in any field of Podman's own list must not reach any document.
#include <string>

#include <gtest/gtest.h>

#include "backends/podman/libpod_item.hpp"
#include "support/every_document.hpp"

namespace rollcall::podman {
namespace {

TEST(PodmanSecrets, OfNoFieldAreInADocument) {
  const std::string secret = "https://bob:" + test::planted + "@x";
  std::string item = R"({"Id":"c1","Pod":"p1","PodName":")" + secret + R"(","Ports":[)" +
                     R"({"host_ip":")" + secret + R"(","container_port":80,"host_port":80,)" +
                     R"("range":1,"protocol":"tcp"},{"container_port":81,"host_port":81,)" +
                     R"("range":1,"protocol":")" + secret + R"("}]})";
  const std::size_t size = item.size();
  item.append(64, ' ');
  auto told = LibpodDecoder().decode(std::string_view(item).substr(0, size));
  ASSERT_TRUE(told);
  docker_api::DecodedContainer container;
  container.instance.key = {.backend = "podman", .endpoint = "e", .id = "c1"};
  container.instance.state = InstanceState::running;
  merge(container, std::move(*told));
  EXPECT_EQ(container.instance.ports.size(), 1U);
  EXPECT_EQ(container.instance.problems.size(), 1U);
  EXPECT_EQ(container.instance.group, "https://bob:***@x");
  test::expect_no_planted_secret(container.instance);
}

}  // namespace
}  // namespace rollcall::podman
