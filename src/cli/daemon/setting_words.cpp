#include "cli/daemon/setting_words.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <initializer_list>
#include <vector>

#include <fmt/format.h>
#include <rollcall/config.hpp>

#include "core/option/checks.hpp"
#include "core/runtimes.hpp"

namespace rollcall::cli::daemon {

using option::check_path;
using option::quoted;

namespace {

std::string one_of(const std::string& word, std::initializer_list<std::string> words) {
  return option::none_of(word, std::vector<std::string>(words));
}

}  // namespace

std::string check_format(const std::string& word) {
  return one_of(word, {"auto", "logfmt", "journald"});
}
std::string check_level(const std::string& word) {
  return one_of(word, {"debug", "info", "warning", "error"});
}
std::string check_kind(const std::string& word) {
  if (parse_kind(word)) return {};
  std::vector<std::string> words = runtime_words();
  words.insert(words.begin(), "auto");
  return option::none_of(word, words);
}
std::string check_runtime(const std::string& word) {
  return word == "all" ? "" : check_kind(word);
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
  return one_of(word, {"socket", "all"});
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
