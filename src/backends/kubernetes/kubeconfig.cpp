#include "backends/kubernetes/kubeconfig.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "core/text.hpp"
#include "transport/base64.hpp"
#include "transport/small_files.hpp"

namespace rollcall::kubernetes {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view exec_extension = "client.authentication.k8s.io/exec";
constexpr int max_depth = 32;
constexpr std::size_t max_nodes = 4096;

std::unexpected<RuntimeError> unusable(const fs::path& file, std::string what) {
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = file.string(),
               .what = std::move(what),
               .remedy = "mend the kubeconfig, or name another with --kubeconfig"});
}

/// Reads the fields of one entry; the first that has the wrong form is remembered.
class Fields {
 public:
  Fields(const YAML::Node& node, std::string entry, const fs::path& file)
      : node_(node), entry_(std::move(entry)), file_(file) {}

  [[nodiscard]] bool is_there() const { return node_.IsDefined() && !node_.IsNull(); }

  YAML::Node at(const char* key) {
    if (!is_there()) return YAML::Node(YAML::NodeType::Undefined);
    if (node_.IsMap()) return std::as_const(node_)[key];
    complain("is no map");
    return YAML::Node(YAML::NodeType::Undefined);
  }

  std::string text(const char* key) {
    const YAML::Node value = at(key);
    if (!value.IsDefined() || value.IsNull()) return {};
    if (value.IsScalar()) return value.Scalar();
    complain(fmt::format("has a {} that is no text", key));
    return {};
  }

  bool flag(const char* key) { return text(key) == "true"; }

  /// The file is relative to the folder of the kubeconfig.
  std::string path(const char* key) {
    std::string written = text(key);
    if (written.empty()) return written;
    return (file_.parent_path() / written).lexically_normal().string();
  }

  /// A file, or the text itself as base64 under another key.
  Pem pem(const char* key) {
    Pem pem{.file = path(key)};
    const std::string data = fmt::format("{}-data", key);
    const std::string letters = text(data.c_str());
    if (letters.empty()) return pem;
    auto bytes = from_base64(letters);
    if (!bytes) complain(fmt::format("has a {} that is not base64", data));
    pem.text = bytes.value_or(std::string());
    pem.file.clear();
    return pem;
  }

  std::vector<YAML::Node> list(const char* key) {
    const YAML::Node value = at(key);
    std::vector<YAML::Node> all;
    if (!value.IsDefined() || value.IsNull()) return all;
    if (!value.IsSequence()) complain(fmt::format("has {} that are no list", key));
    if (value.IsSequence()) std::ranges::copy(value, std::back_inserter(all));
    return all;
  }

  [[nodiscard]] Fields below(const char* key) { return {at(key), entry_, file_}; }

  void complain(std::string_view what) {
    if (complaint_.empty()) complaint_ = fmt::format("{} {}", entry_, what);
  }
  void take_complaint_of(const Fields& other) {
    if (complaint_.empty()) complaint_ = other.complaint_;
  }
  [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }

 private:
  YAML::Node node_;
  std::string entry_;
  const fs::path& file_;
  std::string complaint_;
};

/// YAML as JSON, of texts and truth values; an alias that repeats itself is cut off.
json::value to_json(const YAML::Node& node, int depth, std::size_t& nodes) {
  if (depth > max_depth || ++nodes > max_nodes) return nullptr;
  if (node.IsMap()) {
    json::object object;
    for (const auto& field : node) {
      if (field.first.IsScalar()) {
        object[field.first.Scalar()] = to_json(field.second, depth + 1, nodes);
      }
    }
    return object;
  }
  if (node.IsSequence()) {
    json::array array;
    for (const auto& item : node) array.push_back(to_json(item, depth + 1, nodes));
    return array;
  }
  if (!node.IsScalar()) return nullptr;
  const std::string& text = node.Scalar();
  constexpr std::string_view quoted = "!";
  if (node.Tag() == quoted) return json::string(text);
  if (text == "true" || text == "false") return text == "true";
  std::int64_t number = 0;
  if (YAML::convert<std::int64_t>::decode(node, number)) return number;
  return json::string(text);
}

std::string exec_config_of(Fields& cluster) {
  for (const YAML::Node& extension : cluster.list("extensions")) {
    if (!extension.IsMap()) continue;
    const YAML::Node name = extension["name"];
    if (!name.IsDefined() || !name.IsScalar() || name.Scalar() != exec_extension) continue;
    std::size_t nodes = 0;
    return json::serialize(to_json(extension["extension"], 0, nodes));
  }
  return {};
}

ClusterEntry read_cluster(std::string name, const fs::path& file, Fields& fields) {
  return {.name = std::move(name),
          .file = file,
          .server = fields.text("server"),
          .authority = fields.pem("certificate-authority"),
          .tls_server_name = fields.text("tls-server-name"),
          .insecure = fields.flag("insecure-skip-tls-verify"),
          .proxy_url = fields.text("proxy-url"),
          .exec_config = exec_config_of(fields)};
}

/// A program with a path is relative to the folder of the kubeconfig; a name is looked for on PATH.
std::string command_of(Fields& exec) {
  std::string command = exec.text("command");
  return command.contains('/') ? exec.path("command") : command;
}

ExecPlugin read_exec(Fields& exec, const fs::path& file, const std::string& entry) {
  ExecPlugin plugin{.command = command_of(exec),
                    .api_version = exec.text("apiVersion"),
                    .install_hint = exec.text("installHint"),
                    .wants_terminal = exec.text("interactiveMode") == "Always"};
  for (const YAML::Node& argument : exec.list("args")) {
    if (argument.IsScalar()) {
      plugin.arguments.push_back(argument.Scalar());
    } else {
      exec.complain("has args of exec that are no texts");
    }
  }
  for (const YAML::Node& variable : exec.list("env")) {
    Fields pair(variable, entry, file);
    plugin.variables.emplace_back(pair.text("name"), pair.text("value"));
    exec.take_complaint_of(pair);
  }
  if (plugin.command.empty()) exec.complain("has exec without a command");
  return plugin;
}

std::vector<HttpHeader> read_impersonation(Fields& user) {
  std::vector<HttpHeader> headers;
  const auto add = [&headers](std::string name, std::string value) {
    if (!value.empty()) headers.emplace_back(std::move(name), std::move(value));
  };
  add("Impersonate-User", user.text("as"));
  add("Impersonate-Uid", user.text("as-uid"));
  for (const YAML::Node& group : user.list("as-groups")) {
    if (group.IsScalar()) add("Impersonate-Group", group.Scalar());
  }
  const YAML::Node extra = user.at("as-user-extra");
  if (!extra.IsDefined() || !extra.IsMap()) return headers;
  for (const auto& field : extra) {
    if (!field.first.IsScalar() || !field.second.IsSequence()) continue;
    const std::string key =
        boost::urls::encode(field.first.Scalar(), boost::urls::unreserved_chars);
    for (const auto& value : field.second) {
      if (value.IsScalar()) add("Impersonate-Extra-" + key, value.Scalar());
    }
  }
  return headers;
}

UserEntry read_user(std::string name, const fs::path& file, Fields& fields) {
  const std::string entry = fmt::format("the user {}", excerpt(name));
  UserEntry user{.name = std::move(name),
                 .file = file,
                 .certificate = fields.pem("client-certificate"),
                 .key = fields.pem("client-key"),
                 .token = fields.text("token"),
                 .token_file = fields.path("tokenFile"),
                 .username = fields.text("username"),
                 .auth_provider = fields.below("auth-provider").text("name"),
                 .impersonation = read_impersonation(fields)};
  Fields exec = fields.below("exec");
  if (exec.is_there()) {
    user.exec = read_exec(exec, file, entry);
    user.exec_wants_cluster = exec.flag("provideClusterInfo");
    fields.take_complaint_of(exec);
  }
  return user;
}

ContextEntry read_context(std::string name, const fs::path& file, Fields& fields) {
  return {.name = std::move(name),
          .file = file,
          .cluster = fields.text("cluster"),
          .user = fields.text("user"),
          .name_space = fields.text("namespace")};
}

/// The entries of a list such as `clusters`: each has a name, and what it is under `key`.
template <class Entry, class Read>
Result<std::vector<Entry>> read_entries(Fields& document, const char* list, const char* key,
                                        const fs::path& file, Read read) {
  std::vector<Entry> all;
  for (const YAML::Node& node : document.list(list)) {
    Fields named(node, fmt::format("an entry of {}", list), file);
    std::string name = named.text("name");
    if (!named.complaint().empty()) return unusable(file, named.complaint());
    const std::string shown = fmt::format("the {} {}", key, excerpt(name));
    if (std::ranges::find(all, name, &Entry::name) != all.end()) {
      return unusable(file, fmt::format("{} is written twice", shown));
    }
    Fields fields(named.at(key), shown, file);
    all.push_back(read(std::move(name), file, fields));
    if (!fields.complaint().empty()) return unusable(file, fields.complaint());
  }
  if (!document.complaint().empty()) return unusable(file, document.complaint());
  return all;
}

Result<Kubeconfig> read_document(const YAML::Node& yaml, const fs::path& file) {
  Kubeconfig config{.files = {file}};
  if (yaml.IsNull()) return config;
  Fields document(yaml, "the kubeconfig", file);
  config.current_context = document.text("current-context");
  auto clusters = read_entries<ClusterEntry>(document, "clusters", "cluster", file, read_cluster);
  if (!clusters) return fail(std::move(clusters.error()));
  auto users = read_entries<UserEntry>(document, "users", "user", file, read_user);
  if (!users) return fail(std::move(users.error()));
  auto contexts = read_entries<ContextEntry>(document, "contexts", "context", file, read_context);
  if (!contexts) return fail(std::move(contexts.error()));
  config.clusters = std::move(*clusters);
  config.users = std::move(*users);
  config.contexts = std::move(*contexts);
  return config;
}

template <class Entry>
void add_new(std::vector<Entry>& into, std::vector<Entry>&& others) {
  for (Entry& entry : others) {
    if (std::ranges::find(into, entry.name, &Entry::name) == into.end()) {
      into.push_back(std::move(entry));
    }
  }
}

}  // namespace

void Kubeconfig::add(Kubeconfig other) {
  std::ranges::move(other.files, std::back_inserter(files));
  if (current_context.empty()) current_context = std::move(other.current_context);
  add_new(clusters, std::move(other.clusters));
  add_new(users, std::move(other.users));
  add_new(contexts, std::move(other.contexts));
}

Result<Kubeconfig> read_kubeconfig(std::string_view yaml, const fs::path& file) {
  try {
    return read_document(YAML::Load(std::string(yaml)), file);
  } catch (const YAML::Exception& error) {
    return unusable(file, fmt::format("the kubeconfig is no YAML: line {}: {}", error.mark.line + 1,
                                      excerpt(error.msg)));
  }
}

Result<std::optional<Kubeconfig>> load_kubeconfig(const std::vector<fs::path>& files) {
  std::optional<Kubeconfig> all;
  for (const fs::path& file : files) {
    errno = 0;
    const auto text = read_small_file(file.string(), max_kubeconfig);
    const int error = errno;
    if (!text && (error == ENOENT || error == ENOTDIR)) continue;
    if (!text) {
      return unusable(file, fmt::format("the kubeconfig cannot be read: {}",
                                        std::generic_category().message(error)));
    }
    if (text->size() >= max_kubeconfig) return unusable(file, "the kubeconfig is too large");
    auto config = read_kubeconfig(*text, file);
    if (!config) return fail(std::move(config.error()));
    if (all) {
      all->add(std::move(*config));
    } else {
      all = std::move(*config);
    }
  }
  return all;
}

}  // namespace rollcall::kubernetes
