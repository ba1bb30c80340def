// Finds the API server and the setting that names it.
#pragma once

#include <filesystem>
#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/kubernetes/access.hpp"
#include "backends/place.hpp"

namespace rollcall::kubernetes {

/// The folder of a pod's service account.
inline constexpr const char* service_account_folder =
    "/var/run/secrets/kubernetes.io/serviceaccount";

/// The detail of a place of this runtime.
struct AccessDetail final : PlaceDetail {
  AccessDetail(Access a, FindAccess f) : access(std::move(a)), find_anew(std::move(f)) {}

  Access access;
  FindAccess find_anew;
};

/// Finds the one place, from the first of these: the kubeconfig that the user named; KUBECONFIG;
/// the service account of the pod that this program runs in; ~/.kube/config. With an endpoint it is
/// that server, with the user of the chosen context, or else of another one, if that leads there.
///
/// Reads all these files, but does not run a credential plugin yet.
///
/// Errors: invalid_config; missing, if there is neither a kubeconfig nor a service account.
Result<std::vector<Place>> places(const BackendOptions& options);

/// The same, with another folder of the service account.
Result<std::vector<Place>> places(const BackendOptions& options,
                                  const std::filesystem::path& service_account);

/// Whether this program runs in a pod. Only then is Kubernetes included if the user named no
/// runtime: a kubeconfig alone is no reason to contact a remote cluster.
bool in_cluster(const BackendOptions& options);

}  // namespace rollcall::kubernetes
