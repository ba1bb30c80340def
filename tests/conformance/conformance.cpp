#include "conformance/conformance.hpp"

#include <algorithm>
#include <utility>

namespace rollcall::conformance {

using namespace std::chrono_literals;
using testing::IsEmpty;

namespace {

std::string& choice() {
  static std::string name;
  return name;
}

}  // namespace

bool choose_backend(std::string name) {
  std::ranges::replace(name, '-', '_');
  choice() = std::move(name);
  return !chosen_backends().empty();
}

std::vector<BackendCase> chosen_backends() {
  std::vector<BackendCase> chosen;
  for (const BackendCase& backend : all_backends()) {
    if (choice().empty() || choice() == backend.name) chosen.push_back(backend);
  }
  return chosen;
}

std::vector<BackendCase> chosen_scripted() {
  std::vector<BackendCase> chosen = chosen_backends();
  std::erase_if(chosen, [](const BackendCase& backend) { return !backend.scripted; });
  return chosen;
}

void Conformance::begin_again() {
  TearDown();
  channel_.reset();
  backend_.reset();
  fold_ = {};
  engine_ = GetParam().make();
}

std::vector<BackendCase> chosen(std::string_view name) {
  std::vector<BackendCase> backends = chosen_backends();
  std::erase_if(backends, [name](const BackendCase& backend) { return backend.name != name; });
  return backends;
}

RuntimeBackend& Conformance::backend() {
  if (!backend_) make_backend({});
  return *backend_;
}

void Conformance::watch() {
  if (channel_) {
    while (auto event = channel_->receiver.try_receive()) fold_.apply(*event);
  }
  channel_.emplace(make_event_channel(engine().io().get_executor()));
  stop_ = {};
  ended_.reset();
  boost::asio::co_spawn(engine().io(), backend().watch(channel_->sender, stop_.get_token()),
                        [this](const std::exception_ptr& thrown, Result<void> result) {
                          if (thrown) std::rethrow_exception(thrown);
                          ended_ = std::move(result);
                        });
  step();
}

void Conformance::step() {
  engine().let_pass();
  if (!channel_ || consumer_sleeps_) return;
  while (auto event = channel_->receiver.try_receive()) fold_.apply(*event);
}

bool Conformance::wait_until(const std::function<bool()>& condition,
                             std::chrono::seconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    step();
  }
  return true;
}

bool Conformance::wait_synced() {
  return wait_until([this] { return receiver().synced(); });
}

bool Conformance::wait_untaken(const std::string& id) {
  return wait_until([&] {
    return std::ranges::any_of(channel_->sender.undelivered(),
                               [&](const auto& untaken) { return untaken.first.id == id; });
  });
}

bool Conformance::wait_started(const std::string& id) {
  return wait_until([&] { return fold_.running().contains(id); });
}

bool Conformance::wait_stopped(const std::string& id) {
  return wait_until([&] { return !fold_.running().contains(id); });
}

bool Conformance::wait_for(const std::string& id, InstanceState state) {
  return wait_until([&] {
    const auto found = fold_.running().find(id);
    return found != fold_.running().end() && found->second->state == state;
  });
}

bool Conformance::wait_for_count(std::string_view type, std::size_t count) {
  return wait_until([&] { return fold_.count(type) >= count; }, 60s);
}

void Conformance::pass_a_marker() {
  const std::string id = engine().run("marker");
  ASSERT_TRUE(wait_started(id));
  engine().remove(id);
  ASSERT_TRUE(wait_stopped(id));
}

void Conformance::let_time_pass() {
  constexpr int moments = 40;
  for (int moment = 0; moment < moments; ++moment) step();
}

std::optional<Result<void>> Conformance::cancel() {
  stop_.request_stop();
  return wait_for_end();
}

std::optional<Result<void>> Conformance::wait_for_end() {
  wait_until([this] { return ended_.has_value(); }, 1s);
  return ended_;
}

bool Conformance::nothing_is_left() {
  engine().io().restart();
  engine().io().poll();
  return engine().io().stopped();
}

std::vector<std::string> Conformance::told() const {
  std::vector<std::string> lines;
  for (const RuntimeEvent& event : fold_.events()) {
    std::string line(type_of(event));
    std::visit(
        [&line](const auto& it) {
          if constexpr (requires { it.instance; }) line += " " + it.instance->name;
          if constexpr (requires { it.last; }) line += " " + it.name;
          if constexpr (requires { it.cause; }) line += " " + std::string(to_string(it.cause));
        },
        event);
    lines.push_back(std::move(line));
  }
  return lines;
}

void Conformance::expect_agreement() {
  const bool agrees = wait_until(
      [this] { return !fold_.disconnected() && engine().differences(fold_.running()).empty(); });
  if (agrees) return;
  EXPECT_FALSE(fold_.disconnected());
  EXPECT_THAT(engine().differences(fold_.running()), IsEmpty()) << transcript(fold_);
}

void Conformance::TearDown() {
  if (!channel_) return;
  wake_as_consumer();
  if (!ended_) {
    expect_agreement();
    const auto ended = cancel();
    ASSERT_TRUE(ended.has_value()) << "the watch does not end within a second";
    EXPECT_TRUE(ended->has_value()) << ended->error().describe();
    channel_->receiver.close();
    EXPECT_TRUE(nothing_is_left());
  }
  EXPECT_THAT(fold_.breaches(), IsEmpty()) << transcript(fold_);
}

void ScriptedConformance::watch_synced() {
  watch();
  ASSERT_TRUE(wait_synced());
}

void ScriptedConformance::pass(Duration duration) {
  script().pass(duration);
  while (auto event = receiver().try_receive()) fold().apply(*event);
}

std::size_t ScriptedConformance::requests(const std::string& part) {
  return static_cast<std::size_t>(std::ranges::count_if(
      server().requests,
      [&part](const std::string& target) { return test::is_meant(target, part); }));
}

void ScriptedConformance::use_short_deadlines() {
  constexpr Milliseconds brief{80};
  script().deadlines = {.connect = brief,
                        .probe_head = brief,
                        .list_head = brief,
                        .body = brief,
                        .quiet_probe = brief};
}

}  // namespace rollcall::conformance
