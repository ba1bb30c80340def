#include "core/masking.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using Words = std::vector<std::string>;

std::string shown(Words arguments, const std::string& program = "server") {
  arguments.insert(arguments.begin(), program);
  const Words words = masked(arguments, program);
  return fmt::format("{}", fmt::join(words.begin() + 1, words.end(), " "));
}

TEST(Masking, OfOptionsWhoseNameSaysSo) {
  EXPECT_EQ(shown({"--password=hunter2"}), "--password=***");
  EXPECT_EQ(shown({"--password", "hunter2", "--port", "80"}), "--password *** --port 80");
  EXPECT_EQ(shown({"--dbPassword=a b"}), "--dbPassword=***");
  EXPECT_EQ(shown({"-Dspring.datasource.password=x"}), "-Dspring.datasource.password=***");
  EXPECT_EQ(shown({"--client-secret", "x", "--api-key=y"}), "--client-secret *** --api-key=***");
  EXPECT_EQ(shown({"--requirepass", "x"}), "--requirepass ***");
  EXPECT_EQ(shown({"TOKEN=x", "AWS_SECRET_ACCESS_KEY=y"}), "TOKEN=*** AWS_SECRET_ACCESS_KEY=***");
}

TEST(Masking, LeavesWhatIsOnlyAboutSecrets) {
  for (const char* harmless :
       {"--password-file=/run/secret", "--token-ttl=60", "--key=value", "--keyfile=/etc/k.pem",
        "--compass=north", "--passive=yes", "--author=me", "--secret-name=db", "--monkey=1"}) {
    EXPECT_EQ(shown({harmless}), harmless);
  }
  EXPECT_EQ(shown({"--password", "--verbose"}), "--password --verbose");
  EXPECT_EQ(shown({"--password="}), "--password=");
  EXPECT_EQ(shown({"password", "manager"}), "password manager");
}

TEST(Masking, WithinAnArgument) {
  EXPECT_EQ(shown({"host=db password=hunter2 user=shop"}), "host=db password=*** user=shop");
  EXPECT_EQ(shown({"http://h/x?token=abc&page=2"}), "http://h/x?token=***&page=2");
  EXPECT_EQ(shown({"Authorization: Bearer abc def"}), "Authorization: ***");
}

TEST(Masking, OfPasswordsInUrls) {
  EXPECT_EQ(shown({"postgres://shop:hunter2@db:5432/shop"}), "postgres://shop:***@db:5432/shop");
  EXPECT_EQ(shown({"--url=redis://:p@ss@db"}), "--url=redis://:***@db");
  EXPECT_EQ(shown({"ssh://git@host:22/x"}), "ssh://git@host:22/x");
  EXPECT_EQ(shown({"a://u:p@x,b://v:q@y"}), "a://u:***@x,b://v:***@y");
  EXPECT_EQ(shown({"http://[::1]:80/a@b:c"}), "http://[::1]:80/a@b:c");
}

TEST(Masking, OfShortOptionsForProgramsThatMeanASecret) {
  EXPECT_EQ(shown({"-phunter2", "-P", "3306"}, "mysqld_safe"), "-p*** -P 3306");
  EXPECT_EQ(shown({"-p", "shop"}, "mysql"), "-p shop") << "there it asks";
  EXPECT_EQ(shown({"-p", "hunter2", "ssh"}, "sshpass"), "-p *** ssh");
  EXPECT_EQ(shown({"-u", "a:b"}, "curl"), "-u a:***");
  EXPECT_EQ(shown({"-p", "80"}, "nginx"), "-p 80");
}

TEST(Masking, OfWordsDrawnByLot) {
  EXPECT_EQ(shown({"start", "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZg"}), "start ***");
  EXPECT_EQ(shown({"ghp_a8Xk2LmQ9zR4tY7uI1oP3sD5fG6hJ0kL"}), "***");
  EXPECT_EQ(shown({"9f86d081884c7d659a2feaa0c55ad015"}), "***");
  for (const char* harmless :
       {"org.example.SomeVeryLongClassName2Implementation", "my-service-2-with-a-long-name-indeed",
        "123e4567-e89b-12d3-a456-426614174000", "1234567890123456789012345678",
        "/nix/store/0c5b4a9f86d081884c7d659a2feaa0c5-python3",
        "--config=/a/9f86d081884c7d659a2feaa0c55ad015",
        "-Djava.util.logging.manager=org.apache.juli.ClassLoaderLogManager"}) {
    EXPECT_EQ(shown({harmless}), harmless);
  }
}

TEST(Masking, CutsWhatIsTooLong) {
  const Words many(1000, "x");
  EXPECT_EQ(masked(many, "x").size(), 65U);
  EXPECT_EQ(masked(many, "x").back(), "…");
  const Words words = {"x", std::string(100000, 'x')};
  EXPECT_LE(masked(words, "x")[1].size(), 1100U);
}

TEST(Masking, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(shown({"a\xff"}), "a\xef\xbf\xbd");
}

}  // namespace
}  // namespace rollcall
