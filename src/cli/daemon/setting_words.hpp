// Checks words of the configuration. Pure.
#pragma once

#include <string>

namespace rollcall::cli::daemon {

// Each function says what is wrong with a word; empty: nothing.
std::string check_format(const std::string& word);
std::string check_level(const std::string& word);
std::string check_kind(const std::string& word);
std::string check_runtime(const std::string& word);
std::string check_secret_path(const std::string& word);
std::string check_socket(const std::string& word);
std::string check_local_users(const std::string& word);
std::string check_host(const std::string& word);

}  // namespace rollcall::cli::daemon
