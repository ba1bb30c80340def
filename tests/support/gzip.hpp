// gzip, as servers send it.
#pragma once

#include <string>
#include <string_view>

namespace rollcall::support {

/// The text as one gzip member.
std::string gzipped(std::string_view text);

}  // namespace rollcall::support
