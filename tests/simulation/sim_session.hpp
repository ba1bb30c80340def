// One simulated connection, and the bounds of the calls that are made on it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/async/signal.hpp"
#include "core/driver.hpp"
#include "simulation/sim_engine.hpp"

namespace rollcall::simulation {

class SimSession final : public Session, public std::enable_shared_from_this<SimSession> {
 public:
  SimSession(SimEngine& engine, Purpose purpose);
  ~SimSession() override;
  SimSession(const SimSession&) = delete;
  SimSession& operator=(const SimSession&) = delete;
  SimSession(SimSession&&) = delete;
  SimSession& operator=(SimSession&&) = delete;

  [[nodiscard]] Task<Snapshot> list() override;
  [[nodiscard]] Task<Change> next() override;
  [[nodiscard]] Task<Snapshot> read(std::vector<Touched> touched) override;
  [[nodiscard]] Task<void> probe() override;
  [[nodiscard]] EngineInfo info() const override { return {"Sim", "1", "1"}; }

  /// Puts an entry into the stream, late, and if `shuffled` among those of other instances.
  void deliver(const Entry& entry, Duration delay, bool shuffled);
  void deliver_doubt(Duration delay);
  void replay(Timestamp since);
  void cut(RuntimeError error);
  void end();
  void wake() { ready_.notify(); }

  [[nodiscard]] Monotonic last_heard() const noexcept { return last_heard_; }

 private:
  struct Buffered {
    Monotonic due;
    Entry entry;
  };

  void may_throw();
  void wake_after(Duration delay);
  std::optional<Change> pop();
  [[nodiscard]] Task<void> answer(Duration delay, std::uint32_t& failing);
  [[nodiscard]] RuntimeError failed(RuntimeError error);
  [[nodiscard]] bool check_reading(const std::vector<Touched>& touched);
  [[nodiscard]] boost::asio::awaitable<void> wait_for_store(std::vector<Touched> touched);

  SimEngine& engine_;
  Purpose purpose_;
  Signal ready_;
  std::deque<Buffered> buffer_;
  std::optional<RuntimeError> failure_;
  bool ended_ = false;
  bool waiting_ = false;
  bool listing_ = false;
  std::optional<std::uint64_t> position_;  // of a stream that begins where the list ends
  std::set<std::string> being_read_;       // since the last list: what was read before it is void
  std::uint64_t lists_ = 0;
  std::size_t readings_ = 0;
  Monotonic last_heard_;
};

}  // namespace rollcall::simulation
