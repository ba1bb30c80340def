#include "backends/kubernetes/access_review.hpp"

#include <array>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text/text.hpp"

namespace rollcall::kubernetes {
namespace {

namespace json = boost::json;

constexpr std::string_view target = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
constexpr std::size_t max_namespaces = 32;

struct Resource {
  std::string_view group;
  std::string_view name;
};
constexpr std::array resources = {Resource{"", "pods"}, Resource{"", "services"},
                                  Resource{"discovery.k8s.io", "endpointslices"}};
constexpr std::array<std::string_view, 2> verbs = {"list", "watch"};

/// Our rights in one namespace, or in the whole cluster.
struct Rights {
  std::string name_space;
  std::vector<std::string> allowed{};
  std::vector<std::string> refused{};
  bool pods = true;

  [[nodiscard]] std::string sentence() const {
    std::string text = name_space.empty() ? "in the whole cluster"
                                          : fmt::format("in the namespace {}", excerpt(name_space));
    if (!allowed.empty()) text += fmt::format(": may {}", fmt::join(allowed, ", "));
    if (!refused.empty()) {
      text += fmt::format("{} may not {}", allowed.empty() ? ":" : ";", fmt::join(refused, ", "));
    }
    if (!pods) text += "; bind the role of packaging/kubernetes to see its pods";
    return text;
  }
};

Task<Rights> rights_in(ApiClient& api, std::string name_space) {
  Rights rights{.name_space = std::move(name_space)};
  for (const Resource& resource : resources) {
    for (const std::string_view verb : verbs) {
      const std::string question = review_request({.verb = std::string(verb),
                                                   .group = std::string(resource.group),
                                                   .resource = std::string(resource.name),
                                                   .name_space = rights.name_space});
      auto answer = co_await api.post_json(std::string(target), question, api.deadlines());
      if (!answer) co_return fail(std::move(answer.error()));
      const auto allowed = read_review(*answer);
      if (!allowed) co_return fail(allowed.error());
      auto& into = *allowed ? rights.allowed : rights.refused;
      into.push_back(fmt::format("{} {}", verb, resource.name));
      if (resource.name == "pods" && !*allowed) rights.pods = false;
    }
  }
  co_return rights;
}

}  // namespace

std::string review_request(const Asked& asked) {
  json::object attributes{
      {"verb", asked.verb}, {"group", asked.group}, {"resource", asked.resource}};
  if (!asked.name_space.empty()) attributes["namespace"] = asked.name_space;
  return json::serialize(
      json::object{{"apiVersion", "authorization.k8s.io/v1"},
                   {"kind", "SelfSubjectAccessReview"},
                   {"spec", json::object{{"resourceAttributes", std::move(attributes)}}}});
}

Result<bool> read_review(std::string_view text) {
  boost::system::error_code ec;
  const json::value document = json::parse(text, ec);
  const json::object* object = ec ? nullptr : document.if_object();
  const json::value* status = object == nullptr ? nullptr : object->if_contains("status");
  const json::object* fields = status == nullptr ? nullptr : status->if_object();
  const json::value* allowed = fields == nullptr ? nullptr : fields->if_contains("allowed");
  if (allowed != nullptr && allowed->is_bool()) return allowed->get_bool();
  return fail({.kind = ErrorKind::protocol,
               .endpoint = {},
               .what = "the answer is no review of access",
               .remedy = "check what stands between this host and the server"});
}

Task<std::vector<std::string>> review_access(ApiClient& api, std::vector<std::string> namespaces,
                                             std::string own) {
  const bool everywhere = namespaces.empty();
  if (everywhere) namespaces.emplace_back();
  std::vector<std::string> sentences;
  for (std::size_t at = 0; at < namespaces.size() && at < max_namespaces; ++at) {
    auto rights = co_await rights_in(api, namespaces[at]);
    if (!rights) co_return fail(std::move(rights.error()));
    sentences.push_back(rights->sentence());
    // Without the right to the whole cluster, only our own namespace is read; so review that, too.
    if (everywhere && !rights->pods && at == 0 && !own.empty()) namespaces.push_back(own);
  }
  co_return sentences;
}

}  // namespace rollcall::kubernetes
