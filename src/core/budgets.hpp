// Bounds for all whose amount outsiders choose: clients, engines, labels, files, log readers.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace rollcall::budget {

inline constexpr std::size_t kib = std::size_t{1} << 10U;
inline constexpr std::size_t mib = std::size_t{1} << 20U;

// ---- the labels of one instance

inline constexpr std::size_t label_family_bytes = 256 * kib;
inline constexpr std::size_t label_key_bytes = 1024;
inline constexpr std::size_t label_ports = 256;
inline constexpr std::size_t label_routes = 256;
inline constexpr std::size_t label_route_bytes = mib;
inline constexpr std::size_t label_txt = 256;
inline constexpr std::size_t label_problems = 256;
inline constexpr std::size_t label_overridden = 1024;
inline constexpr std::size_t route_hosts = 256;
inline constexpr std::size_t rule_bytes = 16 * kib;
inline constexpr std::size_t rule_depth = 64;
inline constexpr std::size_t rule_ways = 128;
inline constexpr std::size_t rule_work = std::size_t{1} << 18U;
inline constexpr std::size_t directive_words = 256;
inline constexpr std::size_t directive_imports = 4096;
inline constexpr std::size_t directive_depth = 32;
inline constexpr std::size_t tags = 64;

// ---- one instance, whatever its runtime

inline constexpr std::size_t instance_text_bytes = kib;
inline constexpr std::size_t instance_labels = 4096;
inline constexpr std::size_t instance_label_bytes = 256 * kib;
inline constexpr std::size_t instance_ports = 65'536;
inline constexpr std::size_t instance_addresses = 1024;
inline constexpr std::size_t instance_problems = 320;
inline constexpr std::size_t instance_command_bytes = 64 * kib;
inline constexpr std::size_t explained_services = 1024;

// ---- connections and requests of the daemon

inline constexpr std::size_t head_bytes = 16 * kib;
inline constexpr std::size_t body_bytes = 4 * kib;
inline constexpr std::size_t connections = 2048;
inline constexpr std::size_t connections_of_peer = 64;
inline constexpr std::size_t requests_in_flight = 256;
inline constexpr std::size_t subscribers = 1024;
inline constexpr std::size_t batch_entries = 64;
inline constexpr std::size_t handshakes = 256;
inline constexpr std::size_t parting_connections = 64;
inline constexpr std::size_t ignored_bytes = 64 * kib;

// ---- what clients ask for

inline constexpr std::size_t query_parameters = 64;
inline constexpr std::size_t filter_words = 32;
inline constexpr std::size_t filter_pattern_bytes = 512;
inline constexpr std::size_t selector_requirements = 32;
inline constexpr std::size_t selector_values = 1024;

// ---- answers of the daemon

inline constexpr std::size_t answer_bytes = 64 * mib;
inline constexpr std::size_t short_answer_bytes = 64 * kib;
inline constexpr std::size_t recent_answers = 8;
inline constexpr std::size_t recent_answer_bytes = mib;
inline constexpr std::size_t gzip_bytes = 16 * mib;
inline constexpr std::size_t targets_bytes = 64 * mib;
inline constexpr std::size_t targets_bytes_of_instance = 8 * kib;
inline constexpr std::size_t change_batch_bytes = 64 * kib;
inline constexpr std::size_t change_log_entries = 16'384;
inline constexpr std::size_t change_log_bytes = 16 * mib;
inline constexpr std::size_t change_texts_bytes = 4 * mib;

// ---- answers of engines

inline constexpr std::size_t engine_instances = 500'000;
inline constexpr std::size_t engine_instance_bytes = 512 * mib;
inline constexpr std::size_t list_answer_bytes = 4096 * mib;
inline constexpr std::size_t signalled_bytes = 64 * mib;
inline constexpr std::size_t held_change_bytes = 64 * mib;
inline constexpr std::size_t split_requests = 256;
inline constexpr std::chrono::seconds list_limit{600};
inline constexpr std::chrono::seconds connect_limit{300};
inline constexpr std::size_t engine_head_bytes = 64 * kib;
inline constexpr std::size_t framing_bytes = 64 * kib;
inline constexpr std::size_t gap_bytes = mib;
inline constexpr std::size_t proxy_head_bytes = 16 * kib;
inline constexpr std::size_t engine_item_bytes = 16 * mib;
inline constexpr std::size_t json_depth = 1024;
inline constexpr std::size_t small_answer_bytes = mib;
inline constexpr std::size_t gunzip_ratio = 400;
inline constexpr std::size_t base64_bytes = 64 * mib;
inline constexpr std::size_t device_ranges = 4096;
inline constexpr std::size_t waiting_changes = 4096;
inline constexpr std::size_t waiting_change_bytes = 64 * mib;
inline constexpr std::size_t list_rest_bytes = 64 * kib;
inline constexpr std::size_t continue_token_bytes = 16 * kib;
inline constexpr std::size_t unit_name_bytes = 256;
inline constexpr std::size_t dbus_value_bytes = 256 * kib;
inline constexpr std::size_t host_sockets = std::size_t{1} << 18U;
inline constexpr std::size_t host_processes = std::size_t{1} << 18U;
inline constexpr std::size_t process_descriptors = std::size_t{1} << 16U;
inline constexpr std::size_t host_descriptors = std::size_t{1} << 20U;

// ---- files and processes

inline constexpr std::size_t config_file = 128 * kib;
inline constexpr std::size_t config_errors = 20;
inline constexpr std::size_t token_file = 4 * kib;
inline constexpr std::size_t tls_file = 4 * mib;
inline constexpr std::size_t tls_authorities_bytes = 16 * mib;
inline constexpr std::size_t log_line = 4 * kib;
inline constexpr std::size_t log_kept = 256 * kib;
inline constexpr std::size_t file_bytes = mib;
inline constexpr std::size_t kubeconfig_bytes = 4 * mib;
inline constexpr std::size_t kubeconfig_nodes = 4096;
inline constexpr std::size_t kubeconfig_depth = 32;
inline constexpr std::size_t kubeconfig_merges = 4;
inline constexpr std::size_t context_bytes = 4 * mib;
inline constexpr std::size_t podman_conf_files = 256;
inline constexpr std::size_t namespace_bytes = 256;
inline constexpr std::size_t plugin_output_bytes = mib;
inline constexpr std::size_t process_arguments_bytes = 16 * kib;
inline constexpr std::size_t process_status_bytes = 16 * kib;
inline constexpr std::size_t process_cgroups_bytes = 64 * kib;
inline constexpr std::size_t passwd_bytes = 4 * mib;
inline constexpr std::size_t cgroup_members_bytes = 8 * mib;
inline constexpr std::size_t cgroups = 100'000;
inline constexpr std::size_t mountinfo_bytes = 16 * mib;

// ---- commands that ask a daemon

inline constexpr std::size_t daemon_answer_bytes = 512 * mib;
inline constexpr std::size_t daemon_problem_bytes = 64 * kib;

/// One budget: who chooses the amount, and what happens to what exceeds it.
struct Row {
  std::string_view name;  ///< The name of its constant.
  std::size_t bound;
  std::string_view unit;
  std::string_view chosen_by;
  std::string_view beyond;
  std::string_view key{};  ///< The key of the daemon's configuration that sets it; empty: none.
};

/// All of them. docs/budgets.md has the same rows; a test compares the two.
inline constexpr std::array rows{
    Row{"label_family_bytes", label_family_bytes, "bytes of the labels of one tool", "labels",
        "the further ones are not read, and the instance has a problem that says so"},
    Row{"label_key_bytes", label_key_bytes, "bytes of a key that is read", "labels",
        "the label is not read, and the instance has a problem that says so"},
    Row{"label_ports", label_ports, "ports of an instance that labels describe", "labels",
        "the further ones are left out, and the instance has a problem that says so"},
    Row{"label_routes", label_routes, "routes of an instance", "labels",
        "the further ones are left out, and the instance has a problem that says so"},
    Row{"label_route_bytes", label_route_bytes, "bytes of an instance's routes", "labels",
        "the further ones are left out, and the instance has a problem that says so"},
    Row{"label_txt", label_txt, "TXT entries of an instance", "labels",
        "the further ones are left out, and the instance has a problem that says so"},
    Row{"label_problems", label_problems, "problems of an instance's labels", "labels",
        "one problem says that there are more"},
    Row{"label_overridden", label_overridden, "values that do not count", "labels",
        "an explanation says that there are more"},
    Row{"route_hosts", route_hosts, "hosts, and paths, of a route", "labels",
        "the route is refused, and the instance has a problem that says so"},
    Row{"rule_bytes", rule_bytes, "bytes of a router's rule", "labels",
        "the rule is refused, and the instance has a problem that says so"},
    Row{"rule_depth", rule_depth, "parentheses and negations of a rule within each other", "labels",
        "the rule is refused, and the instance has a problem that says so"},
    Row{"rule_ways", rule_ways, "ways in which a rule can match", "labels",
        "the rule is refused, and the instance has a problem that says so"},
    Row{"rule_work", rule_work, "comparisons to find the ways of a rule", "labels",
        "the rule is refused, and the instance has a problem that says so"},
    Row{"directive_words", directive_words, "words of a directive", "labels",
        "the directive is refused, and the instance has a problem that says so"},
    Row{"directive_imports", directive_imports, "directives of snippets that an instance imports",
        "labels", "the snippet and the further ones are left out, and a problem says so"},
    Row{"directive_depth", directive_depth, "directives within each other", "labels",
        "what lies deeper narrows the route"},
    Row{"tags", tags, "tags of an instance, or of a port", "labels",
        "they are refused, and the instance has a problem that says so"},
    Row{"instance_text_bytes", instance_text_bytes,
        "bytes of a name, an image, a reason, a problem", "engines, labels",
        "it is cut, and ends in an ellipsis"},
    Row{"instance_labels", instance_labels, "labels of an instance", "labels",
        "the further ones are left out, and the instance has a problem that says so"},
    Row{"instance_label_bytes", instance_label_bytes, "bytes of an instance's labels", "labels",
        "the further ones are left out, and the instance has a problem that says so"},
    Row{"instance_ports", instance_ports, "ports of an instance, on each address once", "engines",
        "the further ones are left out, and the instance has a problem that says so"},
    Row{"instance_addresses", instance_addresses, "addresses of an instance", "engines",
        "the further ones are left out, and the instance has a problem that says so"},
    Row{"instance_problems", instance_problems, "problems of an instance", "engines, labels",
        "one problem says that there are more"},
    Row{"instance_command_bytes", instance_command_bytes, "bytes of a command line", "processes",
        "the further words are left out"},
    Row{"explained_services", explained_services, "services of an explanation", "engines, labels",
        "the first and the primary one are shown, and the number of those left out"},
    Row{"head_bytes", head_bytes, "bytes of the head of a request", "clients", "431",
        "limits.head_bytes"},
    Row{"body_bytes", body_bytes, "bytes of its body, which is thrown away", "clients", "413",
        "limits.body_bytes"},
    Row{"connections", connections,
        "connections at once, of trusted clients and of all others each", "clients",
        "the untrusted client that has waited longest is disconnected, else 503",
        "limits.connections"},
    Row{"connections_of_peer", connections_of_peer,
        "connections at once of one address, or /64, of another host", "clients", "the same",
        "limits.connections_of_peer"},
    Row{"requests_in_flight", requests_in_flight,
        "requests being answered, of trusted clients and of all others each", "clients", "503",
        "limits.requests_in_flight"},
    Row{"subscribers", subscribers, "subscribers, of trusted clients and of all others each",
        "clients", "503", "limits.subscribers"},
    Row{"batch_entries", batch_entries, "changes that are written to a subscriber at once",
        "clients", "the next batch", "limits.batch_entries"},
    Row{"handshakes", handshakes, "handshakes of TLS at once", "clients without a token",
        "the one that has taken longest is closed"},
    Row{"parting_connections", parting_connections,
        "refused connections at once that get an answer, and are read until they end or their time "
        "is over",
        "clients without a token", "they are closed without waiting for what they still send"},
    Row{"ignored_bytes", ignored_bytes, "bytes that a refused client or a subscriber still sends",
        "clients", "the connection is closed"},
    Row{"query_parameters", query_parameters, "parameters of a query", "clients", "400"},
    Row{"filter_words", filter_words, "filters of a request or command, each counted once",
        "clients", "400, or an error of the command"},
    Row{"filter_pattern_bytes", filter_pattern_bytes, "bytes of all patterns of its filters",
        "clients", "400, or an error of the command"},
    Row{"selector_requirements", selector_requirements,
        "requirements of all label selectors, each counted once", "clients",
        "400, or an error of the command"},
    Row{"selector_values", selector_values, "values of all label selectors", "clients",
        "400, or an error of the command"},
    Row{"answer_bytes", answer_bytes,
        "bytes of different answers that are being written, besides the list of all", "clients",
        "the slow ones are given up, then 503 with Retry-After; one alone always passes"},
    Row{"short_answer_bytes", short_answer_bytes, "bytes of an answer that is not counted",
        "clients", "it is counted among `answer_bytes`"},
    Row{"recent_answers", recent_answers, "answers that are remembered for others", "clients",
        "the oldest is forgotten"},
    Row{"recent_answer_bytes", recent_answer_bytes, "bytes of each of them", "clients",
        "it is remembered only while it is being read"},
    Row{"gzip_bytes", gzip_bytes, "bytes of an answer that is compressed, besides the list of all",
        "clients", "it is sent as it is"},
    Row{"targets_bytes", targets_bytes, "bytes of the targets for Prometheus", "labels times ports",
        "ports of the instances that take most are left out, the primary ones last; "
        "`rollcall_targets_left_out` tells how many"},
    Row{"targets_bytes_of_instance", targets_bytes_of_instance, "bytes more for each instance",
        "engines", "the same"},
    Row{"change_batch_bytes", change_batch_bytes,
        "bytes of changes that are written to a subscriber at once", "engines, labels",
        "the next batch; a longer change alone is counted among `answer_bytes`"},
    Row{"change_log_entries", change_log_entries, "changes that are kept for consumers that resume",
        "engines",
        "the oldest are dropped; a consumer that needs one gets an error, and lists again",
        "change_log.entries"},
    Row{"change_log_bytes", change_log_bytes, "bytes of them", "engines, labels", "the same",
        "change_log.bytes"},
    Row{"change_texts_bytes", change_texts_bytes,
        "bytes of changes whose text is kept for all subscribers", "engines, labels",
        "the oldest is made anew if it is needed"},
    Row{"engine_instances", engine_instances, "instances of an engine, or items of one list",
        "engines", "a protocol error; the session is dropped"},
    Row{"engine_instance_bytes", engine_instance_bytes, "bytes of what one list has brought",
        "engines, labels", "a protocol error; the session is dropped"},
    Row{"list_answer_bytes", list_answer_bytes,
        "bytes of one answer to a list, inflated, however little is kept of it", "engines",
        "a protocol error; the session is dropped"},
    Row{"signalled_bytes", signalled_bytes,
        "bytes of instances that were signalled and wait to be read", "engines",
        "a protocol error; the session is dropped"},
    Row{"held_change_bytes", held_change_bytes,
        "bytes of changes that wait until a list has been reported", "engines",
        "they are dropped, and the list is made anew"},
    Row{"split_requests", split_requests,
        "failed requests by which containers are found over which an engine fails", "engines",
        "the rest are shown with a problem, as if each had failed"},
    Row{"list_limit", list_limit.count(), "seconds of a list, or a reading, from its first request",
        "engines", "a protocol error; the session is dropped"},
    Row{"connect_limit", connect_limit.count(), "seconds of an attempt to connect", "engines",
        "it is given up, and made again later"},
    Row{"engine_head_bytes", engine_head_bytes, "bytes of the head of an answer", "engines",
        "a protocol error; the session is dropped"},
    Row{"framing_bytes", framing_bytes, "bytes of an answer that are neither head nor body",
        "engines", "a protocol error; the session is dropped"},
    Row{"gap_bytes", gap_bytes, "bytes between two items of a list, or two events", "engines",
        "a protocol error; the session is dropped"},
    Row{"proxy_head_bytes", proxy_head_bytes, "bytes of the head of a proxy's answer", "proxies",
        "the connection fails"},
    Row{"engine_item_bytes", engine_item_bytes, "bytes of one item of a list, or of one event",
        "engines", "a protocol error; the session is dropped"},
    Row{"json_depth", json_depth, "arrays and objects of an item or event within each other",
        "engines", "it counts as broken JSON"},
    Row{"small_answer_bytes", small_answer_bytes, "bytes of an answer that is no list", "engines",
        "a protocol error; the session is dropped"},
    Row{"gunzip_ratio", gunzip_ratio,
        "times that an answer may grow when it is inflated, beyond 4 MiB", "engines",
        "a protocol error; the session is dropped"},
    Row{"base64_bytes", base64_bytes, "bytes in base 64", "engines, files", "refused"},
    Row{"device_ranges", device_ranges,
        "ranges of ports of one device, or one row of a forward, of Incus", "engines",
        "it is left out, and the instance has a problem that says so"},
    Row{"waiting_changes", waiting_changes, "changes of Kubernetes that wait to be taken",
        "engines", "nothing is read until some have been taken"},
    Row{"waiting_change_bytes", waiting_change_bytes, "bytes of them", "engines", "the same"},
    Row{"list_rest_bytes", list_rest_bytes, "bytes around the items of a list of Kubernetes",
        "engines", "a protocol error; the session is dropped"},
    Row{"continue_token_bytes", continue_token_bytes,
        "bytes of the token with which a list of Kubernetes goes on", "engines",
        "the list begins anew"},
    Row{"unit_name_bytes", unit_name_bytes, "bytes of the name of a unit", "systemd",
        "a protocol error; a signal of it is ignored"},
    Row{"dbus_value_bytes", dbus_value_bytes,
        "bytes of a text, or of a list of them, in a message of D-Bus", "systemd",
        "the rest, or the further ones, are not kept"},
    Row{"host_sockets", host_sockets, "listening sockets of this host", "processes",
        "the look fails, and the host counts as away, with the reason"},
    Row{"host_processes", host_processes, "processes that are looked through for their sockets",
        "processes", "those of the further ones have no owner, which is said"},
    Row{"process_descriptors", process_descriptors, "descriptors of a process that are looked at",
        "processes", "what it holds besides has no owner, which is said"},
    Row{"host_descriptors", host_descriptors, "descriptors of all of them, in one look",
        "processes", "the same"},
    Row{"config_file", config_file, "bytes of the daemon's configuration", "the configuration file",
        "the file is refused; a running daemon keeps the configuration that it had"},
    Row{"config_errors", config_errors, "errors that are reported of one configuration file",
        "the configuration file", "the further ones are counted in one line"},
    Row{"token_file", token_file, "bytes of the file of the daemon's token",
        "the file of the token",
        "the file is refused; a running daemon keeps the token that it had"},
    Row{"tls_file", tls_file, "bytes of a certificate or key", "files of certificates and keys",
        "the file is refused, and says so where it was to be used"},
    Row{"tls_authorities_bytes", tls_authorities_bytes, "bytes of a file of authorities",
        "files of authorities", "the file is refused"},
    Row{"log_line", log_line,
        "bytes of a line of the log, which is written to a pipe whole or not at all",
        "messages that quote foreign text", "the line is cut, and ends in an ellipsis"},
    Row{"log_kept", log_kept, "bytes of lines that wait", "a reader of the log that is slow",
        "further lines are lost; their number is logged when the reader reads again"},
    Row{"file_bytes", file_bytes,
        "bytes of a file of settings: units, remotes, connections, tokens of service accounts, "
        "authorities",
        "local users", "it is refused, and a problem or error says so"},
    Row{"kubeconfig_bytes", kubeconfig_bytes, "bytes of a kubeconfig", "local users",
        "it is refused"},
    Row{"kubeconfig_nodes", kubeconfig_nodes, "nodes of a kubeconfig", "local users",
        "it is refused"},
    Row{"kubeconfig_depth", kubeconfig_depth, "nodes of a kubeconfig within each other",
        "local users", "it is refused"},
    Row{"kubeconfig_merges", kubeconfig_merges, "YAML merges within each other in a kubeconfig",
        "local users", "it is refused"},
    Row{"context_bytes", context_bytes, "bytes of a file of Docker's contexts", "local users",
        "it is refused"},
    Row{"podman_conf_files", podman_conf_files, "files of a folder containers.conf.d of Podman",
        "local users", "the folder is passed over, with a warning that says so"},
    Row{"namespace_bytes", namespace_bytes, "bytes of the namespace of a service account",
        "local users", "the rest is not read"},
    Row{"plugin_output_bytes", plugin_output_bytes, "bytes that a plugin for credentials writes",
        "plugins", "it is ended, and the attempt fails"},
    Row{"process_arguments_bytes", process_arguments_bytes, "bytes of the arguments of a process",
        "processes", "the rest is not read"},
    Row{"process_status_bytes", process_status_bytes, "bytes of the status of a process",
        "the kernel", "the rest is not read"},
    Row{"process_cgroups_bytes", process_cgroups_bytes, "bytes of the control groups of a process",
        "the kernel", "the rest is not read"},
    Row{"passwd_bytes", passwd_bytes, "bytes of the list of users", "local users",
        "the rest is not read"},
    Row{"cgroup_members_bytes", cgroup_members_bytes, "bytes of the processes of a control group",
        "processes", "the rest is not read"},
    Row{"cgroups", cgroups, "control groups of a hierarchy", "processes",
        "the further ones are not found"},
    Row{"mountinfo_bytes", mountinfo_bytes, "bytes of the list of mounts", "processes",
        "the rest is not read"},
    Row{"daemon_answer_bytes", daemon_answer_bytes, "bytes of a daemon's answer", "daemons",
        "the command fails"},
    Row{"daemon_problem_bytes", daemon_problem_bytes, "bytes of a daemon's problem", "daemons",
        "the rest is not shown"},
};

}  // namespace rollcall::budget
