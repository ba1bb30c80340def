#include "backends/kubernetes/credentials.hpp"

#include <cctype>
#include <chrono>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "backends/kubernetes/exec_plugin.hpp"
#include "core/async/turns.hpp"
#include "core/budgets.hpp"
#include "hostview/small_files.hpp"

namespace rollcall::kubernetes {
namespace {

using namespace std::chrono_literals;

constexpr Duration token_file_period = 1min;
constexpr std::size_t max_token_file = budget::file_bytes;

std::unexpected<RuntimeError> no_token(const std::string& path, std::string what) {
  return fail({.kind = ErrorKind::denied,
               .fault = ConnectFault::auth,
               .endpoint = path,
               .what = std::move(what),
               .remedy = "check the file of the token, and that this user may read it"});
}

/// Reads the token in a file, without the blanks around it.
Result<std::string> read_token(const std::string& path) {
  auto text = read_file(path, max_token_file);
  if (!text) {
    return no_token(path, fmt::format("the token cannot be read: {}", text.error().what));
  }
  const auto blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text->empty() && blank(text->back())) text->pop_back();
  std::size_t begin = 0;
  while (begin < text->size() && blank((*text)[begin])) ++begin;
  text->erase(0, begin);
  if (text->empty()) return no_token(path, "the file of the token is empty");
  return std::move(*text);
}

}  // namespace

struct Credentials::Impl {
  CredentialSource source;
  EnvPtr env;
  std::optional<Credential> held{};
  Monotonic read_at{};                 // For a file.
  std::optional<Timestamp> expires{};  // For a plugin.
  std::optional<Turns> turns{};        // Of running the plugin.
  bool rejected = false;

  void hold(Credential next) {
    next.number = held ? held->number + 1 : 1;
    held = std::move(next);
    rejected = false;
  }

  Result<Credential> of_file(const TokenFile& file) {
    const Monotonic now = env->monotonic();
    if (held && !rejected && now - read_at < token_file_period) return *held;
    auto token = read_token(file.path);
    // While the file is being replaced, the last token that it held is still good.
    if (!token && held && !rejected) return *held;
    if (!token && !file.otherwise.empty()) token = file.otherwise;
    if (!token) return fail(std::move(token.error()));
    read_at = now;
    if (!held || held->token != *token) hold({.token = std::move(*token)});
    return *held;
  }

  [[nodiscard]] bool good() const {
    return held && !rejected && (!expires || env->now() < *expires);
  }

  Task<Credential> of_plugin(const ExecPlugin& plugin) {
    if (good()) co_return *held;
    if (!turns) turns.emplace(co_await boost::asio::this_coro::executor);
    const auto turn = co_await turns->take();
    if (good()) co_return *held;  // an earlier caller has run it
    auto given = co_await run_plugin(plugin);
    if (!given) co_return fail(std::move(given.error()));
    expires = given->expires;
    hold({.token = std::move(given->token),
          .certificate = std::move(given->certificate),
          .key = std::move(given->key)});
    co_return *held;
  }
};

Credentials::Credentials(CredentialSource source, EnvPtr env)
    : impl_(std::make_shared<Impl>(std::move(source), std::move(env))) {}
Credentials::~Credentials() = default;

Task<Credential> Credentials::current() {
  Impl& impl = *impl_;
  if (const auto* file = std::get_if<TokenFile>(&impl.source)) co_return impl.of_file(*file);
  if (const auto* bearer = std::get_if<BearerToken>(&impl.source)) {
    co_return Credential{.token = bearer->token};
  }
  if (const auto* plugin = std::get_if<ExecPlugin>(&impl.source)) {
    co_return co_await impl.of_plugin(*plugin);
  }
  co_return Credential{};
}

void Credentials::reject(std::uint64_t number) {
  if (impl_->held && impl_->held->number == number) impl_->rejected = true;
}

}  // namespace rollcall::kubernetes
