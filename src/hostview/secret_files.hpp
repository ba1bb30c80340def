// Files that hold a secret of this program: the daemon's token, and the key of its TLS certificate.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

#include <sys/stat.h>

#include "hostview/small_files.hpp"

namespace rollcall {

/// Why a file must not hold a secret, with the remedy; empty: it may.
///
/// The owner must be root or our user, and others must have no access. A file of root may be
/// readable by its group, as keys for `ssl-cert` and the credentials of a service manager are.
std::string why_no_secret(const std::string& path, const struct ::stat& file);

/// Reads the whole file, if its rights are those of a secret.
std::expected<std::string, FileFault> read_secret_file(const std::string& path, std::size_t limit);

}  // namespace rollcall
