#include "cli/daemon/daemon_log.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <spdlog/common.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/systemd_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.hpp"

namespace rollcall::cli::daemon {
namespace {

constexpr auto levels = std::to_array<std::pair<std::string_view, spdlog::level::level_enum>>(
    {{"debug", spdlog::level::debug},
     {"info", spdlog::level::info},
     {"warning", spdlog::level::warn},
     {"error", spdlog::level::err}});

spdlog::level::level_enum level_of(LogLevel level) {
  return levels[static_cast<std::size_t>(level)].second;
}

bool in_journal(const LogConfig& config, const Getenv& getenv) {
  if (config.format == "auto") return goes_to_journal(STDERR_FILENO, getenv);
  return config.format == "journald";
}

}  // namespace

std::string logfmt_value(std::string_view text) {
  std::string shown = printable(text);
  const auto plain = [](char c) { return c > ' ' && c != '"' && c != '=' && c != '\\'; };
  if (!shown.empty() && std::ranges::all_of(shown, plain)) return shown;
  std::string quoted = "\"";
  for (const char c : shown) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

bool goes_to_journal(int fd, const Getenv& getenv) {
  const auto stream = getenv("JOURNAL_STREAM");
  struct ::stat file{};
  if (!stream || ::fstat(fd, &file) != 0) return false;
  return *stream == fmt::format("{}:{}", file.st_dev, file.st_ino);
}

DaemonLog::DaemonLog(const LogConfig& config, const Getenv& getenv) {
  if (in_journal(config, getenv)) {
    auto sink = std::make_shared<spdlog::sinks::systemd_sink_st>("rollcall");
    logger_ = std::make_shared<spdlog::logger>("rollcall", std::move(sink));
    logger_->set_pattern("%v");
  } else {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
    logger_ = std::make_shared<spdlog::logger>("rollcall", std::move(sink));
    logger_->set_pattern("time=%Y-%m-%dT%H:%M:%S.%eZ level=%l msg=%v",
                         spdlog::pattern_time_type::utc);
  }
  // A log that cannot be written must not end the daemon.
  logger_->set_error_handler([](const std::string&) {});
  set_level(config.level);
}

DaemonLog::~DaemonLog() = default;

void DaemonLog::set_level(std::string_view level) {
  const auto* const at = std::ranges::find(
      levels, level, &std::pair<std::string_view, spdlog::level::level_enum>::first);
  if (at != levels.end()) logger_->set_level(at->second);
}

void DaemonLog::write(LogLevel level, std::string_view message) {
  const auto* const journal =
      dynamic_cast<const spdlog::sinks::systemd_sink_st*>(logger_->sinks().front().get());
  // The text is no pattern: braces in it are only braces.
  logger_->log(level_of(level), "{}",
               journal == nullptr ? logfmt_value(message) : printable(message));
}

Logger DaemonLog::logger() {
  return [this](LogLevel level, std::string_view message) { write(level, message); };
}

}  // namespace rollcall::cli::daemon
