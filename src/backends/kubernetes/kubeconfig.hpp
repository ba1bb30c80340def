// Kubectl's configuration: clusters, users, and contexts that name one of each.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rollcall/result.hpp>
#include <rollcall/tls.hpp>

#include "backends/kubernetes/access.hpp"
#include "core/budgets.hpp"

namespace rollcall::kubernetes {

struct ClusterEntry {
  std::string name;
  std::filesystem::path file;  ///< That it is written in.
  std::string server{};
  Pem authority{};
  std::string tls_server_name{};
  bool insecure = false;
  std::string proxy_url{};
  std::string exec_config{};  ///< JSON that is meant for exec plugins; empty: none.
  std::string complaint{};    ///< What is wrong with its form; empty: nothing.
};

struct UserEntry {
  std::string name;
  std::filesystem::path file;
  Pem certificate{};
  Pem key{};
  std::string token{};
  std::string token_file{};
  bool basic = false;                          ///< A username or a password.
  std::optional<std::string> auth_provider{};  ///< The name of one.
  std::optional<ExecPlugin> exec{};
  std::string exec_mode{};  ///< interactiveMode, as it was written.
  bool exec_wants_cluster = false;
  std::vector<HttpHeader> impersonation{};
  std::string complaint{};  ///< What is wrong with its form; empty: nothing.
};

struct ContextEntry {
  std::string name;
  std::filesystem::path file;
  std::string cluster{};
  std::string user{};
  std::string name_space{};
  std::string complaint{};  ///< What is wrong with its form; empty: nothing.
};

/// One file, or several merged. Paths are absolute, or relative to the working folder if the name
/// of their file was.
struct Kubeconfig {
  std::vector<std::filesystem::path> files{};  ///< That were read.
  std::string current_context{};
  std::vector<ClusterEntry> clusters{};
  std::vector<UserEntry> users{};
  std::vector<ContextEntry> contexts{};

  /// Merges another file of lower precedence: takes only entries that are not here yet, each as a
  /// whole.
  void add(Kubeconfig other);
};

/// Parses a file as kubectl does: YAML 1.1, the last of equal keys counts, unknown fields are
/// ignored. Errors in an entry are stored in it, because only the chosen entries are checked.
///
/// Errors: invalid_config, which names the file and the entry, and repeats no secret.
Result<Kubeconfig> read_kubeconfig(std::string_view yaml, const std::filesystem::path& file);

/// Merges those of these files that exist, the first with the highest precedence; nullopt if none
/// exists.
///
/// Errors: invalid_config, for a file that cannot be read or parsed.
Result<std::optional<Kubeconfig>> load_kubeconfig(const std::vector<std::filesystem::path>& files);

/// Resolves a context; the current one if `context` is empty. `source` says which setting named the
/// files.
///
/// Errors: invalid_config, which names the file and the entry, for malformed entries, for what
/// kubectl refuses, and for everything that is not supported.
Result<Access> resolve(const Kubeconfig& config, std::string_view context, std::string_view source);

inline constexpr std::size_t max_kubeconfig = budget::kubeconfig_bytes;

}  // namespace rollcall::kubernetes
