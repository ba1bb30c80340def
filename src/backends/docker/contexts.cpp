#include "backends/docker/contexts.hpp"

#include <system_error>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "backends/docker/headers.hpp"
#include "core/budgets.hpp"
#include "core/json/go_json.hpp"
#include "core/text/ascii.hpp"
#include "core/text/text.hpp"
#include "hostview/small_files.hpp"
#include "transport/digest.hpp"

namespace rollcall::docker {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t max_file = budget::context_bytes;

std::unexpected<RuntimeError> unusable(const fs::path& file, std::string what, std::string remedy) {
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = file.string(),
               .what = std::move(what),
               .remedy = std::move(remedy)});
}

/// Returns nullopt if the file does not exist.
Result<std::optional<std::string>> read_text(const fs::path& file) {
  auto text = read_file(file.string(), max_file);
  if (text) return std::move(*text);
  if (text.error().missing()) return std::nullopt;
  return unusable(
      file,
      fmt::format("this file of Docker's configuration cannot be read: {}", text.error().what),
      "let this user read it, or name another folder with DOCKER_CONFIG");
}

std::unexpected<RuntimeError> broken(const fs::path& file, std::string_view why) {
  return unusable(file, fmt::format("this file of Docker's configuration is broken: {}", why),
                  "mend it, or name the engine with DOCKER_HOST or --endpoint");
}

Result<json::object> parsed(const std::string& text, const fs::path& file) {
  boost::system::error_code ec;
  json::value value = json::parse(text, ec);
  if (ec || !value.is_object()) return broken(file, "it is no JSON object");
  return std::move(value.get_object());
}

Result<std::vector<HttpHeader>> headers_of(const json::object& named, const fs::path& file) {
  std::vector<HttpHeader> headers;
  for (const auto& [name, value] : named) {
    if (!value.is_string()) return broken(file, "a value in HttpHeaders is no text");
    headers.emplace_back(name, value.get_string());
  }
  auto checked = checked_headers(headers);
  if (!checked) return broken(file, checked.error().what + " (in HttpHeaders)");
  return checked;
}

bool may_be_there(const fs::path& file) {
  std::error_code ec;
  return fs::exists(file, ec) || ec;
}

}  // namespace

Result<Configuration::Settings> Configuration::settings() const {
  const fs::path file = config_file();
  const auto text = read_text(file);
  if (!text) return fail(text.error());
  // An empty file counts as no settings, as for the docker command.
  if (!*text || trimmed(**text).empty()) return Settings();
  const auto config = parsed(**text, file);
  if (!config) return fail(config.error());
  const GoFields fields(*config);
  auto current = fields.text("currentContext");
  if (!current) return broken(file, current.error());
  const auto named = fields.object("HttpHeaders");
  if (!named) return broken(file, named.error());
  auto headers = headers_of(*named, file);
  if (!headers) return fail(std::move(headers.error()));
  return Settings{.current_context = std::move(*current), .headers = std::move(*headers)};
}

Result<Configuration::Context> Configuration::context(std::string_view name) const {
  // Context names may hold characters that file names may not.
  const std::string id = sha256_hex(name);
  const fs::path file = folder_ / "contexts/meta" / id / "meta.json";
  const auto text = read_text(file);
  if (!text) return fail(text.error());
  if (!*text) {
    return unusable(file, fmt::format("there is no context '{}'", excerpt(name)),
                    "`docker context ls` shows those that there are");
  }
  const auto meta = parsed(**text, file);
  if (!meta) return fail(meta.error());
  const auto endpoints = GoFields(*meta).object("Endpoints");
  if (!endpoints) return broken(file, endpoints.error());
  const json::value* docker = endpoints->if_contains("docker");
  if (docker == nullptr) {
    return unusable(file, fmt::format("the context '{}' leads to no Docker engine", excerpt(name)),
                    "choose another: `docker context ls` shows them");
  }
  if (!docker->is_object()) return broken(file, "its Docker endpoint is no object");
  const GoFields fields(docker->get_object());
  auto host = fields.text("Host");
  if (!host) return broken(file, host.error());
  const auto skip = fields.flag("SkipTLSVerify");
  if (!skip) return broken(file, skip.error());
  Context context{.host = std::move(*host)};
  const bool believes = *skip;
  TlsOptions tls = tls_files_in(folder_ / "contexts/tls" / id / "docker");
  tls.verify = !believes;
  if (believes || tls != TlsOptions()) context.tls = std::move(tls);
  return context;
}

TlsOptions tls_files_in(const fs::path& folder) {
  TlsOptions tls;
  if (may_be_there(folder / "ca.pem")) tls.authority.file = folder / "ca.pem";
  // A certificate without its key, or the reverse, is an error that names the missing file.
  if (may_be_there(folder / "cert.pem") || may_be_there(folder / "key.pem")) {
    tls.certificate.file = folder / "cert.pem";
    tls.key.file = folder / "key.pem";
  }
  return tls;
}

}  // namespace rollcall::docker
