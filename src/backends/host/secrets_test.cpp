// Secrets in any field of a process must not reach any document.
#include <string>

#include <gtest/gtest.h>

#include "backends/host/decode.hpp"
#include "support/every_document.hpp"

namespace rollcall::host {
namespace {

using test::planted;

TEST(HostSecrets, OfNoFieldAreInADocument) {
  const std::string secret = "bob:" + planted + "@x";
  Process leader;
  leader.pid = 7;
  leader.executable = "/usr/bin/python3";
  leader.arguments = {"python3",
                      secret,
                      "--token",
                      planted,
                      "-password",
                      planted,
                      "https://" + secret,
                      "TOKEN=" + planted,
                      "password = " + planted};
  leader.user = secret;
  leader.cgroups = {{.controllers = {}, .path = "/" + secret + ".slice/web.service"}};
  Listener listener;
  listener.socket.address = boost::asio::ip::make_address("10.0.0.7");
  listener.socket.port = 80;
  const HostNetwork network{.addresses = {{secret, 1, boost::asio::ip::make_address("10.0.0.7")}}};
  const Instance instance =
      decode({.leader = leader, .listeners = {listener}}, network, Sight::all);
  EXPECT_EQ(instance.addresses.size(), 1U);
  EXPECT_EQ(instance.details->command.size(), 9U);
  test::expect_no_planted_secret(instance);
}

}  // namespace
}  // namespace rollcall::host
