// Options of command lines that are followed by a secret. Pure.
#pragma once

#include <string_view>

#include "core/secrets/secret_names.hpp"

namespace rollcall {

/// An option whose value is a secret to programs whose name begins so.
struct SecretOption {
  std::string_view program;
  std::string_view option;
  bool attached;  ///< The value may stand in the same argument: "-psecret".
  bool separate;  ///< The value may be the next argument.
  bool pair;      ///< The value is "user:password", of which the user is shown.
};

/// The option that begins this argument and means a secret to this program; null: none.
const SecretOption* secret_option(std::string_view program, std::string_view argument);

/// Whether a program of this name has such options.
bool has_secret_options(std::string_view program);

/// What the argument after this one is: a secret after "--password" and "-storepass"; not after
/// "--password=x".
Secrecy secrecy_after(std::string_view argument, std::string_view program);

/// Whether the argument after this one is "user:password", if it has a colon: "--basic-auth".
bool next_is_pair(std::string_view argument);

}  // namespace rollcall
