// Every key of the configuration, as data: file, environment, flags, the printed form and the
// reference all follow this one table.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "cli/daemon/config.hpp"
#include "core/option/field.hpp"

namespace rollcall::cli::daemon {

template <class Object>
struct Setting {
  std::string_view key;   ///< "limits.connections".
  std::string_view flag;  ///< Of `rollcall serve`, "--socket"; empty: none.
  std::function<option::Field(Object& object)> at;
  option::CheckWord check = nullptr;  ///< Of each word; null: any will do.
};

/// All keys but `engines`, in the order of the reference: those of the daemon, and the options of
/// each runtime.
std::span<const Setting<Config>> settings();

/// The keys of one of the `engines`.
std::span<const Setting<EngineConfig>> engine_settings();

/// "ROLLCALL_LIMITS_CONNECTIONS".
std::string variable_of(std::string_view key);

/// The complete configuration in the form of a file, with each key's origin as a comment.
/// `origins`: by key, "the default" for those that are absent.
std::string print(Config config, const std::map<std::string, std::string, std::less<>>& origins);

}  // namespace rollcall::cli::daemon
