#include "support/incus_users.hpp"

#include <cerrno>
#include <chrono>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/engine_tools.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;

constexpr const char* program = "/usr/libexec/incus/incus-user";
constexpr const char* group = "incus";
constexpr uid_t user = 1500;

void check(long result, const char* what) {
  if (result != 0) throw std::system_error(errno, std::generic_category(), what);
}

// System calls, as the functions of the C library change the user of all threads.
void become_user(gid_t group_of_socket) {
  check(::syscall(SYS_setgroups, 1, &group_of_socket), "setgroups");
  check(::syscall(SYS_setresgid, user, user, user), "setresgid");
  check(::syscall(SYS_setresuid, user, user, user), "setresuid");
}

}  // namespace

IncusUsers::IncusUsers(const IncusServer& server) : project_(fmt::format("user-{}", user)) {
  require_program(program, "incus-base");
  const std::string socket = server.socket() + ".user";
  server.room().run({"useradd", "--uid", fmt::to_string(user), "--create-home", "ordinary"});
  daemon_.emplace(server.room().spawn(
      {"env", "INCUS_DIR=" + std::filesystem::path(socket).parent_path().string(), program,
       "--group", group},
      {.in = -1, .out = log_.fd(), .err = log_.fd()}));
  struct stat status{};
  const bool listens =
      eventually(20s, [&] { return ::stat(socket.c_str(), &status) == 0 && status.st_gid != 0; });
  if (!listens) throw std::runtime_error("incus-user does not listen. It said:\n" + log());
  group_ = status.st_gid;
}

void IncusUsers::as_user(const std::function<void()>& action) const {
  std::exception_ptr failure;
  std::thread([&] {
    try {
      become_user(group_);
      action();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace rollcall::support
