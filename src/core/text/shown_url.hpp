// URLs as they may be printed.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

/// Returns a URL, or an attempt at one, without parts that may be secret: a password and its user,
/// and everything from '?' or '#' on. A user without a password, as for ssh, stays.
std::string shown_url(std::string_view url);

}  // namespace rollcall
