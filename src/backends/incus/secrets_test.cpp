// Secrets in any field of an instance must not reach any document.
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "backends/incus/answer.hpp"
#include "backends/incus/decode.hpp"
#include "support/every_document.hpp"

namespace rollcall::incus {
namespace {

using test::planted;

TEST(IncusSecrets, OfNoFieldAreInADocument) {
  const std::string secret = "bob:" + planted + "@x";
  std::string text = fmt::format(
      R"({{"name":"c1","project":"p","type":"container","status":"{0}","location":"{0}",)"
      R"("expanded_config":{{"image.description":"{0}","user.password":"{1}",)"
      R"("user.rollcall.name":"{0}","user.rollcall.port":"{0}","user.note":"token={1}",)"
      R"("user.user-data":"{1}","environment.SECRET":"{1}","volatile.eth0.name":"{0}"}},)"
      R"("expanded_devices":{{"{0}":{{"type":"proxy","listen":"tcp:0.0.0.0:80",)"
      R"("connect":"tcp:127.0.0.1:80"}},)"
      R"("b":{{"type":"proxy","listen":"{0}","connect":"{0}"}},)"
      R"("eth0":{{"type":"nic","network":"{0}"}}}}}})",
      secret, planted);
  const std::size_t size = text.size();
  text.append(64, ' ');
  Decoder decoder("incus", "unix:///run/x");
  auto decoded = decoder.instance(std::string_view(text).substr(0, size), Timestamp());
  ASSERT_TRUE(decoded) << decoded.error().describe();
  add_addresses(*decoded,
                {{.interface = secret, .hwaddr = {}, .address = "10.0.0.1", .scope = "global"}},
                Timestamp());
  Instance& instance = decoded->instance;
  EXPECT_EQ(instance.addresses.size(), 1U);
  EXPECT_EQ(instance.ports.size(), 1U);
  EXPECT_GE(instance.problems.size(), 2U);
  Masker().finish(instance);
  test::expect_no_planted_secret(instance);
}

TEST(IncusSecrets, AreNotQuotedByAnError) {
  const std::string said =
      error_text(R"({"error":"cannot reach https://bob:)" + planted + R"(@x"})");
  EXPECT_EQ(said, "cannot reach https://bob:***@x");
}

}  // namespace
}  // namespace rollcall::incus
