#include "backends/kubernetes/api_fault.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "core/budgets.hpp"
#include "core/secrets/secrets.hpp"
#include "core/text/numbers.hpp"
#include "core/text/text.hpp"
#include "transport/tls/faults.hpp"

namespace rollcall::kubernetes {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr std::size_t max_quoted = 300;
constexpr std::size_t max_token = budget::continue_token_bytes;

std::string text_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<std::int64_t> number_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? std::optional(value->get_int64()) : std::nullopt;
}

const json::object* object_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

seconds bounded(std::int64_t count) {
  return std::clamp(seconds(count), seconds(0), max_retry_after);
}

/// Parses Retry-After: a number of seconds, or a date (RFC 9110, 10.2.3).
std::optional<seconds> parse_retry_after(std::string_view text, Timestamp now) {
  if (text.empty()) return std::nullopt;
  constexpr std::size_t max_digits = 9;
  const auto count = whole_number<std::int64_t>(text);
  if (count && text.size() <= max_digits) return bounded(*count);
  std::tm parts{};
  if (::strptime(std::string(text).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) == nullptr) {
    return std::nullopt;
  }
  const auto at = std::chrono::system_clock::from_time_t(::timegm(&parts));
  return bounded(std::chrono::ceil<seconds>(at - now).count());
}

/// Reads the fields of a Status. Returns false if the text is none.
bool take_status(ApiFault& fault, std::string_view text) {
  boost::system::error_code ec;
  const json::value document = json::parse(text, ec);
  const json::object* status = ec ? nullptr : document.if_object();
  if (status == nullptr || text_in(*status, "kind") != "Status") return false;
  fault.reason = printable(text_in(*status, "reason"));
  fault.message = quotation(text_in(*status, "message"), max_quoted);
  if (const auto code = number_in(*status, "code"); code && fault.status == 0 && *code > 0) {
    fault.status = static_cast<unsigned>(std::min<std::int64_t>(*code, 999));
  }
  if (const json::object* metadata = object_in(*status, "metadata")) {
    fault.continue_token = text_in(*metadata, "continue");
    if (fault.continue_token.size() > max_token) fault.continue_token.clear();
  }
  const json::object* details = object_in(*status, "details");
  const auto retry = details == nullptr ? std::nullopt : number_in(*details, "retryAfterSeconds");
  if (retry && !fault.retry_after) fault.retry_after = bounded(*retry);
  return true;
}

std::string place_of(const Asked& asked) {
  return asked.name_space.empty() ? "in the whole cluster"
                                  : fmt::format("in the namespace {}", quotation(asked.name_space));
}

std::string verbs_of(const Asked& asked) {
  return asked.verb == "list" || asked.verb == "watch" ? R"("list", "watch")"
                                                       : fmt::format("\"{}\"", asked.verb);
}

/// Names the missing right, and the rule that grants it.
void explain_forbidden(ApiFault& fault, const FaultContext& context) {
  const Asked& asked = context.asked;
  fault.error.kind = ErrorKind::denied;
  fault.error.fault = ConnectFault::denied;
  if (asked.resource.empty()) {
    fault.error.what =
        fmt::format("the server forbids {}: {}", quotation(context.target), fault.message);
    fault.error.remedy = "ask for the right to read this path: nonResourceURLs";
    return;
  }
  fault.error.what = fmt::format("not allowed to {} {} {}: {}", asked.verb, asked.resource,
                                 place_of(asked), fault.message);
  const std::string_view kind = asked.name_space.empty() ? "ClusterRole" : "Role";
  fault.error.remedy = fmt::format(
      R"(bind a {} with the rule apiGroups: ["{}"], resources: ["{}"], verbs: [{}])"
      " (packaging/kubernetes has it){}",
      kind, asked.group, asked.resource, verbs_of(asked),
      asked.name_space.empty() ? ", or name the namespaces that may be read with --namespace" : "");
}

void explain_unauthorized(ApiFault& fault, const FaultContext& context) {
  fault.error.kind = ErrorKind::denied;
  fault.error.fault = ConnectFault::auth;
  fault.error.what =
      context.who.empty()
          ? fmt::format("the server wants to know who asks: {}", fault.message)
          : fmt::format("the server does not accept {}: {}", context.who, fault.message);
  fault.error.remedy =
      "the credential may have expired: sign in again, or choose another user or context";
}

std::string said(const ApiFault& fault) {
  return fmt::format("status {}{}{}: {}", fault.status, fault.reason.empty() ? "" : " ",
                     fault.reason, fault.message);
}

/// Maps a status code to an error.
void explain(ApiFault& fault, const FaultContext& context) {
  RuntimeError& error = fault.error;
  const unsigned status = fault.status;
  if (status == 401) return explain_unauthorized(fault, context);
  if (status == 403) return explain_forbidden(fault, context);
  error.what =
      fmt::format("the server refuses {}: {}",
                  context.target.empty() ? "the watch" : quotation(context.target), said(fault));
  if (status == 410) {
    error.kind = ErrorKind::desynced;
    error.remedy = "nothing: it is listed again";
  } else if (status == 404) {
    error.kind = ErrorKind::unavailable;
    error.fault = ConnectFault::not_this_api;
    error.remedy = "check that this is a Kubernetes API server, and the path of its URL";
  } else if (status == 429) {
    error.remedy = "the server has too much to do: it is asked again later";
  } else if (status >= 500) {
    error.remedy = "the server is in trouble, or is still starting: look at its log and at etcd";
  } else {
    error.kind = ErrorKind::protocol;
    error.remedy = status == 400 || status == 422 ? "check --selector, --node and --namespace"
                                                  : "check that this is a Kubernetes API server";
  }
}

ApiFault finished(ApiFault fault, const FaultContext& context) {
  fault.error.kind = ErrorKind::unavailable;
  fault.error.endpoint = context.url;
  explain(fault, context);
  if (fault.retry_after) fault.error.retry_after = *fault.retry_after;
  return fault;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool asks_to_watch(std::string_view query) {
  constexpr std::array<std::string_view, 3> words = {"watch=1", "watch=true", "watch"};
  return std::ranges::any_of(split(query, '&'), [&](std::string_view field) {
    return std::ranges::find(words, field) != words.end();
  });
}

}  // namespace

Asked asked_by(std::string_view target, bool post) {
  const std::size_t question = std::min(target.find('?'), target.size());
  const std::string_view query = target.substr(std::min(question + 1, target.size()));
  auto parts = split(target.substr(0, question), '/');
  // /api/VERSION/… or /apis/GROUP/VERSION/…
  Asked asked;
  std::size_t at = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    asked.group = parts[1];
    at = 3;
  } else {
    return asked;
  }
  if (parts[at] == "namespaces" && parts.size() > at + 2) {
    asked.name_space = parts[at + 1];
    at += 2;
  }
  asked.resource = parts[at];
  const bool named = parts.size() > at + 1;
  asked.verb = post ? "create" : named ? "get" : asks_to_watch(query) ? "watch" : "list";
  return asked;
}

ApiFault read_fault(unsigned status, std::string_view retry_after, std::string_view body,
                    const FaultContext& context) {
  ApiFault fault{.status = status, .retry_after = parse_retry_after(retry_after, context.now)};
  if (!take_status(fault, body)) {
    if (tls::says_wants_tls(status, body)) {
      fault.message = quotation(body, max_quoted);
      fault.error = tls::wants_tls(context.url);
      return fault;
    }
    while (body.ends_with('\n')) body.remove_suffix(1);
    fault.message = body.empty() ? "it does not say why" : quotation(body, max_quoted);
  }
  return finished(std::move(fault), context);
}

ApiFault read_status(std::string_view text, const FaultContext& context) {
  ApiFault fault;
  if (!take_status(fault, text) || fault.status == 0) {
    fault.message = quotation(text, max_quoted);
    fault.error = {.kind = ErrorKind::protocol,
                   .endpoint = context.url,
                   .what = fmt::format("the watch ends with what is no Status: {}", fault.message),
                   .remedy = "check what stands between this host and the server"};
    return fault;
  }
  return finished(std::move(fault), context);
}

}  // namespace rollcall::kubernetes
