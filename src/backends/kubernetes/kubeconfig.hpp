// What kubectl is configured with: clusters, users, and the contexts that name one of each.
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
};

struct UserEntry {
  std::string name;
  std::filesystem::path file;
  Pem certificate{};
  Pem key{};
  std::string token{};
  std::string token_file{};
  std::string username{};       ///< Of basic authentication.
  std::string auth_provider{};  ///< The name of one.
  std::optional<ExecPlugin> exec{};
  bool exec_wants_cluster = false;
  std::vector<HttpHeader> impersonation{};
};

struct ContextEntry {
  std::string name;
  std::filesystem::path file;
  std::string cluster{};
  std::string user{};
  std::string name_space{};
};

/// One file, or several as one. Paths are absolute, or relative to the working folder as the name
/// of their file was.
struct Kubeconfig {
  std::vector<std::filesystem::path> files{};  ///< That were read.
  std::string current_context{};
  std::vector<ClusterEntry> clusters{};
  std::vector<UserEntry> users{};
  std::vector<ContextEntry> contexts{};

  /// Takes what is not here yet from one that counts less; an entry is never mixed of two.
  void add(Kubeconfig other);
};

/// Understands a file. Unknown fields are passed over, as kubectl does.
///
/// Errors: invalid_config, which names the file and the entry, and tells no secret.
Result<Kubeconfig> read_kubeconfig(std::string_view yaml, const std::filesystem::path& file);

/// All of these files that are there, the first counts most; nothing, if none is there.
///
/// Errors: invalid_config, for one that cannot be read or understood.
Result<std::optional<Kubeconfig>> load_kubeconfig(const std::vector<std::filesystem::path>& files);

/// What a context says: the current one, if none is named. `source` is told who has named the
/// files.
///
/// Errors: invalid_config, which names the file and the entry, also for everything that is not
/// supported.
Result<Access> resolve(const Kubeconfig& config, std::string_view context, std::string_view source);

inline constexpr std::size_t max_kubeconfig = std::size_t{4} << 20U;

}  // namespace rollcall::kubernetes
