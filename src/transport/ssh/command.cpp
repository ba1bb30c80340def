#include "transport/ssh/command.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/text/text.hpp"

namespace rollcall::ssh {
namespace {

constexpr int command_not_found = 127;  // In every shell.
constexpr std::size_t longest_message = 300;

/// A part of a message, and what it means. `{}` in the remedy stands for user and host.
struct Meaning {
  std::string_view part;
  ErrorKind kind;
  ConnectFault fault;
  std::string_view remedy;
};

constexpr std::string_view at_the_far_side = "start the engine at the far side, or name its socket";
constexpr std::string_view log_in =
    "`ssh {}` must work without a question: load a key (ssh-add) that the far side knows, or name "
    "one in ~/.ssh/config";

/// The first match counts: messages of ssh itself come before those of the remote command.
constexpr std::array meanings = {
    Meaning{"REMOTE HOST IDENTIFICATION HAS CHANGED", ErrorKind::unavailable, ConnectFault::tls,
            "if the far side was given a new key, take the old one out of known_hosts; else "
            "somebody is between"},
    Meaning{"Host key verification failed", ErrorKind::unavailable, ConnectFault::tls,
            "run `ssh {}` once, compare the key of the host, and accept it"},
    Meaning{"Could not resolve hostname", ErrorKind::unavailable, ConnectFault::unreachable,
            "check the host name and the DNS"},
    Meaning{"Permission denied (", ErrorKind::denied, ConnectFault::auth, log_in},
    Meaning{"Too many authentication failures", ErrorKind::denied, ConnectFault::auth, log_in},
    Meaning{"Connection refused", ErrorKind::unavailable, ConnectFault::refused,
            "check the host and the port, and that sshd runs there"},
    Meaning{"Connection timed out", ErrorKind::unavailable, ConnectFault::mute,
            "check the host, the port and the firewalls between"},
    Meaning{"No route to host", ErrorKind::unavailable, ConnectFault::unreachable,
            "check the address and the network"},
    Meaning{"Network is unreachable", ErrorKind::unavailable, ConnectFault::unreachable,
            "check the address and the network"},
    Meaning{"permission denied", ErrorKind::denied, ConnectFault::denied,
            "let the user at the far side open the engine's socket: as a member of its group"},
    Meaning{"no such file or directory", ErrorKind::unavailable, ConnectFault::missing,
            at_the_far_side},
    Meaning{"connection refused", ErrorKind::unavailable, ConnectFault::refused, at_the_far_side},
    Meaning{"annot connect to", ErrorKind::unavailable, ConnectFault::refused, at_the_far_side},
};

constexpr std::array not_a_command = {
    std::string_view("dial-stdio' is not a docker command"),
    std::string_view("is not a docker command"),
    std::string_view("unknown command"),
    std::string_view("unrecognized command"),
    std::string_view("unknown shorthand flag"),
};

std::string far_side(const Endpoint& endpoint) {
  return endpoint.user.empty() ? endpoint.host : endpoint.user + "@" + endpoint.host;
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!space) line += c;
    if (space && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

/// The last line: banners and warnings come before it.
std::string last_of(std::string_view message) {
  std::string line = one_line(message);
  if (line.size() <= longest_message) return valid_utf8(line);
  return "…" + valid_utf8(std::string_view(line).substr(line.size() - longest_message));
}

bool says_any(const std::string& message, const auto& parts) {
  return std::ranges::any_of(parts, [&](std::string_view part) { return message.contains(part); });
}

RuntimeError error_at(const Endpoint& endpoint, std::string what, std::string remedy) {
  return {.kind = ErrorKind::unavailable,
          .fault = ConnectFault::unreachable,
          .endpoint = endpoint.url(),
          .what = std::move(what),
          .remedy = std::move(remedy)};
}

RuntimeError no_such_command(const Ending& ending, const Endpoint& endpoint) {
  const std::string program = endpoint.ssh.command.substr(0, endpoint.ssh.command.find(' '));
  const bool missing = ending.exit_code == command_not_found;
  RuntimeError error = error_at(
      endpoint,
      missing ? fmt::format("the far side has no program {}: {}", program, last_of(ending.message))
              : fmt::format("the {} of the far side has no dial-stdio: {}", program,
                            last_of(ending.message)),
      missing
          ? fmt::format("install {} there, on the PATH of a shell that is no login shell", program)
          : "install a newer one there: Docker has it since 18.09");
  error.kind = ErrorKind::protocol;
  error.fault = ConnectFault::not_this_api;
  return error;
}

}  // namespace

std::vector<std::string> command_line(const Endpoint& endpoint, Milliseconds connect_deadline) {
  const auto seconds =
      std::max(std::chrono::ceil<std::chrono::seconds>(connect_deadline), std::chrono::seconds(1));
  std::vector<std::string> words = {endpoint.ssh.program,
                                    "-o",
                                    "BatchMode=yes",
                                    "-o",
                                    fmt::format("ConnectTimeout={}", seconds.count()),
                                    "-o",
                                    "ServerAliveInterval=15",
                                    "-o",
                                    "ServerAliveCountMax=3",
                                    "-T"};
  const auto add = [&words](std::string option, std::string value) {
    words.push_back(std::move(option));
    words.push_back(std::move(value));
  };
  if (!endpoint.ssh.identity.empty()) add("-i", endpoint.ssh.identity);
  if (endpoint.port != 0) add("-p", std::to_string(endpoint.port));
  if (!endpoint.user.empty()) add("-l", endpoint.user);
  add("--", endpoint.host);
  words.push_back(endpoint.ssh.command);
  return words;
}

std::string quoted(std::string_view word) {
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'') {
      text += "'\\''";
    } else {
      text += c;
    }
  }
  return text + "'";
}

RuntimeError explain(const Ending& ending, bool began, const Endpoint& endpoint) {
  const std::string& message = ending.message;
  const std::string said = last_of(ending.message);
  if (began) {
    return error_at(
        endpoint,
        fmt::format("the connection by ssh broke: {}",
                    said.empty() ? fmt::format("ssh ended with {}", ending.exit_code) : said),
        "the far side or the network went away");
  }
  if (ending.exit_code == command_not_found || says_any(message, not_a_command)) {
    return no_such_command(ending, endpoint);
  }
  for (const Meaning& meaning : meanings) {
    if (!message.contains(meaning.part)) continue;
    RuntimeError error = error_at(endpoint, fmt::format("ssh failed: {}", said),
                                  fmt::format(fmt::runtime(meaning.remedy), far_side(endpoint)));
    error.kind = meaning.kind;
    error.fault = meaning.fault;
    return error;
  }
  const std::string how = ending.signal != 0 ? fmt::format("by signal {}", ending.signal)
                                             : fmt::format("with code {}", ending.exit_code);
  return error_at(endpoint,
                  said.empty() ? fmt::format("ssh ended {}, and said nothing", how)
                               : fmt::format("ssh ended {}: {}", how, said),
                  fmt::format("try `ssh {} {}`", far_side(endpoint), endpoint.ssh.command));
}

void add_said(RuntimeError& error, std::string_view message) {
  const std::string said = last_of(message);
  if (!said.empty()) error.what += "; ssh said: " + said;
}

RuntimeError not_started(int error, const Endpoint& endpoint) {
  if (error == ENOENT) {
    return error_at(endpoint, fmt::format("there is no program {} here", endpoint.ssh.program),
                    "install the OpenSSH client");
  }
  return error_at(endpoint,
                  fmt::format("{} cannot be started: {}", endpoint.ssh.program,
                              std::generic_category().message(error)),
                  "check its rights, and how many processes this user may have");
}

}  // namespace rollcall::ssh
