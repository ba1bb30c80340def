// gzip, as servers send it.
#pragma once

#include <string>
#include <string_view>

namespace rollcall::support {

/// One whole part.
std::string gzipped(std::string_view text);

}  // namespace rollcall::support
