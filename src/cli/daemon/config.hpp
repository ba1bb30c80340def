// The daemon's configuration as plain data. docs/daemon.md is the reference.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <rollcall/runtime_options.hpp>

#include "core/option/field.hpp"
#include "engine/change_log.hpp"
#include "server/options.hpp"

namespace rollcall::cli::daemon {

using option::MaybeNever;
using option::Milliseconds;

/// TLS to an engine. Files, because the configuration holds no secrets.
struct EngineTlsConfig {
  std::string authority{};
  std::string certificate{};
  std::string key{};
  std::string server_name{};
  std::string pinned{};
  std::string fingerprint{};
  bool verify = true;

  friend bool operator==(const EngineTlsConfig&, const EngineTlsConfig&) = default;
};

/// One engine that is named.
struct EngineConfig {
  std::string runtime{};   ///< A word that parse_kind() knows.
  std::string endpoint{};  ///< As `--endpoint`; empty: the places that are usual for the runtime.
  std::string alias{};     ///< What `key.endpoint` says instead of the URL.
  EngineTlsConfig tls{};

  friend bool operator==(const EngineConfig&, const EngineConfig&) = default;
};

struct LogConfig {
  std::string format = "auto";
  std::string level = "info";

  friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

struct Config {
  std::vector<std::string> listen{};
  std::string socket = "auto";
  unsigned socket_mode = 0660;
  server::CertificateFiles tls{};
  std::string token_file{};
  std::string local_users = "socket";
  std::vector<std::string> hosts{};
  bool reveal = false;

  std::vector<std::string> runtimes{};
  std::vector<EngineConfig> engines{};
  MaybeNever grace{};
  Milliseconds wait_for_named = std::chrono::minutes(5);
  RuntimeOptions runtime_options{};

  LogBounds change_log{};
  server::Limits limits{};
  LogConfig log{};
};

}  // namespace rollcall::cli::daemon
