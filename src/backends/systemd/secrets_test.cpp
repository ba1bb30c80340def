// Secrets in any field of a unit must not reach any document.
#include <string>

#include <gtest/gtest.h>

#include "backends/systemd/decode.hpp"
#include "support/every_document.hpp"

namespace rollcall::systemd {
namespace {

using test::planted;

TEST(SystemdSecrets, OfNoFieldAreInADocument) {
  const std::string secret = "https://bob:" + planted + "@x";
  const UnitRow row{.name = "web.service",
                    .description = "Talks to " + secret,
                    .load_state = "loaded",
                    .active_state = "activating",
                    .sub_state = secret,
                    .path = "/u",
                    .job_type = {}};
  UnitProperties properties;
  properties.fragment_path = "/etc/" + secret;
  properties.user = secret;
  properties.result = secret;
  properties.control_group = "/" + secret + ".slice/web.service";
  properties.command = {"/bin/app", "--password",
                        planted,    "-dbpassword",
                        planted,    "PGPASSWORD=" + planted,
                        secret,     "{\"password\":\"" + planted + "\"}"};
  const SettingsRead settings{.settings = {{"rollcall.name", secret},
                                           {"rollcall.port", secret},
                                           {"rollcall.txt.token", planted},
                                           {"rollcall.health.path", secret}},
                              .problems = {{.where = "/etc/" + secret, .what = secret}}};
  const Instance instance = decode_unit(
      {.row = row,
       .properties = properties,
       .settings = settings,
       .ports = {{.host_ip = "0.0.0.0", .host_port = 80, .container_port = 80, .name = secret}},
       .manager_user = "root"},
      "unix:///bus", Timestamp());
  EXPECT_GE(instance.problems.size(), 2U);
  EXPECT_EQ(instance.details->command.size(), 8U);
  test::expect_no_planted_secret(instance);
}

}  // namespace
}  // namespace rollcall::systemd
