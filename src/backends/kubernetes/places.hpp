// Where the API server is, and who says so.
#pragma once

#include <filesystem>
#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/kubernetes/access.hpp"
#include "backends/registry.hpp"

namespace rollcall::kubernetes {

/// Where the service account of a pod is.
inline constexpr const char* service_account_folder =
    "/var/run/secrets/kubernetes.io/serviceaccount";

/// What a place of this runtime holds.
struct AccessDetail final : PlaceDetail {
  AccessDetail(Access a, FindAccess f) : access(std::move(a)), find_anew(std::move(f)) {}

  Access access;
  FindAccess find_anew;
};

/// One place: of the kubeconfig that the user named, else of KUBECONFIG, else the service account
/// of the pod that this program runs in, else of ~/.kube/config. With an endpoint it is that
/// server; if the chosen context, or else another, leads there, then as its user.
///
/// Reads all these files; a program that gives credentials is not run yet.
///
/// Errors: invalid_config; missing, if there is neither a kubeconfig nor a service account.
Result<std::vector<Place>> places(const BackendOptions& options);

/// The same, with the service account in another folder.
Result<std::vector<Place>> places(const BackendOptions& options,
                                  const std::filesystem::path& service_account);

/// Whether this program runs in a pod. Then who has named no runtime means this one, too; a
/// kubeconfig alone is no reason to call who knows whom.
bool in_cluster(const BackendOptions& options);

}  // namespace rollcall::kubernetes
