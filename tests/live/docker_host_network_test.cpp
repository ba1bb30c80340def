// Containers on the host's network, whose ports only the kernel knows.
#include <algorithm>
#include <string>

#include "live/docker_live.hpp"

namespace rollcall::support {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::Field;
using ::testing::IsEmpty;

class DockerHostNetwork : public DockerLive {
 protected:
  /// Waits until the instance has this port.
  bool listens(const std::string& id, std::uint16_t port) {
    return becomes(id, [&](const Instance& instance) {
      return std::ranges::any_of(instance.ports, [&](const PortMapping& mapping) {
        return mapping.protocol == Protocol::tcp && mapping.host_port == port &&
               mapping.container_port == port && mapping.scope == PortScope::host;
      });
    });
  }
};

TEST_F(DockerHostNetwork, tells_each_what_its_own_processes_listen_on) {
  const auto web = api().run({.name = "web",
                              .command = {"sh", "-c", "httpd -p 18080; exec nc -l -p 18053"},
                              .network = "host"});
  const auto other = api().run(
      {.name = "other", .command = {"httpd", "-f", "-p", "127.0.0.1:18081"}, .network = "host"});
  ASSERT_TRUE(listens(web, 18080)) << transcript(watched().fold());
  ASSERT_TRUE(listens(web, 18053)) << transcript(watched().fold());
  ASSERT_TRUE(listens(other, 18081)) << transcript(watched().fold());
  EXPECT_THAT(watched().fold().find("other")->ports,
              Each(AllOf(Field(&PortMapping::host_ip, "127.0.0.1"),
                         Field(&PortMapping::host_port, 18081))));
  EXPECT_THAT(watched().fold().find("web")->problems, IsEmpty());
}

TEST_F(DockerHostNetwork, sees_a_server_that_is_slow_to_listen) {
  const auto id = api().run({.name = "slow",
                             .command = {"sh", "-c", "sleep 3; exec httpd -f -p 18082"},
                             .network = "host"});
  ASSERT_TRUE(starts(id));
  EXPECT_THAT(watched().fold().find("slow")->ports, IsEmpty());
  ASSERT_TRUE(listens(id, 18082)) << transcript(watched().fold());
}

}  // namespace
}  // namespace rollcall::support
