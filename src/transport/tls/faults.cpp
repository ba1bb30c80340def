#include "transport/tls/faults.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "core/text/text.hpp"

namespace rollcall::tls {
namespace {

constexpr std::size_t most_names = 8;

RuntimeError fault(const Endpoint& endpoint, std::string what, std::string remedy) {
  return {.kind = ErrorKind::unavailable,
          .fault = ConnectFault::tls,
          .endpoint = endpoint.url(),
          .what = std::move(what),
          .remedy = std::move(remedy)};
}

std::string described(const Pem& pem, std::string_view otherwise) {
  if (!pem.text.empty() || pem.file.empty()) return std::string(otherwise);
  return pem.file;
}

std::string trusted(const TlsOptions& options) {
  if (options.authority.empty()) return "the authorities of this system";
  return described(options.authority, "the given authority");
}

std::string expected_name(const Endpoint& endpoint) {
  return endpoint.tls.server_name.empty() ? endpoint.host : endpoint.tls.server_name;
}

std::string some_of(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (shown.size() < most_names) shown.push_back(excerpt(name));
  }
  std::string text = fmt::format("{}", fmt::join(shown, ", "));
  if (names.size() > most_names) text += fmt::format(" and {} more", names.size() - most_names);
  return text;
}

RuntimeError other_name(const Rejection& why, const Endpoint& endpoint) {
  const std::string expected = expected_name(endpoint);
  if (why.names.empty()) {
    return fault(endpoint,
                 fmt::format("the engine's certificate has no name (subjectAltName), so it is not "
                             "for {}",
                             expected),
                 fmt::format("give the engine a certificate for {}", expected));
  }
  return fault(
      endpoint,
      fmt::format("the engine's certificate is for {}, not for {}", some_of(why.names), expected),
      fmt::format("connect by a name that the certificate has, or give the engine one for {}",
                  expected));
}

RuntimeError unknown_authority(const Rejection& why, const Endpoint& endpoint) {
  const bool alone = why.code == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
  const std::string signer = alone ? "itself" : excerpt(why.issuer, 128);
  return fault(endpoint,
               fmt::format("the engine's certificate is signed by {}, which is not trusted by {}",
                           signer, trusted(endpoint.tls)),
               "name the certificate of the authority that has signed the engine's");
}

RuntimeError out_of_time(const Rejection& why, const Endpoint& endpoint) {
  const std::string_view whose =
      why.of_engine ? "the engine's certificate" : "the certificate of the engine's authority";
  if (why.code == X509_V_ERR_CERT_NOT_YET_VALID) {
    return fault(endpoint,
                 fmt::format("{} is not valid before {}", whose, to_rfc3339(why.not_before)),
                 "compare the clocks of both hosts");
  }
  return fault(endpoint, fmt::format("{} has expired at {}", whose, to_rfc3339(why.not_after)),
               "renew it at the engine; if it is not old, look at the clock of this host");
}

bool about_our_certificate(int alert) {
  constexpr std::array<int, 8> those = {SSL_AD_BAD_CERTIFICATE,     SSL_AD_UNSUPPORTED_CERTIFICATE,
                                        SSL_AD_CERTIFICATE_REVOKED, SSL_AD_CERTIFICATE_EXPIRED,
                                        SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA,
                                        SSL_AD_ACCESS_DENIED,       SSL_AD_CERTIFICATE_REQUIRED};
  return std::ranges::find(those, alert) != those.end();
}

RuntimeError no_certificate(const Endpoint& endpoint) {
  RuntimeError error = fault(endpoint, "the engine wants a client certificate, and none was given",
                             "name a client certificate and its key");
  error.kind = ErrorKind::denied;
  error.fault = ConnectFault::auth;
  return error;
}

RuntimeError certificate_refused(int alert, const Endpoint& endpoint) {
  const Pem& certificate = endpoint.tls.certificate;
  RuntimeError error =
      fault(endpoint,
            fmt::format("the engine refuses our client certificate ({}): {}",
                        described(certificate, "the given one"), SSL_alert_desc_string_long(alert)),
            "use one that is valid now, and is signed by the authority that the engine trusts");
  error.kind = ErrorKind::denied;
  error.fault = ConnectFault::auth;
  return error;
}

}  // namespace

std::string summary(const TlsOptions& options) {
  std::string text = "verified by " + trusted(options);
  if (!options.verify) text = "not verified: any certificate is accepted";
  if (!options.pinned.empty() || !options.fingerprint.empty()) text = "pinned to one certificate";
  if (options.certificate.empty()) return text + ", no client certificate";
  return text + ", client certificate " + described(options.certificate, "given");
}

RuntimeError rejected(const Rejection& why, const Endpoint& endpoint) {
  switch (why.code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return out_of_time(why, endpoint);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return other_name(why, endpoint);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      return unknown_authority(why, endpoint);
    case X509_V_ERR_APPLICATION_VERIFICATION:
      return fault(endpoint,
                   fmt::format("the engine's certificate is not the pinned one; its SHA-256 is {}",
                               why.fingerprint),
                   "if the engine was given a new certificate, pin that; else somebody is between");
    default:
      return fault(endpoint,
                   fmt::format("the engine's certificate is not accepted: {}",
                               X509_verify_cert_error_string(why.code)),
                   "give the engine another certificate");
  }
}

RuntimeError alerted(int alert, bool asked, const Endpoint& endpoint) {
  const bool shown = !endpoint.tls.certificate.empty();
  if (about_our_certificate(alert)) {
    return shown ? certificate_refused(alert, endpoint) : no_certificate(endpoint);
  }
  if (alert == SSL_AD_HANDSHAKE_FAILURE && asked && !shown) return no_certificate(endpoint);
  if (alert == SSL_AD_PROTOCOL_VERSION) {
    return fault(endpoint, "the engine speaks neither TLS 1.2 nor 1.3",
                 "let the engine speak one of them: older ones are not safe");
  }
  if (alert == SSL_AD_UNRECOGNIZED_NAME) {
    return fault(
        endpoint,
        fmt::format("no server at the engine's address is called {}", expected_name(endpoint)),
        "check the host name");
  }
  return fault(
      endpoint,
      fmt::format("the engine ended the TLS handshake: {}", SSL_alert_desc_string_long(alert)),
      "look at the engine's log");
}

RuntimeError not_tls(const Endpoint& endpoint) {
  return fault(
      endpoint, "the engine does not speak TLS here",
      "check the port; for an engine without TLS write tcp://host:port and switch TLS off");
}

RuntimeError url_without_tls(std::string url) {
  return {.kind = ErrorKind::invalid_config,
          .fault = ConnectFault::tls,
          .endpoint = std::move(url),
          .what = "options of TLS were given, and this URL is without TLS",
          .remedy = "write https://host:port, or give no options of TLS"};
}

RuntimeError wants_tls(std::string url) {
  return {.kind = ErrorKind::unavailable,
          .fault = ConnectFault::tls,
          .endpoint = std::move(url),
          .what = "the engine speaks TLS here, and was asked without it",
          .remedy = "write https://host:port, and name the certificates"};
}

bool says_wants_tls(unsigned status, std::string_view body) {
  constexpr unsigned bad_request = 400;
  return status == bad_request && (body.contains("HTTP request to an HTTPS server") ||
                                   body.contains("HTTP request was sent to HTTPS port"));
}

RuntimeError cut_short(const Endpoint& endpoint) {
  RuntimeError error = fault(endpoint, "the engine closed the connection during the TLS handshake",
                             "look at the engine's log, and check that it speaks TLS on this port");
  error.fault = ConnectFault::unreachable;
  return error;
}

RuntimeError failed(std::string_view reason, const Endpoint& endpoint) {
  return fault(endpoint, fmt::format("TLS failed: {}", reason), "look at the engine's log");
}

}  // namespace rollcall::tls
