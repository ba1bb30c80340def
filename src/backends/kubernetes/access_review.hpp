// Asks the server for our rights: SelfSubjectAccessReview.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <rollcall/task.hpp>

#include "backends/kubernetes/api_client.hpp"

namespace rollcall::kubernetes {

/// The JSON of one question: may we do this?
std::string review_request(const Asked& asked);

/// Reads the answer. Errors: protocol.
Result<bool> read_review(std::string_view json);

/// Reviews all rights that Rollcall uses. Returns one sentence for the whole cluster, or one for
/// each namespace; if no namespace was chosen and the cluster's pods may not be read, also one for
/// `own`.
///
/// Errors: those of ApiClient.
[[nodiscard]] Task<std::vector<std::string>> review_access(ApiClient& api,
                                                           std::vector<std::string> namespaces,
                                                           std::string own);

}  // namespace rollcall::kubernetes
