#include "core/reach/registration.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/reach/reach.hpp"
#include "core/text/ascii.hpp"
#include "core/text/words.hpp"

namespace rollcall {
namespace {

using Reason = RegistrationReason;

class Judge {
 public:
  Judge(const Instance& instance, const std::vector<Service>& services)
      : instance_(instance), services_(services) {}

  Registration judge() {
    if (is_one_off(instance_)) {
      note(Reason::one_off,
           "it is a one-off container of `compose run`, no replica of its service");
    }
    judge_state();
    judge_ports();
    judge_labels();
    std::ranges::sort(notes_, {}, &RegistrationNote::reason);
    const bool out = std::ranges::any_of(
        notes_, [](const RegistrationNote& note) { return keeps_out(note.reason); });
    return {.registered = !out, .notes = std::move(notes_)};
  }

 private:
  void note(Reason reason, std::string text) { notes_.push_back({reason, std::move(text)}); }

  void judge_state() {
    const InstanceState state = instance_.state;
    if (state != InstanceState::running && state != InstanceState::reloading) {
      note(Reason::not_running, fmt::format("it is {}", to_string(state)));
    }
    if (instance_.health == Health::unhealthy) note(Reason::unhealthy, "its health check fails");
    if (instance_.health == Health::starting) {
      note(Reason::starting, "its health check has not succeeded yet");
    }
  }

  void judge_ports() {
    const bool forwarded = std::ranges::any_of(
        instance_.ports, [](const PortMapping& port) { return port.host_port != 0; });
    if (instance_.network_mode == NetworkMode::none && !forwarded) {
      return note(Reason::no_network, "it has no network");
    }
    if (services_.empty()) {
      return note(Reason::no_ports,
                  "no port is known of it; rollcall.port tells one that the runtime does not");
    }
    const bool any =
        std::ranges::any_of(services_, [](const Service& s) { return s.enable.value; });
    if (!any) return note(Reason::ports_disabled, "labels switch off all of its ports");
    judge_reach();
  }

  /// Of all services that are switched on.
  void judge_reach() {
    const Ways ways(instance_);
    bool anywhere = false;
    bool loopback = false;
    for (const Service& service : services_) {
      if (!service.enable.value) continue;
      const Reach outside = ways.to(service, Vantage::elsewhere);
      if (outside.possible || outside.reason == ReachReason::not_running) return;
      anywhere = anywhere || ways.to(service, Vantage::this_host).possible ||
                 ways.to(service, Vantage::container_network).possible;
      loopback = loopback || outside.reason == ReachReason::loopback_only;
    }
    if (!anywhere) {
      note(Reason::no_address, "no address is known at which a client finds one of its ports");
    } else if (loopback) {
      note(Reason::loopback_only, "its ports are on its host's loopback: no other host reaches it");
    } else {
      note(Reason::not_published, "its ports are not published: its own networks alone reach it");
    }
  }

  void judge_labels() {
    if (!instance_.problems.empty()) {
      note(Reason::labels_unclear, instance_.problems.size() == 1
                                       ? "something about it could not be understood"
                                       : fmt::format("{} things about it could not be understood",
                                                     instance_.problems.size()));
    }
    const Metadata* metadata = instance_.metadata.get();
    if (metadata == nullptr) return;
    if (metadata->enable && !metadata->enable->value) {
      note(Reason::disabled, fmt::format("{} says so", metadata->enable->source));
    }
    if (metadata->announce && !metadata->announce->value) {
      note(Reason::not_announced,
           fmt::format("{} keeps it out of mDNS", metadata->announce->source));
    }
  }

  const Instance& instance_;
  const std::vector<Service>& services_;
  std::vector<RegistrationNote> notes_;
};

}  // namespace

std::string_view to_string(RegistrationReason reason) noexcept {
  switch (reason) {
    case Reason::disabled:
      return "disabled";
    case Reason::one_off:
      return "one_off";
    case Reason::not_running:
      return "not_running";
    case Reason::unhealthy:
      return "unhealthy";
    case Reason::starting:
      return "starting";
    case Reason::no_network:
      return "no_network";
    case Reason::no_ports:
      return "no_ports";
    case Reason::ports_disabled:
      return "ports_disabled";
    case Reason::no_address:
      return "no_address";
    case Reason::loopback_only:
      return "loopback_only";
    case Reason::not_published:
      return "not_published";
    case Reason::not_announced:
      return "not_announced";
    case Reason::labels_unclear:
      return "labels_unclear";
  }
  return no_such_word;
}

bool is_one_off(const Labels& labels) {
  constexpr std::string_view yes = "true";  // Compose writes True and False
  const auto value = labels.find("com.docker.compose.oneoff");
  return value && std::ranges::equal(*value, yes, {}, to_lower);
}

bool is_one_off(const Instance& instance) {
  return is_one_off(instance.labels);
}

bool keeps_out(RegistrationReason reason) noexcept {
  switch (reason) {
    case Reason::disabled:
    case Reason::one_off:
    case Reason::not_running:
    case Reason::unhealthy:
    case Reason::starting:
    case Reason::no_network:
    case Reason::no_ports:
    case Reason::ports_disabled:
    case Reason::no_address:
      return true;
    case Reason::loopback_only:
    case Reason::not_published:
    case Reason::not_announced:
    case Reason::labels_unclear:
      return false;
  }
  return false;
}

Registration registration_of(const Instance& instance, const std::vector<Service>& services) {
  return Judge(instance, services).judge();
}

}  // namespace rollcall
