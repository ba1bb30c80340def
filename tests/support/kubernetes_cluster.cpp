#include "support/kubernetes_cluster.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <stdexcept>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "support/engine_tools.hpp"
#include "transport/base64.hpp"

namespace rollcall::support {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::uint16_t api_port = 6443;
constexpr std::uint16_t etcd_port = 2379;
constexpr std::size_t connections = 4;
constexpr const char* rbac = "/apis/rbac.authorization.k8s.io/v1";

std::string apiserver() {
  const char* named = std::getenv("ROLLCALL_KUBE_APISERVER");
  const char* cache = std::getenv("ROLLCALL_KUBE_CACHE");
  std::string path =
      named != nullptr && *named != '\0'
          ? std::string(named)
          : std::string(cache != nullptr && *cache != '\0' ? cache
                                                           : "/var/cache/rollcall/kube-apiserver") +
                "/kube-apiserver";
  if (fs::exists(path)) return path;
  throw std::runtime_error(path +
                           " is not there, and this test drives a real API server; "
                           "scripts/kube-apiserver builds it, once");
}

std::vector<std::string> etcd_command() {
  const std::string client = KubernetesCluster::endpoint_of_etcd();
  const std::string peer = "http://127.0.0.1:2380";
  return {"etcd",
          "--data-dir=/run/etcd",
          "--listen-client-urls=" + client,
          "--advertise-client-urls=" + client,
          "--listen-peer-urls=" + peer,
          "--initial-advertise-peer-urls=" + peer,
          "--initial-cluster=default=" + peer,
          "--log-level=error"};
}

std::string subject_of(const std::string& user) {
  return user.contains(':') ? "system:serviceaccount:" + user : user;
}

}  // namespace

KubernetesCluster::KubernetesCluster() {
  require_program("etcd", "etcd-server");
  prepare();
  start_etcd();
  start();
}

void KubernetesCluster::prepare() {
  const Identity server = issue(authority_, {.name = "kube-apiserver"});
  write("ca.crt", authority_.certificate);
  write("server.crt", server.certificate);
  write("server.key", server.key);
  const Identity accounts = self_signed({.name = "service-accounts"});
  write("accounts.crt", accounts.certificate);
  write("accounts.key", accounts.key);
  write("tokens.csv", R"(admin-token,admin,1,"system:masters"
viewer-token,viewer,2
tenant-token,tenant,3
nobody-token,nobody,4
)");
}

std::string KubernetesCluster::write(const std::string& name, const std::string& text) const {
  std::string path = sandbox_.folder() + "/" + name;
  std::ofstream(path + ".new", std::ios::binary) << text;
  fs::rename(path + ".new", path);
  return path;
}

void KubernetesCluster::start_etcd() {
  etcd_.emplace(sandbox_.spawn(etcd_command(), {.in = -1, .out = log_.fd(), .err = log_.fd()}));
  const bool up = eventually(20s, [&] {
    try {
      ask_etcd("/v3/kv/range", {{"key", to_base64("x")}});
      return true;
    } catch (const std::exception&) {
      return false;
    }
  });
  if (!up) throw std::runtime_error("etcd does not answer. It said:\n" + log());
}

void KubernetesCluster::start(bool watch_cache) {
  const std::string& at = sandbox_.folder();
  server_.emplace(sandbox_.spawn(
      {apiserver(), "--etcd-servers=" + endpoint_of_etcd(), "--bind-address=127.0.0.1",
       "--advertise-address=127.0.0.1", fmt::format("--secure-port={}", api_port),
       "--insecure-port=0", "--endpoint-reconciler-type=none", "--anonymous-auth=false",
       "--token-auth-file=" + at + "/tokens.csv", "--client-ca-file=" + at + "/ca.crt",
       "--tls-cert-file=" + at + "/server.crt", "--tls-private-key-file=" + at + "/server.key",
       "--service-account-issuer=https://kubernetes.default.svc",
       "--service-account-key-file=" + at + "/accounts.crt",
       "--service-account-signing-key-file=" + at + "/accounts.key", "--authorization-mode=RBAC",
       "--service-cluster-ip-range=10.96.0.0/12", "--cert-dir=/run/certificates",
       // Without a controller, no namespace has a service account for its pods.
       "--disable-admission-plugins=ServiceAccount", "--request-timeout=10s",
       "--delete-collection-workers=4", fmt::format("--watch-cache={}", watch_cache)},
      {.in = -1, .out = log_.fd(), .err = log_.fd()}));
  if (!eventually(60s, [&] { return answers(); })) {
    throw std::runtime_error("the API server does not answer. It said:\n" + log());
  }
  api_.emplace(api_of("admin-token"));
}

bool KubernetesCluster::answers() const {
  try {
    KubernetesApi api = api_of("admin-token");
    return api.call("GET", "/readyz", {}, "text/plain", 2s).status == 200 &&
           api.call("GET", "/api/v1/namespaces/default").status == 200;
  } catch (const std::exception&) {
    return false;
  }
}

void KubernetesCluster::kill9() {
  if (ends(0s)) return;
  server_->signal(SIGKILL);
  if (!server_->wait(10s)) throw std::runtime_error("the API server does not end");
}

void KubernetesCluster::terminate() {
  server_->signal(SIGTERM);
}

bool KubernetesCluster::ends(std::chrono::seconds deadline) {
  return server_->wait(deadline).has_value();
}

void KubernetesCluster::freeze() {
  server_->freeze();
}
void KubernetesCluster::thaw() {
  server_->signal(SIGCONT);
}

void KubernetesCluster::kill_etcd9() {
  etcd_->signal(SIGKILL);
  if (!etcd_->wait(10s)) throw std::runtime_error("etcd does not end");
}

void KubernetesCluster::freeze_etcd() {
  etcd_->freeze();
}
void KubernetesCluster::thaw_etcd() {
  etcd_->signal(SIGCONT);
}

json::value KubernetesCluster::ask_etcd(std::string_view target, const json::value& body) const {
  KubernetesApi etcd({.connect = [this] { return connect(etcd_port); }});
  return etcd.post(target, body);
}

void KubernetesCluster::compact() {
  const json::value now = ask_etcd("/v3/kv/range", {{"key", to_base64("x")}});
  ask_etcd("/v3/kv/compaction",
           {{"revision", now.at("header").at("revision")}, {"physical", true}});
}

void KubernetesCluster::remove_behind_its_back(const Pod& pod) {
  const json::value answer =
      ask_etcd("/v3/kv/deleterange",
               {{"key", to_base64(fmt::format("/registry/pods/{}/{}", pod.group, pod.name))}});
  if (json::value_to<std::string>(answer.at("deleted")) != "1") {
    throw std::runtime_error("etcd knows no pod " + pod.name);
  }
}

Fd KubernetesCluster::connect(std::uint16_t port) const {
  // A socket stays in the network namespace in which it was made.
  Fd socket = std::async(std::launch::async, [this] {
                sandbox_.join_network();
                return Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
              }).get();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error(fmt::format("nobody listens on port {}", port));
  }
  const int at_once = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  return socket;
}

KubernetesApi KubernetesCluster::api_of(const std::string& token) const {
  return KubernetesApi({.connect = [this] { return connect(api_port); },
                        .authority = authority_.certificate,
                        .token = token});
}

void KubernetesCluster::at_once(std::size_t count,
                                const std::function<void(KubernetesApi&, std::size_t)>& act) const {
  std::vector<std::future<void>> lanes;
  for (std::size_t lane = 0; lane < connections; ++lane) {
    lanes.push_back(std::async(std::launch::async, [this, lane, count, &act] {
      KubernetesApi api = api_of("admin-token");
      for (std::size_t number = lane; number < count; number += connections) act(api, number);
    }));
  }
  for (auto& lane : lanes) lane.get();
}

std::string KubernetesCluster::kubeconfig(const std::string& name, const std::string& user,
                                          const std::string& group) const {
  return write(name + ".yaml", fmt::format(R"(apiVersion: v1
kind: Config
current-context: test
contexts:
- name: test
  context:
    cluster: test
    namespace: {}
    user: {}
clusters:
- name: test
  cluster:
    certificate-authority: ca.crt
    server: {}
users:
- name: {}
  user:
    {}
)",
                                           group, name, endpoint(), name, user));
}

Process KubernetesCluster::proxy(const std::string& user, const std::string& socket) const {
  Process kubectl = sandbox_.spawn(
      {"kubectl", "--kubeconfig", kubeconfig_of(user), "proxy", "--unix-socket", socket});
  if (!eventually(20s, [&socket] { return std::filesystem::exists(socket); })) {
    throw std::runtime_error("kubectl proxy does not listen");
  }
  return kubectl;
}

void KubernetesCluster::allow(const std::string& user, const std::vector<KubernetesRule>& rules,
                              const std::string& group) {
  json::array written;
  for (const KubernetesRule& rule : rules) {
    json::array verbs;
    for (std::size_t at = 0; at < rule.verbs.size();) {
      const std::size_t end = std::min(rule.verbs.find(' ', at), rule.verbs.size());
      verbs.push_back(json::string(rule.verbs.substr(at, end - at)));
      at = end + 1;
    }
    written.push_back({{"apiGroups", {rule.api_group}},
                       {"resources", {rule.resources}},
                       {"verbs", std::move(verbs)}});
  }
  const bool all = group.empty();
  const auto base = all ? std::string(rbac) : fmt::format("{}/namespaces/{}", rbac, group);
  api().post(base + (all ? "/clusterroles" : "/roles"),
             {{"metadata", {{"name", user}}}, {"rules", std::move(written)}});
  api().post(base + (all ? "/clusterrolebindings" : "/rolebindings"),
             {{"metadata", {{"name", user}}},
              {"roleRef",
               {{"apiGroup", "rbac.authorization.k8s.io"},
                {"kind", all ? "ClusterRole" : "Role"},
                {"name", user}}},
              {"subjects",
               {{{"apiGroup", "rbac.authorization.k8s.io"},
                 {"kind", "User"},
                 {"name", subject_of(user)}}}}});
  for (const KubernetesRule& rule : rules) wait_until_allowed(user, rule, group);
}

/// The authorizer reads the rules by its own watches, so they take effect a little later.
void KubernetesCluster::wait_until_allowed(const std::string& user, const KubernetesRule& rule,
                                           const std::string& group) {
  const json::object review{{"spec",
                             {{"user", subject_of(user)},
                              {"resourceAttributes",
                               {{"verb", rule.verbs.substr(0, rule.verbs.find(' '))},
                                {"group", rule.api_group},
                                {"resource", rule.resources},
                                {"namespace", group}}}}}};
  const bool allowed = eventually(30s, [&] {
    const json::value answer =
        api().post("/apis/authorization.k8s.io/v1/subjectaccessreviews", review);
    return answer.at("status").at("allowed").as_bool();
  });
  if (!allowed) throw std::runtime_error("the server never allows " + user + " " + rule.resources);
}

std::string KubernetesCluster::account_token(const std::string& group, const std::string& account) {
  const auto base = fmt::format("/api/v1/namespaces/{}/serviceaccounts", group);
  if (api().call("GET", base + "/" + account).status == 404) {
    api().post(base, {{"metadata", {{"name", account}}}});
  }
  const json::value made =
      api().post(fmt::format("{}/{}/token", base, account),
                 {{"kind", "TokenRequest"}, {"apiVersion", "authentication.k8s.io/v1"}});
  return json::value_to<std::string>(made.at("status").at("token"));
}

void KubernetesCluster::remove_account(const std::string& group, const std::string& account) {
  api().remove(fmt::format("/api/v1/namespaces/{}/serviceaccounts/{}", group, account));
}

void KubernetesCluster::forbid(const std::string& user, const std::string& group) {
  const bool all = group.empty();
  const auto base = all ? std::string(rbac) : fmt::format("{}/namespaces/{}", rbac, group);
  api().remove(base + (all ? "/clusterrolebindings/" : "/rolebindings/") + user);
  api().remove(base + (all ? "/clusterroles/" : "/roles/") + user);
}

std::vector<KubernetesRule> reading_rules() {
  return {{.resources = "pods"},
          {.resources = "services"},
          {.resources = "endpoints"},
          {.resources = "endpointslices", .api_group = "discovery.k8s.io"}};
}

}  // namespace rollcall::support
