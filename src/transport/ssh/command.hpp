// The command line of ssh, and what its failures mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <rollcall/error.hpp>

#include "transport/child_process.hpp"
#include "transport/endpoint.hpp"
#include "transport/stream.hpp"

namespace rollcall::ssh {

/// The command line, the program first. ssh never prompts: what it would ask is a failure. It exits
/// when nothing has come from the far side for a minute.
std::vector<std::string> command_line(const Endpoint& endpoint, Milliseconds connect_deadline);

/// Quotes a word for the remote shell.
std::string quoted(std::string_view word);

/// How ssh or the remote command ended.
using Ending = ChildEnding;

/// Why the connection failed or ended. `began`: the engine had already sent something.
RuntimeError explain(const Ending& ending, bool began, const Endpoint& endpoint);

/// Adds the text that ssh has written to its standard error, if any.
void add_said(RuntimeError& error, std::string_view message);

/// The error if the program could not be started.
RuntimeError not_started(int error, const Endpoint& endpoint);

}  // namespace rollcall::ssh
