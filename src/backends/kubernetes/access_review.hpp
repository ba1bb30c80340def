// Which rights we have, as the server itself says: SelfSubjectAccessReview.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <rollcall/task.hpp>

#include "backends/kubernetes/api_client.hpp"

namespace rollcall::kubernetes {

/// One question, as JSON: may we do this?
std::string review_request(const Asked& asked);

/// The answer. Errors: protocol.
Result<bool> read_review(std::string_view json);

/// What Rollcall would like to do, and whether it may: a sentence for the whole cluster, or one for
/// each namespace; without namespaces, and if the cluster's pods may not be read, also one for
/// `own`.
///
/// Errors: those of ApiClient.
[[nodiscard]] Task<std::vector<std::string>> review_access(ApiClient& api,
                                                           std::vector<std::string> namespaces,
                                                           std::string own);

}  // namespace rollcall::kubernetes
