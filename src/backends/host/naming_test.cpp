#include "backends/host/naming.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace rollcall::host {
namespace {

Process process(std::string executable, std::vector<std::string> arguments,
                std::string comm = "comm") {
  Process it;
  it.executable = std::move(executable);
  it.arguments = std::move(arguments);
  it.comm = std::move(comm);
  return it;
}

std::string name(const std::string& executable, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), executable.substr(executable.rfind('/') + 1));
  return name_of(process(executable, std::move(arguments)));
}

TEST(Naming, IsThatOfTheExecutable) {
  EXPECT_EQ(name("/usr/sbin/nginx", {}), "nginx");
  EXPECT_EQ(name("/usr/sbin/nginx (deleted)", {}), "nginx");
  EXPECT_EQ(name("/opt/my server/bin/x", {"-v"}), "x");
  EXPECT_EQ(name_of(process("/usr/sbin/sshd", {"sshd: /usr/sbin/sshd -D [listener]"})), "sshd");
}

TEST(Naming, OfAnInterpreterIsWhatItRuns) {
  struct Row {
    std::string executable;
    std::vector<std::string> arguments;
    std::string name;
  };
  const std::vector<Row> rows = {
      {"/usr/bin/python3.11", {"/srv/app.py", "--port", "80"}, "app.py"},
      {"/usr/bin/python3.11", {"-u", "-W", "ignore", "app.py"}, "app.py"},
      {"/usr/bin/python3.11", {"-m", "http.server", "8000"}, "http.server"},
      {"/usr/bin/python3.11", {"-c", "print(1)"}, "python3.11"},
      {"/usr/bin/python3.11", {"/usr/bin/gunicorn", "shop:app"}, "gunicorn"},
      {"/usr/bin/python3.11", {}, "python3.11"},
      {"/usr/bin/python3.11", {"/srv/shop/"}, "shop"},
      {"/usr/bin/node", {"--require", "x", "/srv/server.js"}, "server.js"},
      {"/usr/bin/node", {"-e", "x"}, "node"},
      {"/usr/bin/node", {"."}, "node"},
      {"/usr/bin/deno", {"run", "--allow-net", "main.ts"}, "main.ts"},
      {"/usr/lib/jvm/17/bin/java", {"-Xmx1g", "-jar", "/opt/shop.jar", "--x"}, "shop.jar"},
      {"/usr/lib/jvm/17/bin/java", {"-cp", "/a:/b", "org.example.Main", "x"}, "Main"},
      {"/usr/lib/jvm/17/bin/java", {"-p", "m", "-m", "shop/org.example.Main"}, "shop"},
      {"/usr/bin/ruby3.1", {"-I", "lib", "bin/puma"}, "puma"},
      {"/usr/bin/perl", {"-w", "/usr/sbin/munin-node"}, "munin-node"},
      {"/usr/bin/php8.2", {"-S", "0.0.0.0:80", "-t", "public", "router.php"}, "router.php"},
      {"/usr/bin/php8.2", {"-S", "0.0.0.0:80"}, "php8.2"},
      {"/usr/bin/dash", {"/srv/serve.sh"}, "serve.sh"},
      {"/usr/bin/bash", {"-c", "nc -l 80"}, "bash"},
      {"/usr/share/dotnet/dotnet", {"exec", "Shop.dll"}, "Shop.dll"},
      {"/bin/busybox", {"httpd", "-f"}, "httpd"},
      {"/usr/sbin/php-fpm8.2", {"x"}, "php-fpm8.2"},
  };
  for (const Row& row : rows) EXPECT_EQ(name(row.executable, row.arguments), row.name);
}

TEST(Naming, IsTheTitleThatAProgramOfAnInterpreterGaveItself) {
  EXPECT_EQ(name_of(process("/usr/bin/python3.11", {"gunicorn: master [shop]"})), "gunicorn");
  EXPECT_EQ(name_of(process("/usr/bin/ruby3.1", {"puma 5.6 (tcp://0.0.0.0:80) [shop]"})), "puma");
}

TEST(Naming, OfAnAppletOfBusyboxIsTheApplet) {
  EXPECT_EQ(name_of(process("/bin/busybox", {"/bin/httpd", "-f"})), "httpd");
  EXPECT_EQ(name_of(process("/bin/busybox", {"busybox"})), "busybox");
}

TEST(Naming, WithoutAnExecutableIsTheFirstArgumentElseTheShortName) {
  EXPECT_EQ(name_of(process("", {"/usr/sbin/cupsd", "-l"})), "cupsd");
  EXPECT_EQ(name_of(process("", {"nginx: master process"})), "nginx");
  EXPECT_EQ(name_of(process("", {}, "kthread")), "kthread");
  EXPECT_EQ(name_of(process("/memfd:x (deleted)", {"x"}, "runc")), "runc");
  EXPECT_EQ(name_of(process("", {}, "")), "");
}

}  // namespace
}  // namespace rollcall::host
