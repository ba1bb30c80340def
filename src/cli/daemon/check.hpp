// From a configuration to what the server and the engines are made of, or why that cannot be.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include <rollcall/config.hpp>

#include "cli/daemon/config.hpp"
#include "cli/daemon/config_file.hpp"
#include "cli/selection.hpp"
#include "server/options.hpp"

namespace rollcall::cli::daemon {

/// What is wrong with values that are right each by itself: a certificate without a key, an address
/// that others reach without TLS and a token, a token file that others may read.
ConfigErrors check(const Config& config);

/// "127.0.0.1:7655", "[::1]:7655", "localhost:0". Errors: a sentence.
std::expected<server::TcpListener, std::string> parse_listener(std::string_view text);

/// The token in a file that belongs to us or to root and that nobody else may read or change.
///
/// Errors: a sentence with the remedy.
std::expected<std::string, std::string> read_token(const std::string& path);

/// Where the socket is: "auto" is below $RUNTIME_DIRECTORY, /run/rollcall for root, else
/// $XDG_RUNTIME_DIR. Empty: nowhere.
std::string socket_of(const Config& config, const Getenv& getenv);

/// Of a configuration that was checked; without the token and what was passed.
server::ServerOptions server_options(const Config& config, const Getenv& getenv);

/// The engines: those that are named, and the runtimes; of nothing all that answer.
Selection selection_of(const Config& config);

/// What all backends are made with.
BackendOptions backend_options(const Config& config);

}  // namespace rollcall::cli::daemon
