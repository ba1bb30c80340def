// Turns a configuration into server options and engines, or says why that is impossible.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include <rollcall/config.hpp>

#include "cli/daemon/config.hpp"
#include "cli/daemon/load.hpp"
#include "cli/selection.hpp"
#include "server/options.hpp"

namespace rollcall::cli::daemon {

/// Makes the server options, `loaded.server`, from values of which each is valid by itself, or adds
/// to `loaded.errors` what is wrong in combination: a certificate without a key, an address beyond
/// this host without TLS and a token, a token file that others may read, and whatever else a start
/// would refuse.
void check(Loaded& loaded, const Sources& sources);

/// "127.0.0.1:7655", "[::1]:7655", "localhost:0". Errors: a sentence.
std::expected<server::TcpListener, std::string> parse_listener(std::string_view text);

/// Where the socket is: "auto" is below $RUNTIME_DIRECTORY, /run/rollcall for root, else
/// $XDG_RUNTIME_DIR. Empty: nowhere.
std::string socket_of(const Config& config, const Getenv& getenv);

/// The server options of a checked configuration, without the token and the passed sockets.
server::ServerOptions server_options(const Config& config, const Getenv& getenv);

/// The engines to watch: the named engines and runtimes; if none is named, all that answer.
Selection selection_of(const Config& config);

/// The options that all backends share.
BackendOptions backend_options(const Config& config);

}  // namespace rollcall::cli::daemon
