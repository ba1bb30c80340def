// What can be wrong with TLS, in sentences: what it is, and what to do about it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <rollcall/error.hpp>
#include <rollcall/instance.hpp>

#include "transport/endpoint.hpp"

namespace rollcall::tls {

/// "verified by /x/ca.pem, client certificate /x/cert.pem"
std::string summary(const TlsOptions& options);

/// Why a certificate that the engine showed was not accepted.
struct Rejection {
  int code = 0;                    ///< X509_V_ERR_…, of OpenSSL.
  bool of_engine = true;           ///< False: it is about the certificate of an authority.
  std::string issuer{};            ///< Of the certificate that it is about.
  std::vector<std::string> names;  ///< Of hosts that it is for.
  Timestamp not_before{};
  Timestamp not_after{};
  std::string fingerprint{};  ///< SHA-256.
};

RuntimeError rejected(const Rejection& why, const Endpoint& endpoint);

/// The engine has ended the connection with an alert (RFC 8446, 6). `asked`: it has asked for a
/// client certificate.
RuntimeError alerted(int alert, bool asked, const Endpoint& endpoint);

/// What came first is not TLS.
RuntimeError not_tls(const Endpoint& endpoint);

/// Options of TLS were given for a URL that is without it.
RuntimeError url_without_tls(std::string url);

/// Somebody who speaks TLS was spoken to without it.
RuntimeError wants_tls(std::string url);

/// Whether an answer of HTTP says so: Go's servers and others answer 400, in clear text.
bool says_wants_tls(unsigned status, std::string_view body);

/// The engine closed the connection before it was secure.
RuntimeError cut_short(const Endpoint& endpoint);

/// Anything else that OpenSSL says.
RuntimeError failed(std::string_view reason, const Endpoint& endpoint);

}  // namespace rollcall::tls
