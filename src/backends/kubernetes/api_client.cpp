#include "backends/kubernetes/api_client.hpp"

#include <utility>

#include <fmt/format.h>

#include "backends/kubernetes/credentials.hpp"
#include "core/text/text.hpp"
#include "transport/tls/secure_stream.hpp"

namespace rollcall::kubernetes {
namespace {

/// How to connect to the server; a plugin may replace the client certificate at any time.
struct Dial {
  Endpoint endpoint;
  std::optional<ProxyEndpoint> proxy;
};

Connector connector_to(const std::shared_ptr<Dial>& dial) {
  return [dial](Milliseconds deadline) {
    if (dial->proxy) return connect_through(*dial->proxy, dial->endpoint, deadline);
    return connect_stream(dial->endpoint, deadline);
  };
}

constexpr std::string_view ping_target = "/version";

}  // namespace

struct ApiClient::Impl {
  Access access;
  EnvPtr env;
  std::shared_ptr<Dial> dial;
  Wire wire;
  HttpClient client;
  Credentials credentials;
  std::uint64_t shown = 0;  // The credential that kept connections have shown.

  Impl(Access a, Wire w, EnvPtr e)
      : access(std::move(a)),
        env(std::move(e)),
        dial(std::make_shared<Dial>(access.endpoint, access.proxy)),
        wire(std::move(w)),
        client(connector(), access.endpoint.host_header(), access.url()),
        credentials(access.credentials, env) {}

  Connector connector() {
    if (!wire.connect) wire.connect = connector_to(dial);
    return wire.connect;
  }

  [[nodiscard]] HttpRequest request_of(const std::string& target, const Credential& credential) {
    HttpRequest request{.target = access.url_path + target, .headers = access.impersonation};
    request.headers.emplace_back("User-Agent", "rollcall/" ROLLCALL_VERSION);
    if (!access.local()) request.headers.emplace_back("Accept-Encoding", "gzip");
    const bool secret = access.endpoint.scheme == Endpoint::Scheme::tls || access.local();
    if (!credential.token.empty() && secret) {
      request.headers.emplace_back("Authorization", "Bearer " + credential.token);
    }
    return request;
  }

  /// A certificate is shown when a connection is made, so connections with an older one are closed.
  void show(const Credential& credential) {
    if (std::exchange(shown, credential.number) == credential.number) return;
    if (credential.certificate.empty()) return;
    dial->endpoint.tls.certificate = credential.certificate;
    dial->endpoint.tls.key = credential.key;
    client.close_idle();
  }

  Task<ApiAnswer> ask_once(std::string target, std::optional<std::string> body,
                           HttpDeadlines deadlines, Credential credential) {
    show(credential);
    const Asked asked = asked_by(target, body.has_value());
    HttpRequest request = request_of(target, credential);
    request.body = std::move(body);
    auto response = co_await client.send(std::move(request), deadlines);
    if (!response) co_return fail(std::move(response.error()));
    const unsigned status = (*response)->status();
    if (status >= 200 && status < 300) co_return ApiAnswer{.response = std::move(*response)};
    auto text = co_await (*response)->read_all(max_document);
    if (!text) co_return fail(std::move(text.error()));
    const FaultContext context{.url = access.url(),
                               .target = std::move(target),
                               .asked = asked,
                               .who = access.user,
                               .now = env->now()};
    ApiAnswer refused;
    refused.fault = read_fault(status, (*response)->header("Retry-After"), *text, context);
    explain_expired(*refused.fault);
    co_return refused;
  }

  /// Servers do not say that our certificate has expired, only that they do not know us; say it
  /// here.
  void explain_expired(ApiFault& fault) const {
    const Pem& certificate = dial->endpoint.tls.certificate;
    if (fault.status != 401 || certificate.empty()) return;
    const auto expiry = expiry_of(certificate);
    if (!expiry || *expiry > env->now()) return;
    fault.error.what = fmt::format("the client certificate of {} has expired at {}", access.user,
                                   to_rfc3339(*expiry));
    fault.error.remedy = "renew it: with kubeadm by `kubeadm certs renew`";
  }

  Task<ApiAnswer> ask(std::string target, std::optional<std::string> body,
                      HttpDeadlines deadlines) {
    auto first = co_await credentials.current();
    if (!first) co_return fail(std::move(first.error()));
    const std::uint64_t number = first->number;
    auto answer = co_await ask_once(target, body, deadlines, std::move(*first));
    if (!answer || !answer->fault || answer->fault->status != 401) co_return answer;
    credentials.reject(number);
    client.close_idle();  // they have shown the certificate of an older file
    auto second = co_await credentials.current();
    if (!second) co_return fail(std::move(second.error()));
    if (second->number == number) co_return answer;
    co_return co_await ask_once(std::move(target), std::move(body), deadlines, std::move(*second));
  }

  Task<std::string> document(ApiAnswer answer) {
    if (answer.fault) co_return fail(std::move(answer.fault->error));
    auto text = co_await answer.response->read_all(max_document);
    co_return text;
  }
};

ApiClient::ApiClient(Access access, Wire wire, EnvPtr env)
    : impl_(std::make_unique<Impl>(std::move(access), std::move(wire), std::move(env))) {}
ApiClient::~ApiClient() = default;

Task<ApiAnswer> ApiClient::get(std::string target, HttpDeadlines deadlines) {
  return impl_->ask(std::move(target), std::nullopt, deadlines);
}

Task<std::string> ApiClient::get_document(std::string target, HttpDeadlines deadlines) {
  auto answer = co_await impl_->ask(std::move(target), std::nullopt, deadlines);
  if (!answer) co_return fail(std::move(answer.error()));
  co_return co_await impl_->document(std::move(*answer));
}

Task<std::string> ApiClient::post_json(std::string target, std::string body,
                                       HttpDeadlines deadlines) {
  auto answer = co_await impl_->ask(std::move(target), std::move(body), deadlines);
  if (!answer) co_return fail(std::move(answer.error()));
  co_return co_await impl_->document(std::move(*answer));
}

Task<void> ApiClient::ping() {
  const Milliseconds limit = impl_->wire.deadlines.quiet_probe;
  const HttpDeadlines all{.connect = limit, .head = limit, .progress = limit};
  HttpClient fresh(impl_->wire.connect, impl_->access.endpoint.host_header(), impl_->access.url());
  auto credential = co_await impl_->credentials.current();
  if (!credential) co_return fail(std::move(credential.error()));
  auto request = impl_->request_of(std::string(ping_target), *credential);
  auto response = co_await fresh.send(std::move(request), all);
  if (!response) co_return fail(std::move(response.error()));
  co_return Result<void>();
}

void ApiClient::close_idle() {
  impl_->client.close_idle();
}

const Access& ApiClient::access() const noexcept {
  return impl_->access;
}

HttpDeadlines ApiClient::deadlines() const noexcept {
  return {.connect = impl_->wire.deadlines.connect,
          .head = impl_->wire.deadlines.list_head,
          .progress = impl_->wire.deadlines.body};
}

}  // namespace rollcall::kubernetes
