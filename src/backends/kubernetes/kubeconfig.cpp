#include "backends/kubernetes/kubeconfig.hpp"

#include <algorithm>
#include <iterator>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "backends/kubernetes/yaml_scalar.hpp"
#include "core/budgets.hpp"
#include "core/text/text.hpp"
#include "hostview/small_files.hpp"
#include "transport/base64.hpp"

namespace rollcall::kubernetes {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view exec_extension = "client.authentication.k8s.io/exec";
constexpr int max_depth = int{budget::kubeconfig_depth};
constexpr std::size_t max_nodes = budget::kubeconfig_nodes;
constexpr int max_merges = int{budget::kubeconfig_merges};

std::unexpected<RuntimeError> unusable(const fs::path& file, std::string what) {
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = file.string(),
               .what = std::move(what),
               .remedy = "mend the kubeconfig, or name another with --kubeconfig"});
}

/// The last field of that name. Merged maps (`<<`) count only for fields that the map itself lacks.
YAML::Node last_of(const YAML::Node& map, std::string_view key, int depth = 0) {
  YAML::Node found(YAML::NodeType::Undefined);
  YAML::Node merged(YAML::NodeType::Undefined);
  for (const auto& field : map) {
    if (!field.first.IsScalar()) continue;
    if (field.first.Scalar() == key) found.reset(field.second);
    if (field.first.Scalar() == "<<") merged.reset(field.second);
  }
  if (found.IsDefined() || !merged.IsDefined() || depth > max_merges) return found;
  if (merged.IsMap()) return last_of(merged, key, depth + 1);
  if (!merged.IsSequence()) return found;
  for (const auto& each : merged) {
    if (each.IsMap() && !found.IsDefined()) found.reset(last_of(each, key, max_merges + 1));
  }
  return found;
}

/// Reads the fields of one entry, and remembers the first malformed one.
class Fields {
 public:
  Fields(const YAML::Node& node, std::string entry, const fs::path& file)
      : node_(node), entry_(std::move(entry)), file_(file) {}

  [[nodiscard]] bool is_there() const { return node_.IsDefined() && !node_.IsNull(); }

  YAML::Node at(const char* key) {
    if (!is_there()) return YAML::Node(YAML::NodeType::Undefined);
    if (node_.IsMap()) return last_of(node_, key);
    complain("is no map");
    return YAML::Node(YAML::NodeType::Undefined);
  }

  std::string text(const char* key) { return text_of(at(key), key); }

  /// `key` names the field in the complaint.
  std::string text_of(const YAML::Node& value, std::string_view key) {
    if (!value.IsDefined() || value.IsNull()) return {};
    const ScalarKind kind = value.IsScalar() ? scalar_kind(value) : ScalarKind::text;
    if (value.IsScalar() && kind == ScalarKind::text) return value.Scalar();
    complain(kind == ScalarKind::text
                 ? fmt::format("has a {} that is no text", key)
                 : fmt::format("has a {} that is a {}: text stands in quotes", key,
                               kind == ScalarKind::truth ? "truth value" : "number"));
    return {};
  }

  bool flag(const char* key) {
    const YAML::Node value = at(key);
    if (!value.IsDefined() || value.IsNull()) return false;
    if (value.IsScalar() && scalar_kind(value) == ScalarKind::truth) {
      return truth_of(value.Scalar()).value_or(false);
    }
    complain(fmt::format("has {} that is neither true nor false, without quotes", key));
    return false;
  }

  /// A path, relative to the folder of the kubeconfig.
  std::string path(const char* key) {
    std::string written = text(key);
    if (written.empty()) return written;
    return (file_.parent_path() / written).lexically_normal().string();
  }

  /// A file, or its contents as base64 under another key; both at once are an error, as in kubectl.
  Pem pem(const char* key) {
    Pem pem{.file = path(key)};
    const std::string data = fmt::format("{}-data", key);
    const std::string letters = text(data.c_str());
    if (letters.empty()) return pem;
    if (!pem.file.empty()) complain(fmt::format("has both {} and {}", key, data));
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

  /// The strings of a list.
  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> all;
    for (const YAML::Node& item : list(key)) all.push_back(text_of(item, key));
    return all;
  }

  [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }

 private:
  YAML::Node node_;
  std::string entry_;
  const fs::path& file_;
  std::string complaint_;
};

/// Converts YAML to JSON; cuts off aliases that refer to themselves.
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
  const ScalarKind kind = scalar_kind(node);
  if (kind == ScalarKind::truth) return truth_of(text).value_or(false);
  std::int64_t number = 0;
  if (kind == ScalarKind::number && YAML::convert<std::int64_t>::decode(node, number)) {
    return number;
  }
  double fraction = 0;
  if (kind == ScalarKind::number && YAML::convert<double>::decode(node, fraction)) return fraction;
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

/// A command with a slash is relative to the folder of the kubeconfig; a bare name is found on
/// PATH.
std::string command_of(Fields& exec) {
  std::string command = exec.text("command");
  return command.contains('/') ? exec.path("command") : command;
}

ExecPlugin read_exec(Fields& exec, const fs::path& file, const std::string& entry) {
  ExecPlugin plugin{.command = command_of(exec),
                    .api_version = exec.text("apiVersion"),
                    .install_hint = exec.text("installHint"),
                    .wants_terminal = exec.text("interactiveMode") == "Always"};
  plugin.arguments = exec.texts("args");
  for (const YAML::Node& variable : exec.list("env")) {
    Fields pair(variable, entry, file);
    plugin.variables.emplace_back(pair.text("name"), pair.text("value"));
    exec.take_complaint_of(pair);
    if (plugin.variables.back().first.empty()) exec.complain("has a variable without a name");
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
  for (std::string& group : user.texts("as-groups")) {
    add("Impersonate-Group", std::move(group));
  }
  const YAML::Node extra = user.at("as-user-extra");
  if (!extra.IsDefined() || extra.IsNull()) return headers;
  if (!extra.IsMap()) user.complain("has an as-user-extra that is no map");
  if (!extra.IsMap()) return headers;
  for (const auto& field : extra) {
    if (!field.first.IsScalar() || !field.second.IsSequence()) {
      user.complain("has an as-user-extra that is no map of lists");
      continue;
    }
    const std::string key =
        boost::urls::encode(field.first.Scalar(), boost::urls::unreserved_chars);
    for (const auto& value : field.second) {
      add("Impersonate-Extra-" + key, user.text_of(value, "as-user-extra"));
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
                 .impersonation = read_impersonation(fields)};
  // Read both in any case, so that both are checked.
  const std::string username = fields.text("username");
  user.basic = !fields.text("password").empty() || !username.empty();
  Fields provider = fields.below("auth-provider");
  if (provider.is_there()) user.auth_provider = provider.text("name");
  fields.take_complaint_of(provider);
  Fields exec = fields.below("exec");
  if (exec.is_there()) {
    user.exec = read_exec(exec, file, entry);
    user.exec_mode = exec.text("interactiveMode");
    user.exec_wants_cluster = exec.flag("provideClusterInfo");
  }
  fields.take_complaint_of(exec);
  return user;
}

ContextEntry read_context(std::string name, const fs::path& file, Fields& fields) {
  return {.name = std::move(name),
          .file = file,
          .cluster = fields.text("cluster"),
          .user = fields.text("user"),
          .name_space = fields.text("namespace")};
}

/// Reads a list such as `clusters`: each entry has a name, and its data under `key`. An entry
/// without a readable name is skipped, as it cannot be chosen.
template <class Entry, class Read>
std::vector<Entry> read_entries(Fields& document, const char* list, const char* key,
                                const fs::path& file, Read read) {
  std::vector<Entry> all;
  for (const YAML::Node& node : document.list(list)) {
    Fields named(node, fmt::format("an entry of {}", list), file);
    std::string name = named.text("name");
    if (!named.complaint().empty()) continue;
    const std::string shown = fmt::format("the {} {}", key, excerpt(name));
    if (const auto at = std::ranges::find(all, name, &Entry::name); at != all.end()) {
      at->complaint = fmt::format("{} is written twice", shown);
      continue;
    }
    Fields fields(named.at(key), shown, file);
    all.push_back(read(std::move(name), file, fields));
    all.back().complaint = fields.complaint();
  }
  return all;
}

Result<Kubeconfig> read_document(const YAML::Node& yaml, const fs::path& file) {
  Kubeconfig config{.files = {file}};
  if (yaml.IsNull()) return config;
  Fields document(yaml, "the kubeconfig", file);
  config.current_context = document.text("current-context");
  config.clusters = read_entries<ClusterEntry>(document, "clusters", "cluster", file, read_cluster);
  config.users = read_entries<UserEntry>(document, "users", "user", file, read_user);
  config.contexts = read_entries<ContextEntry>(document, "contexts", "context", file, read_context);
  if (!document.complaint().empty()) return unusable(file, document.complaint());
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
    const auto text = read_file(file.string(), max_kubeconfig);
    if (!text && text.error().missing()) continue;
    if (!text) {
      return unusable(file, fmt::format("the kubeconfig cannot be read: {}", text.error().what));
    }
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
