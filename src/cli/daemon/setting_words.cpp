#include "cli/daemon/setting_words.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rollcall/config.hpp>

#include "core/runtimes.hpp"
#include "core/text/suggest.hpp"
#include "core/text/text.hpp"
#include "transport/shown_url.hpp"

namespace rollcall::cli::daemon {
namespace {

std::string none_of(const std::string& word, const std::vector<std::string>& words) {
  if (std::ranges::find(words, word) != words.end()) return {};
  return fmt::format("'{}' is none of {}{}", quoted(word), fmt::join(words, ", "),
                     suggestion(word, words));
}

}  // namespace

std::string quoted(const std::string& word) {
  return excerpt(shown_url(word));
}

std::string check_format(const std::string& word) {
  return none_of(word, {"auto", "logfmt", "journald"});
}
std::string check_level(const std::string& word) {
  return none_of(word, {"debug", "info", "warning", "error"});
}
std::string check_unit_type(const std::string& word) {
  return none_of(word, {"service", "socket", "timer", "scope"});
}
std::string check_kind(const std::string& word) {
  if (parse_kind(word)) return {};
  std::vector<std::string> words = runtime_words();
  words.insert(words.begin(), "auto");
  return none_of(word, words);
}
std::string check_runtime(const std::string& word) {
  return word == "all" ? "" : check_kind(word);
}
std::string check_path(const std::string& word) {
  if (word.empty() || std::filesystem::path(word).is_absolute()) return {};
  return fmt::format("'{}' is no absolute path", quoted(word));
}
/// The word may be a secret instead of the name of its file, so it is not repeated.
std::string check_secret_path(const std::string& word) {
  if (word.empty() || std::filesystem::path(word).is_absolute()) return {};
  return "is no absolute path; name the file that holds the secret, not the secret";
}
std::string check_socket(const std::string& word) {
  return word == "auto" || word == "none" ? "" : check_path(word);
}
std::string check_local_users(const std::string& word) {
  return none_of(word, {"socket", "all"});
}
std::string check_host(const std::string& word) {
  const auto of_names = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
  };
  if (!word.empty() && std::ranges::all_of(word, of_names)) return {};
  return fmt::format("'{}' is no host name such as rollcall.example.org, without a port",
                     quoted(word));
}

}  // namespace rollcall::cli::daemon
