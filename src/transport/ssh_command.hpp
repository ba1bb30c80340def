// What ssh is asked, and what its failures mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <rollcall/error.hpp>

#include "transport/child_process.hpp"
#include "transport/endpoint.hpp"
#include "transport/stream.hpp"

namespace rollcall::ssh {

/// The words of the command line, the program first. ssh never asks anything: what it would ask is
/// a failure. It ends by itself when nothing has come from the far side for a minute.
std::vector<std::string> command_line(const Endpoint& endpoint, Milliseconds connect_deadline);

/// A word for the shell of the far side.
std::string quoted(std::string_view word);

/// Of ssh, or of the command at the far side.
using Ending = ChildEnding;

/// Why there is no connection, or no more. `began`: the engine had already said something.
RuntimeError explain(const Ending& ending, bool began, const Endpoint& endpoint);

/// Adds what ssh has written to its standard error by now, if it has.
void add_said(RuntimeError& error, std::string_view message);

/// The program could not be started.
RuntimeError not_started(int error, const Endpoint& endpoint);

}  // namespace rollcall::ssh
