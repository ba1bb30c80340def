// An engine in memory with a driver for it: a test decides what runs, what is signalled, and what
// fails.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <rollcall/instance.hpp>

#include "core/async/signal.hpp"
#include "core/driver.hpp"

namespace rollcall::test {

InstancePtr make_instance(std::string id, std::string name,
                          InstanceState state = InstanceState::running);

inline RuntimeError unavailable(std::string what = "gone") {
  return {.kind = ErrorKind::unavailable, .what = std::move(what)};
}

class FakeEngine {
 public:
  FakeEngine(boost::asio::io_context& io, EnvPtr env)
      : env_(std::move(env)),
        stream_(io.get_executor()),
        list_gate_(io.get_executor()),
        read_gate_(io.get_executor()),
        endpoint_(io.get_executor()) {}

  std::unique_ptr<Driver> driver();

  // The engine's state. put() and remove() are silent; signal() puts a change into the stream.
  void put(InstancePtr instance) { world[instance->key.id] = std::move(instance); }
  void remove(const std::string& id) { world.erase(id); }
  void signal(Change change) {
    changes.emplace_back(std::move(change));
    stream_.notify();
  }
  void touch(const std::string& id, RunMark mark) {
    signal(Touched{.id = id, .at = env_->now(), .mark = mark});
  }

  // Failures.
  void wake_stream() { stream_.notify(); }
  void break_stream(RuntimeError error) {
    stream_error = std::move(error);
    stream_.notify();
  }
  void end_stream() { signal(StreamEnded{}); }
  void hold_lists() { lists_held = true; }
  void release_lists() {
    lists_held = false;
    list_gate_.notify();
  }
  void hold_reads() { reads_held = true; }
  void release_reads() {
    reads_held = false;
    read_gate_.notify();
  }
  void change_endpoint() { endpoint_.notify(); }

  std::string name = "fake";
  std::string endpoint = "fake://engine";
  std::optional<std::string> identity = "the engine";  ///< Nothing: it does not report one.
  std::map<std::string, InstancePtr> world;
  std::map<std::string, bool> unsettled;
  std::deque<Change> changes;
  std::optional<RuntimeError> stream_error;
  std::optional<RuntimeError> connect_error;  ///< Connecting fails as long as it is set.
  std::optional<RuntimeError> list_error;
  std::optional<RuntimeError> read_error;
  std::optional<RuntimeError> probe_error;
  /// Called at the beginning of each call: "connect", "list", "next", "read", "probe", "identity".
  /// An exception from it ends the call.
  std::function<void(std::string_view call)> on_call;
  bool lists_held = false;
  bool reads_held = false;
  Duration resync_period = std::chrono::minutes(10);
  int connects = 0;
  int lists = 0;
  int reads = 0;
  int probes = 0;
  int identities = 0;
  std::size_t unknown_signals = 0;  ///< In each session.

 private:
  void called(std::string_view call) const {
    if (on_call) on_call(call);
  }

  friend class FakeSession;
  friend class FakeDriver;

  EnvPtr env_;
  Signal stream_;
  Signal list_gate_;
  Signal read_gate_;
  Signal endpoint_;
};

}  // namespace rollcall::test
