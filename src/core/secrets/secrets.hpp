// Texts without the secrets in them. Pure; a rule that guesses: docs/secrets.md says what it finds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/secrets/secret_names.hpp"
#include "core/secrets/secret_spans.hpp"

namespace rollcall {

/// What stands for a secret.
inline constexpr std::string_view mask = "***";

/// The text with each secret in it masked. The text around them stays: "https://bob:***@host/path"
/// still shows host and path.
std::string without_secrets(std::string_view text, TextKind kind);

/// The value of a label: masked whole, if its key says that it is a secret.
std::string label_without_secrets(std::string_view key, std::string_view value);

/// Whether `label_without_secrets` may differ from the value. Never false if it does.
bool may_hold_secret(std::string_view key, std::string_view value);

/// Foreign text for a sentence that quotes it: without secrets, then as excerpt() cuts it.
std::string quotation(std::string_view foreign, std::size_t longest = 64);

}  // namespace rollcall
