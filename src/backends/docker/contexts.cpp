#include "backends/docker/contexts.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "core/text.hpp"
#include "transport/digest.hpp"

namespace rollcall::docker {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::streamsize max_file = std::streamsize{4} << 20U;

std::unexpected<RuntimeError> unusable(const fs::path& file, std::string what, std::string remedy) {
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = file.string(),
               .what = std::move(what),
               .remedy = std::move(remedy)});
}

/// The start of the file; nothing, if it is not there.
Result<std::optional<std::string>> read_text(const fs::path& file) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR) return std::nullopt;
    return unusable(file,
                    fmt::format("this file of Docker's configuration cannot be read: {}",
                                std::generic_category().message(error)),
                    "let this user read it, or name another folder with DOCKER_CONFIG");
  }
  std::string text(static_cast<std::size_t>(max_file), '\0');
  stream.read(text.data(), max_file);
  if (stream.bad()) {
    return unusable(file, "this file of Docker's configuration cannot be read",
                    "let it be a readable file, or name another folder with DOCKER_CONFIG");
  }
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  return text;
}

Result<json::value> parsed(const std::string& text, const fs::path& file) {
  boost::system::error_code ec;
  json::value value = json::parse(text, ec);
  if (ec || !value.is_object()) {
    return unusable(file, "this file of Docker's configuration is broken: it is no JSON object",
                    "mend it, or name the engine with DOCKER_HOST or --endpoint");
  }
  return value;
}

const json::value* member(const json::value* object, std::string_view key) {
  const auto* fields = object == nullptr ? nullptr : object->if_object();
  return fields == nullptr ? nullptr : fields->if_contains(key);
}

std::string text_of(const json::value* value) {
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

bool may_be_there(const fs::path& file) {
  std::error_code ec;
  return fs::exists(file, ec) || ec;
}

}  // namespace

Result<std::string> Configuration::current_context() const {
  const fs::path file = config_file();
  const auto text = read_text(file);
  if (!text) return fail(text.error());
  // One that is empty says nothing, as for the docker command.
  if (!*text || (*text)->find_first_not_of(" \t\r\n") == std::string::npos) return std::string();
  const auto config = parsed(**text, file);
  if (!config) return fail(config.error());
  return text_of(member(&*config, "currentContext"));
}

Result<Configuration::Context> Configuration::context(std::string_view name) const {
  // Names may hold what file names may not.
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
  const json::value* docker = member(member(&*meta, "Endpoints"), "docker");
  if (docker == nullptr) {
    return unusable(file, fmt::format("the context '{}' leads to no Docker engine", excerpt(name)),
                    "choose another: `docker context ls` shows them");
  }
  Context context{.host = text_of(member(docker, "Host"))};
  const json::value* skip = member(docker, "SkipTLSVerify");
  const bool believes = skip != nullptr && skip->is_bool() && skip->get_bool();
  TlsOptions tls = tls_files_in(folder_ / "contexts/tls" / id / "docker");
  tls.verify = !believes;
  if (believes || tls != TlsOptions()) context.tls = std::move(tls);
  return context;
}

TlsOptions tls_files_in(const fs::path& folder) {
  TlsOptions tls;
  if (may_be_there(folder / "ca.pem")) tls.authority.file = folder / "ca.pem";
  // One without the other is an error that names the one which is missing.
  if (may_be_there(folder / "cert.pem") || may_be_there(folder / "key.pem")) {
    tls.certificate.file = folder / "cert.pem";
    tls.key.file = folder / "key.pem";
  }
  return tls;
}

}  // namespace rollcall::docker
