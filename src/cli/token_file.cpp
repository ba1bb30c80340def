#include "cli/token_file.hpp"

#include <fmt/format.h>

#include "core/budgets.hpp"
#include "core/text/ascii.hpp"
#include "hostview/secret_files.hpp"

namespace rollcall::cli {

std::expected<std::string, std::string> read_token(const std::string& path) {
  const auto text = read_secret_file(path, budget::token_file);
  if (!text) {
    const auto* const remedy =
        text.error().missing() ? "; `openssl rand -hex 32` makes a token" : "";
    return std::unexpected(fmt::format("{}: {}{}", path, text.error().what, remedy));
  }
  std::string token(trimmed(*text));
  if (token.empty()) {
    return std::unexpected(
        fmt::format("{}: it is empty; `openssl rand -hex 32` makes a token", path));
  }
  return token;
}

}  // namespace rollcall::cli
