// The matchers of Traefik's rules: which there are for HTTP and for TCP in versions 2 and 3, and
// which values each of them takes. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "core/labels/readers/traefik_rule.hpp"

namespace rollcall::readers {

enum class RuleProtocol : std::uint8_t { http, tcp };

/// What Traefik finds wrong with a rule that can be parsed; nothing, if version 3 takes it, or
/// version 2 takes it and it is written for that.
///
/// `syntax`: that of the router's label; "v2" and "v3" choose a version.
std::optional<RuleError> matcher_error(const Rule& rule, RuleProtocol protocol,
                                       std::string_view syntax);

/// Whether the rule asks for the name of TLS, so that a TCP router must have TLS: its first HostSNI
/// is not that for any name.
bool needs_tls(const Rule& rule);

}  // namespace rollcall::readers
