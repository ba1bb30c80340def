#include "backends/kubernetes/exec_plugin.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include "core/budgets.hpp"
#include "core/text/text.hpp"
#include "transport/child_process.hpp"

namespace rollcall::kubernetes {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t max_output = budget::plugin_output_bytes;
constexpr std::size_t max_said = 600;
constexpr Milliseconds ending_deadline = std::chrono::seconds(2);

RuntimeError failure(const ExecPlugin& plugin, std::string_view what, std::string remedy = {}) {
  if (remedy.empty()) {
    remedy = plugin.install_hint.empty()
                 ? "run it by hand: it is named in the users of the kubeconfig, under `exec`"
                 : excerpt(plugin.install_hint, max_said);
  }
  return {.kind = ErrorKind::denied,
          .fault = ConnectFault::auth,
          .endpoint = {},
          .what = fmt::format("the credential plugin {} {}", excerpt(plugin.command), what),
          .remedy = std::move(remedy)};
}

/// Adds the plugin's standard error.
RuntimeError failed(const ExecPlugin& plugin, std::string what, std::string_view said) {
  while (said.ends_with('\n')) said.remove_suffix(1);
  // The end says most.
  if (said.size() > max_said) said.remove_prefix(said.size() - max_said);
  if (!said.empty()) what += fmt::format("; it says: {}", printable(said));
  return failure(plugin, what);
}

RuntimeError not_started(const ExecPlugin& plugin, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  return failure(plugin,
                 missing
                     ? "is not there"
                     : fmt::format("cannot be started: {}", std::generic_category().message(error)),
                 missing && plugin.install_hint.empty() ? "install it, or let it be found on PATH"
                                                        : std::string());
}

std::string text_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// Reads all of the plugin's output.
Task<std::string> read_output(Stream& stream, const ExecPlugin& plugin, Clock::time_point end) {
  std::string output;
  std::array<char, 8192> piece{};
  for (;;) {
    // One deadline for all of it, however much it writes meanwhile.
    const auto left = std::chrono::ceil<Milliseconds>(end - Clock::now());
    if (left <= Milliseconds::zero()) co_return fail({.fault = ConnectFault::mute});
    auto size = co_await stream.read_some(piece, left);
    if (!size) co_return fail(std::move(size.error()));
    if (*size == 0) co_return output;
    output.append(piece.data(), *size);
    if (output.size() > max_output) {
      co_return fail(failure(plugin, "writes more than any credential has"));
    }
  }
}

Result<void> check_ending(const ExecPlugin& plugin, ChildProcess& process) {
  const auto ending = process.ending();
  if (!ending) return fail(failed(plugin, "does not end", process.messages()));
  if (ending->signal != 0) {
    return fail(
        failed(plugin, fmt::format("was ended by signal {}", ending->signal), ending->message));
  }
  if (ending->exit_code != 0) {
    return fail(failed(plugin, fmt::format("failed with exit code {}", ending->exit_code),
                       ending->message));
  }
  return {};
}

Result<ExecCredential> read_credential(const json::object& status, const ExecPlugin& plugin) {
  ExecCredential credential{.token = text_in(status, "token"),
                            .certificate = {.text = text_in(status, "clientCertificateData")},
                            .key = {.text = text_in(status, "clientKeyData")}};
  if (credential.certificate.empty() != credential.key.empty()) {
    return fail(failure(plugin, "gives a certificate without its key, or a key alone"));
  }
  if (credential.token.empty() && credential.certificate.empty()) {
    return fail(failure(plugin, "gives neither a token nor a certificate"));
  }
  const std::string expires = text_in(status, "expirationTimestamp");
  if (expires.empty()) return credential;
  credential.expires = parse_rfc3339(expires);
  if (credential.expires) return credential;
  return fail(failure(
      plugin, fmt::format("gives a credential that expires at no time: {}", excerpt(expires))));
}

}  // namespace

std::string exec_info(const ExecPlugin& plugin) {
  json::object spec{{"interactive", false}};
  boost::system::error_code ec;
  if (!plugin.cluster_info.empty()) spec["cluster"] = json::parse(plugin.cluster_info, ec);
  return json::serialize(json::object{
      {"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", std::move(spec)}});
}

Result<ExecCredential> read_exec_credential(std::string_view text, const ExecPlugin& plugin) {
  boost::system::error_code ec;
  const json::value document = json::parse(text, ec);
  const json::object* object = ec ? nullptr : document.if_object();
  if (object == nullptr || text_in(*object, "kind") != "ExecCredential") {
    return fail(failure(plugin, "writes what is no ExecCredential"));
  }
  const std::string version = text_in(*object, "apiVersion");
  if (version != plugin.api_version) {
    return fail(failure(plugin, fmt::format("speaks {}, and was asked for {}", excerpt(version),
                                            excerpt(plugin.api_version))));
  }
  const json::value* status = object->if_contains("status");
  const json::object* fields = status == nullptr ? nullptr : status->if_object();
  if (fields == nullptr) return fail(failure(plugin, "gives no status, and so no credential"));
  return read_credential(*fields, plugin);
}

Task<ExecCredential> run_plugin(ExecPlugin plugin, Milliseconds deadline) {
  if (plugin.wants_terminal) {
    co_return fail(failure(plugin, "always wants a terminal (interactiveMode: Always)",
                           "use a user entry that needs none, because nothing can be typed in"));
  }
  std::vector<std::string> words = {plugin.command};
  words.insert(words.end(), plugin.arguments.begin(), plugin.arguments.end());
  std::vector<std::string> variables = {"KUBERNETES_EXEC_INFO=" + exec_info(plugin)};
  for (const auto& [name, value] : plugin.variables) {
    variables.push_back(fmt::format("{}={}", name, value));
  }
  const auto executor = co_await asio::this_coro::executor;
  auto process = ChildProcess::start(std::move(words), std::move(variables));
  if (!process) co_return fail(not_started(plugin, process.error()));
  const int socket = process->take_socket();
  ::shutdown(socket, SHUT_WR);  // Its standard input is empty.
  const StreamPtr stream = stream_of(executor, socket, {});
  if (!stream) co_return fail(failure(plugin, "cannot be listened to"));
  const auto end = Clock::now() + deadline;
  auto output = co_await read_output(*stream, plugin, end);
  process->drain_messages();
  if (!output && output.error().fault == ConnectFault::mute) {
    const double seconds = std::chrono::duration<double>(deadline).count();
    co_return fail(
        failed(plugin, fmt::format("does not answer within {:g} s", seconds), process->messages()));
  }
  if (!output && output.error().fault == ConnectFault::auth) co_return fail(output.error());
  if (!process->ending()) co_await wait_for_end(*process, ending_deadline);
  auto ended = check_ending(plugin, *process);
  if (!ended) co_return fail(std::move(ended.error()));
  if (!output) co_return fail(failure(plugin, "cannot be listened to"));
  co_return read_exec_credential(*output, plugin);
}

}  // namespace rollcall::kubernetes
