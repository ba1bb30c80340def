// Errors of TLS as sentences: what is wrong, and what to do about it.
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

/// Why the engine's certificate was rejected.
struct Rejection {
  int code = 0;                    ///< X509_V_ERR_…, of OpenSSL.
  bool of_engine = true;           ///< False: the fault is in the certificate of an authority.
  std::string issuer{};            ///< The issuer of the faulty certificate.
  std::vector<std::string> names;  ///< The host names in it.
  Timestamp not_before{};
  Timestamp not_after{};
  std::string fingerprint{};  ///< SHA-256.
};

RuntimeError rejected(const Rejection& why, const Endpoint& endpoint);

/// The engine has ended the connection with an alert (RFC 8446, section 6). `asked`: it had asked
/// for a client certificate.
RuntimeError alerted(int alert, bool asked, const Endpoint& endpoint);

/// The first bytes received are not TLS.
RuntimeError not_tls(const Endpoint& endpoint);

/// TLS options were given for a URL without TLS.
RuntimeError url_without_tls(std::string url);

/// The server speaks TLS, and was spoken to without it.
RuntimeError wants_tls(std::string url);

/// Whether an HTTP answer says that the port wants TLS: Go's servers and others answer 400 in clear
/// text.
bool says_wants_tls(unsigned status, std::string_view body);

/// The engine closed the connection before it was secure.
RuntimeError cut_short(const Endpoint& endpoint);

/// Any other error of OpenSSL.
RuntimeError failed(std::string_view reason, const Endpoint& endpoint);

}  // namespace rollcall::tls
