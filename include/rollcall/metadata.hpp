// What labels ask of the tools that consume the roll.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rollcall {

/// A value and the label or environment variable that it came from.
template <class T>
struct Sourced {
  T value{};
  std::string source;

  friend bool operator==(const Sourced&, const Sourced&) = default;
};

/// An optional that costs one pointer when absent, for values that few instances have. Copied and
/// compared by value.
template <class T>
class Rare {
 public:
  Rare() = default;
  Rare(const Rare& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
  Rare(Rare&& other) noexcept = default;
  Rare& operator=(Rare other) noexcept {
    value_ = std::move(other.value_);
    return *this;
  }
  ~Rare() = default;

  explicit operator bool() const noexcept { return value_ != nullptr; }
  const T& operator*() const noexcept { return *value_; }
  const T* operator->() const noexcept { return value_.get(); }

  /// The value, made if it is absent.
  T& make() {
    if (!value_) value_ = std::make_unique<T>();
    return *value_;
  }

  friend bool operator==(const Rare& a, const Rare& b) {
    return a && b ? *a == *b : a.value_ == b.value_;
  }

 private:
  std::unique_ptr<T> value_;
};

/// A route to the instance that labels ask a reverse proxy to open.
struct Route {
  std::string name;  ///< The tool's word for it: the name of the router, the site's label.
  /// Any of them, in lower case; "*.example.org" stands for all names below it. Empty: any host.
  std::vector<std::string> hosts;
  std::vector<std::string> paths;  ///< The path begins with any of them. Empty: any path.
  std::uint16_t port = 0;          ///< The instance's own port behind it; 0: not said.
  std::string scheme;              ///< Spoken between proxy and instance; empty: not said.
  bool tls = false;                ///< The proxy serves clients over TLS.
  bool narrowed = false;           ///< The rule has conditions beyond hosts and paths.
  std::string source;              ///< The label with the hosts.

  friend bool operator==(const Route&, const Route&) = default;
};

/// What labels ask of the tools that consume the roll. Absent means that nothing was said.
///
/// Explicit `rollcall.*` beats `koi.*` beats labels of other tools; docs/labels.md describes every
/// label and its effect.
struct Metadata {
  template <class T>
  using Maybe = std::optional<Sourced<T>>;

  struct HealthCheck {
    Maybe<std::string> path;
    Maybe<std::string> kind;
    Maybe<std::chrono::milliseconds> interval;
    Maybe<std::chrono::milliseconds> timeout;
    friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
  };
  struct Proxy {
    Maybe<std::uint16_t> port;
    Maybe<bool> remote;
    friend bool operator==(const Proxy&, const Proxy&) = default;
  };
  struct Txt {
    std::string key;
    Sourced<std::string> value;
    friend bool operator==(const Txt&, const Txt&) = default;
  };
  /// How clients are to reach it, where there is a choice.
  struct Target {
    Maybe<std::uint16_t> port;   ///< The instance's own.
    Maybe<std::string> scheme;   ///< "http", "https", …
    Maybe<std::string> network;  ///< The engine's name for it.
    friend bool operator==(const Target&, const Target&) = default;
  };
  /// What is said about one of its ports.
  struct Port {
    std::uint16_t port = 0;  ///< The instance's own.
    Maybe<bool> enable;
    Maybe<bool> enable_tcp;  ///< For TCP alone, where `enable` is absent.
    Maybe<bool> enable_udp;  ///< Likewise.
    Maybe<std::string> name;
    Maybe<std::string> type;  ///< DNS-SD service type.
    Maybe<std::vector<std::string>> tags;
    friend bool operator==(const Port&, const Port&) = default;
  };
  /// Where Prometheus finds its metrics.
  struct Scrape {
    Maybe<bool> enable;
    Maybe<std::uint16_t> port;
    Maybe<std::string> path;
    Maybe<std::string> scheme;
    friend bool operator==(const Scrape&, const Scrape&) = default;
  };
  /// How a dashboard shows it.
  struct Display {
    Maybe<std::string> group;
    Maybe<std::string> icon;
    Maybe<std::string> href;
    Maybe<std::string> description;
    friend bool operator==(const Display&, const Display&) = default;
  };

  Maybe<bool> enable;
  Maybe<bool> announce;
  Maybe<std::string> type;  ///< DNS-SD service type, "_http._tcp".
  Maybe<std::string> name;
  Maybe<std::string> dns_name;
  std::vector<Txt> txt;  ///< By key.
  Rare<HealthCheck> health;
  Rare<Proxy> proxy;
  Maybe<bool> certmesh;
  Maybe<std::vector<std::string>> tags;
  Rare<Target> target;
  std::vector<Port> ports;    ///< By port.
  std::vector<Route> routes;  ///< In the order of precedence of their tools, then by name.
  Rare<Scrape> scrape;
  Rare<Display> display;

  friend bool operator==(const Metadata&, const Metadata&) = default;
};

}  // namespace rollcall
