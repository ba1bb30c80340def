// The file that holds the token of a daemon.
#pragma once

#include <expected>
#include <string>

namespace rollcall::cli {

/// Reads the token from its file, which must belong to us or to root; no other user may read or
/// change it.
///
/// Errors: a sentence with the remedy.
std::expected<std::string, std::string> read_token(const std::string& path);

}  // namespace rollcall::cli
