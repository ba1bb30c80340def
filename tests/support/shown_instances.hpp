// Instances for the tests of the command line.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <rollcall/instance.hpp>

namespace rollcall::cli {

/// A running container "web" with nothing special about it.
inline Instance web_instance() {
  Instance instance;
  instance.key = {"docker", "unix:///run/docker.sock", std::string(64, 'a')};
  instance.name = "web";
  instance.state = InstanceState::running;
  instance.image = "nginx:1";
  instance.addresses = {{.ip = "172.17.0.2", .network = "bridge"}};
  return instance;
}

inline InstancePtr shared(Instance instance) {
  return std::make_shared<const Instance>(std::move(instance));
}

}  // namespace rollcall::cli
