// Runs a program and reports its resource use: measured_run REPORT PROGRAM [ARGUMENT…]
//
// The kernel counts a process's peak memory from before its exec, so that a child of a Python
// program seems to be as big as Python. This parent is small. Its report is one line of JSON in the
// file REPORT: status, wall, user and system time in nanoseconds, peak in bytes.
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>

#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

std::int64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::int64_t nanoseconds(const timeval& time) {
  return (std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec) * 1'000;
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) {
    fmt::print(stderr, "usage: measured_run REPORT PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  const std::int64_t began = now();
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, words[2], nullptr, nullptr, words + 2, environ);
  if (error != 0) {
    fmt::print(stderr, "measured_run: {}: {}\n", words[2], std::strerror(error));
    return 2;
  }
  int status = 0;
  rusage used{};
  while (::wait4(child, &status, 0, &used) < 0 && errno == EINTR) {
  }
  const std::int64_t wall = now() - began;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::FILE* report = std::fopen(words[1], "w");
  if (report == nullptr) return 2;
  fmt::print(report,
             R"({{"status":{},"wall_ns":{},"user_ns":{},"system_ns":{},"peak_bytes":{}}})"
             "\n",
             code, wall, nanoseconds(used.ru_utime), nanoseconds(used.ru_stime),
             std::int64_t{used.ru_maxrss} * 1024);
  return std::fclose(report) == 0 ? code : 2;
}
