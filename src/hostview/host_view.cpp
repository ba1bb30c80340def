#include "hostview/host_view.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "core/budgets.hpp"
#include "hostview/cgroup.hpp"
#include "hostview/privilege.hpp"
#include "hostview/small_files.hpp"

namespace rollcall {
namespace {

constexpr std::size_t mountinfo_limit = budget::mountinfo_bytes;

RuntimeError no_namespace(pid_t of, int error) {
  const bool denied = error == EACCES || error == EPERM;
  return {.kind = denied ? ErrorKind::denied : ErrorKind::unavailable,
          .fault = denied ? ConnectFault::denied : ConnectFault::missing,
          .endpoint = "sock_diag",
          .what = fmt::format("the network namespace of process {} cannot be opened: {}", of,
                              std::generic_category().message(error)),
          .remedy = denied ? privilege_remedy("CAP_SYS_PTRACE and CAP_SYS_ADMIN") : ""};
}

class SystemHostView final : public HostView {
 public:
  SystemHostView()
      : cgroups_(parse_cgroup_mounts(
            read_small_file("/proc/self/mountinfo", mountinfo_limit).value_or(""))) {}

  [[nodiscard]] Result<std::vector<ListeningSocket>> sockets(pid_t of) override {
    if (of == 0) return listening_sockets();
    const auto path = fmt::format("{}/{}/ns/net", processes_.root(), of);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(no_namespace(of, errno));
    auto result = listening_sockets_of(fd);
    ::close(fd);
    return result;
  }

  [[nodiscard]] std::vector<pid_t> pids() override { return processes_.pids(); }

  [[nodiscard]] SocketHolders holders(std::span<const std::uint64_t> inodes,
                                      std::span<const pid_t> among) override {
    return processes_.holders(inodes, among);
  }

  [[nodiscard]] std::optional<ProcessIdentity> identity(pid_t pid) override {
    return processes_.identity(pid);
  }

  [[nodiscard]] std::optional<Process> process(pid_t pid) override {
    return processes_.process(pid);
  }

  [[nodiscard]] std::optional<ProcessPlace> place(pid_t pid) override {
    return processes_.place(pid);
  }

  [[nodiscard]] std::optional<std::string> cgroup_path(std::uint64_t id) override {
    return cgroups_.path_of(id);
  }
  [[nodiscard]] std::vector<pid_t> cgroup_members(std::string_view path) override {
    return cgroups_.members(path);
  }
  [[nodiscard]] std::vector<std::string> cgroups_named(std::string_view text) override {
    return cgroups_.named(text);
  }

 private:
  ProcessTable processes_;
  CgroupTree cgroups_;
};

}  // namespace

HostViewPtr system_host_view() {
  return std::make_shared<SystemHostView>();
}

}  // namespace rollcall
