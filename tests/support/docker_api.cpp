#include "support/docker_api.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/process.hpp"

namespace rollcall::support {
namespace {

namespace json = boost::json;

[[noreturn]] void throw_errno(std::string_view doing, const std::string& socket) {
  throw std::system_error(errno, std::generic_category(), fmt::format("{} {}", doing, socket));
}

Fd connect_to(const std::string& path, std::chrono::seconds deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw std::runtime_error("too long for a socket: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval timeout{.tv_sec = deadline.count(), .tv_usec = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw_errno("connect to", path);
  }
  return fd;
}

void send_all(const Fd& fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) throw_errno("write to", path);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string receive_all(const Fd& fd, const std::string& path) {
  std::string result;
  std::string piece(65536, '\0');
  ssize_t count = 0;
  while ((count = ::recv(fd.get(), piece.data(), piece.size(), 0)) > 0) {
    result.append(piece, 0, static_cast<std::size_t>(count));
  }
  if (count < 0) throw_errno("read from", path);
  return result;
}

// "HTTP/1.0 200 OK\r\n…\r\n\r\nbody": an answer to HTTP/1.0 is never chunked and ends with the
// connection.
Reply parse_reply(std::string_view text) {
  const auto head_end = text.find("\r\n\r\n");
  const auto space = text.find(' ');
  Reply reply;
  if (head_end == text.npos || space > head_end ||
      std::from_chars(text.data() + space + 1, text.data() + head_end, reply.status).ec !=
          std::errc{}) {
    throw std::runtime_error(fmt::format("not an HTTP answer: '{}'", text.substr(0, 200)));
  }
  reply.body = text.substr(head_end + 4);
  return reply;
}

void demand(std::string_view what, const Reply& reply) {
  if (reply.status < 200 || reply.status > 299) {
    throw std::runtime_error(fmt::format("{}: HTTP {} {}", what, reply.status, reply.body));
  }
}

json::value checked(std::string_view what, const Reply& reply) {
  demand(what, reply);
  return reply.body.empty() ? json::value() : json::parse(reply.body);
}

json::object ports_of(const ContainerSpec& spec, json::object& exposed) {
  json::object bindings;
  for (const auto& port : spec.ports) {
    const auto key = fmt::format("{}/{}", port.container_port, port.protocol);
    exposed[key] = json::object();
    if (port.host_port == 0) continue;
    auto& list = bindings.emplace(key, json::array()).first->value().as_array();
    list.push_back({{"HostIp", port.host_ip}, {"HostPort", std::to_string(port.host_port)}});
  }
  return bindings;
}

json::object body_of(const ContainerSpec& spec) {
  json::object exposed;
  const json::object bindings = ports_of(spec, exposed);
  json::object labels;
  for (const auto& [key, value] : spec.labels) labels[key] = value;
  json::object body{
      {"Image", test_image},
      {"Cmd", json::value_from(spec.command)},
      {"Labels", labels},
      {"ExposedPorts", exposed},
      {"StopSignal", "SIGKILL"},
      {"HostConfig",
       {{"PortBindings", bindings},
        {"NetworkMode", spec.network},
        {"RestartPolicy", {{"Name", spec.restart_policy}}}}},
  };
  if (!spec.health_check.empty()) {
    constexpr std::int64_t second = 1'000'000'000;
    body["Healthcheck"] = {{"Test", {"CMD-SHELL", spec.health_check}},
                           {"Interval", second},
                           {"Timeout", second},
                           {"Retries", 1}};
  }
  return body;
}

}  // namespace

Reply DockerApi::call(std::string_view method, std::string_view target, std::string_view body,
                      std::string_view content_type, std::chrono::seconds deadline) const {
  const Fd fd = connect_to(socket_, deadline);
  send_all(fd,
           fmt::format(
               "{} {} HTTP/1.0\r\nHost: docker\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
               method, target, content_type, body.size()),
           socket_);
  send_all(fd, body, socket_);
  return parse_reply(receive_all(fd, socket_));
}

bool DockerApi::ping(std::chrono::seconds deadline) const noexcept {
  try {
    return call("GET", "/_ping", {}, "text/plain", deadline).status == 200;
  } catch (const std::exception&) {
    return false;
  }
}

json::value DockerApi::get(std::string_view target) const {
  return checked(target, call("GET", target));
}

json::value DockerApi::post(std::string_view target, const json::value& body) const {
  return checked(target, call("POST", target, body.is_null() ? "" : json::serialize(body)));
}

void DockerApi::import_image(std::string_view tar, std::string_view repository) const {
  const auto target = fmt::format(
      "/images/create?fromSrc=-&repo={}&tag=latest&changes=ENV%20PATH%3D%2Fbin", repository);
  const auto reply = call("POST", target, tar, "application/x-tar");
  if (reply.status != 200) throw std::runtime_error(fmt::format("{}: {}", target, reply.body));
}

std::string DockerApi::create(const ContainerSpec& spec) const {
  const auto target = spec.name.empty() ? std::string("/containers/create")
                                        : fmt::format("/containers/create?name={}", spec.name);
  json::object body = body_of(spec);
  if (!cgroup_parent_.empty()) body["HostConfig"].as_object()["CgroupParent"] = cgroup_parent_;
  return json::value_to<std::string>(post(target, body).at("Id"));
}

std::string DockerApi::run(const ContainerSpec& spec) const {
  auto id = create(spec);
  start(id);
  return id;
}

std::string DockerApi::create_network(std::string_view name) const {
  return json::value_to<std::string>(
      post("/networks/create", {{"Name", name}, {"CheckDuplicate", true}}).at("Id"));
}

void DockerApi::act(std::string_view container, std::string_view verb) const {
  post(fmt::format("/containers/{}/{}", container, verb));
}

void DockerApi::start(std::string_view container) const {
  act(container, "start");
}
void DockerApi::stop(std::string_view container) const {
  act(container, "stop");
}
void DockerApi::restart(std::string_view container) const {
  act(container, "restart");
}
void DockerApi::pause(std::string_view container) const {
  act(container, "pause");
}
void DockerApi::unpause(std::string_view container) const {
  act(container, "unpause");
}

void DockerApi::kill(std::string_view container, std::string_view signal) const {
  act(container, fmt::format("kill?signal={}", signal));
}

void DockerApi::rename(std::string_view container, std::string_view name) const {
  act(container, fmt::format("rename?name={}", name));
}

void DockerApi::remove(std::string_view container) const {
  const auto target = fmt::format("/containers/{}?force=1&v=1", container);
  checked(target, call("DELETE", target));
}

void DockerApi::connect_network(std::string_view network, std::string_view container) const {
  const json::value body{{"Container", container}};
  const auto target = fmt::format("/networks/{}/connect", network);
  demand(target, call("POST", target, json::serialize(body)));
}

void DockerApi::disconnect_network(std::string_view network, std::string_view container) const {
  const json::value body{{"Container", container}};
  const auto target = fmt::format("/networks/{}/disconnect", network);
  demand(target, call("POST", target, json::serialize(body)));
}

json::value DockerApi::inspect(std::string_view container) const {
  return get(fmt::format("/containers/{}/json", container));
}

}  // namespace rollcall::support
