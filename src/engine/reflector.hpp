// Makes a RuntimeBackend from any Driver, and keeps every promise of the contract.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/backend.hpp>
#include <rollcall/log.hpp>

#include "core/async/env.hpp"
#include "core/driver.hpp"
#include "engine/identity.hpp"
#include "engine/reconcile.hpp"
#include "engine/reflector_fsm.hpp"

namespace rollcall {

/// A change of a watch's state, and its cause. Valid during the call that reports it.
struct Transition {
  ReflectorFsm::Outcome outcome{};
  ReflectorFsm::State state{};
  Duration retry_in{};                  ///< For backing_off.
  const RuntimeError* error = nullptr;  ///< Of a failure.
  std::string_view reason;              ///< For backing_off: why, as in the event.
  std::size_t unknown_signals = 0;      ///< As in Session, summed over all sessions up to now.
  std::string_view backend;             ///< The name, as far as it is known.
  std::string_view endpoint;            ///< As in InstanceKey; empty until it is known.
};

/// Called on the backend's executor at each outcome, after its events were sent; must not throw.
using TransitionObserver = std::function<void(const Transition&)>;

/// Called before each event of an instance is sent. If it throws, sending throws, as it does
/// without memory: a seam for tests.
using BeforeSending = std::function<void(const RuntimeEvent&)>;

struct ReflectorOptions {
  bool include_stopped = false;  ///< For list_instances() alone.
  Logger log{};
  TransitionObserver on_transition{};
  std::optional<HealingPolicy> healing{};  ///< Nothing: depends on whether the engine is local.
  IdentityQuestionPtr identity{};          ///< Null: it is never asked.
  BeforeSending before_sending{};
};

class Reflector final : public RuntimeBackend {
 public:
  Reflector(std::unique_ptr<Driver> driver, boost::asio::any_io_executor executor, EnvPtr env,
            ReflectorOptions options);

  [[nodiscard]] std::string_view name() const noexcept override { return driver_->name(); }
  [[nodiscard]] Task<void> connect() override;
  [[nodiscard]] Task<std::vector<InstancePtr>> list_instances() override;
  [[nodiscard]] Task<void> watch(EventSender events, CancellationToken cancel) override;

 private:
  friend class Watch;

  /// The last list, by id.
  struct Listed {
    std::vector<InstancePtr> instances;
    Timestamp taken_at{};
  };

  void know_what_was_listed();

  std::unique_ptr<Driver> driver_;
  boost::asio::any_io_executor executor_;
  EnvPtr env_;
  ReflectorOptions options_;
  KnownById known_;                  // what was last reported to the caller, before `listed_`
  std::optional<Listed> listed_;     // a list that was reported to it later
  bool told_ = false;                // whether anything was ever reported to it
  std::uint64_t watches_ = 0;        // that have begun
  std::size_t unknown_signals_ = 0;  // of the sessions that have ended
  // Shared with the watch's frame, which an abandoned executor may destroy after this object.
  std::shared_ptr<bool> watching_ = std::make_shared<bool>(false);
};

}  // namespace rollcall
