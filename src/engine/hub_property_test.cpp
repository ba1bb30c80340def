// After any actions of engines, paths and readers, the fold of every reader equals the hub's view,
// and in the end that view is what the engines run.

#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/hub_fixture.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using test::FakeEngine;
using test::LogFold;

/// Reads the log at random times, and lists again when it has lagged.
struct Reader {
  explicit Reader(Hub& hub) : fold(*hub.view()), changes(hub.subscribe(fold.cursor).value()) {}

  LogFold fold;
  Subscription changes;
  int lagged = 0;

  /// Whether there may be more.
  bool read(Hub& hub, std::size_t most) {
    const Subscription::Batch batch = changes.try_next(most);
    if (batch) {
      for (const LogEntryPtr& entry : *batch) fold.apply(*entry);
      return !batch->empty();
    }
    EXPECT_EQ(batch.error().asked, fold.cursor);
    EXPECT_EQ(fold.cursor.sequence + batch.error().missed, batch.error().oldest.sequence);
    const int lags = lagged + 1;
    *this = Reader(hub);
    lagged = lags;
    return true;
  }
};

/// An engine, and the paths that lead to it.
struct World {
  std::map<std::string, std::string> running;  // name -> run
  std::vector<FakeEngine*> paths;
};

class HubProperty : public test::HubTest {
 protected:
  void build(unsigned seed) {
    chance_.seed(seed);
    make_hub({.log = {.entries = 40, .bytes = 1U << 20U},
              .grace = seed % 3 == 0 ? std::optional<Duration>(20s) : std::nullopt});
    worlds_ = std::vector<World>(3);
    worlds_[0].paths = {&engine("a"), &engine("a-too")};
    worlds_[1].paths = {&engine("b", "podman")};
    worlds_[2].paths = {&engine("c"), &engine("c-too"), &engine("c-three")};
    for (const World& world : worlds_) {
      for (FakeEngine* path : world.paths) sources_[path] = add(*path);
    }
    for (int i = 0; i < 5; ++i) readers_.emplace_back(std::make_unique<Reader>(*hub_));
  }

  std::size_t below(std::size_t end) { return chance_() % end; }

  void step() {
    World& world = worlds_[below(worlds_.size())];
    FakeEngine& path = *world.paths[below(world.paths.size())];
    switch (below(12)) {
      case 0:
        kill(path);
        break;
      case 1:
      case 2:
        return_to(path);
        break;
      case 3:
        if (below(3) == 0) leave_or_join(path);
        break;
      case 4:
        pass(std::chrono::milliseconds(below(3'000)));
        break;
      case 5:
        if (below(6) == 0) pass(15s);
        break;
      case 6:
      case 7:
        read_somewhat();
        break;
      default:
        change(world);
    }
  }

  void change(World& world) {
    // The name contains the engine's, so that no other engine has the same id.
    const std::string name = {world.paths[0]->endpoint[0], static_cast<char>('k' + below(8))};
    const bool ends = world.running.contains(name) && below(2) == 0;
    if (ends) {
      world.running.erase(name);
    } else {
      world.running[name] = std::to_string(chance_());
    }
    for (FakeEngine* path : world.paths) {
      ends ? end(*path, name) : put(*path, name, world.running[name]);
      if (below(2) == 0) settle();  // one path may report it before the other does
    }
  }

  static void return_to(FakeEngine& path) {
    if (!path.connect_error) return;
    path.changes.clear();
    revive(path);
  }

  void leave_or_join(FakeEngine& path) {
    const auto at = sources_.find(&path);
    if (at == sources_.end()) {
      sources_[&path] = add(path);
    } else {
      hub_->remove(at->second);
      sources_.erase(at);
      settle();  // an engine in memory has one session
    }
  }

  /// The last reader never reads.
  void read_somewhat() {
    Reader& reader = *readers_[below(readers_.size() - 1)];
    reader.read(*hub_, 1 + below(20));
  }

  void come_to_rest() {
    for (const World& world : worlds_) {
      for (FakeEngine* path : world.paths) {
        return_to(*path);
        if (!sources_.contains(path)) leave_or_join(*path);
      }
    }
    pass(1min);
  }

  void expect_all_agree() {
    const ViewPtr view = hub_->view();
    for (const auto& reader : readers_) {
      while (reader->read(*hub_, 7)) {
      }
      reader->fold.expect_is(*view);
    }
    std::map<std::string, std::string> expected;
    for (const World& world : worlds_) expected.insert(world.running.begin(), world.running.end());
    std::map<std::string, std::string> shown;
    for (const InstancePtr& instance : view->instances) {
      EXPECT_TRUE(shown.emplace(instance->name, instance->run).second)
          << instance->name << " is shown twice";
    }
    EXPECT_EQ(shown, expected);
    EXPECT_TRUE(view->away.empty());
    EXPECT_GT(readers_.back()->lagged, 0) << "the one that never read was told";
  }

  void clear() {
    readers_.clear();
    sources_.clear();
    stop();
    hub_.reset();
    engines_.clear();
  }

  std::mt19937 chance_;
  std::vector<World> worlds_;
  std::map<FakeEngine*, SourceId> sources_;
  std::vector<std::unique_ptr<Reader>> readers_;
};

TEST_F(HubProperty, EveryReadersFoldIsTheViewAndInTheEndWhatTheEnginesRun) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    build(seed);
    for (int i = 0; i < 250; ++i) step();
    come_to_rest();
    expect_all_agree();
    clear();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace rollcall
