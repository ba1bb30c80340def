#include "simulation/scenario.hpp"

#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "simulation/record.hpp"

namespace rollcall::simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::array<Flavour, 6> flavours = {{
    {.name = "replaying", .replays = true},
    {.name = "replaying, remote", .local = false, .replays = true},
    {.name = "units", .reuses_ids = true, .names_runs = true, .tells_gone = false},
    {.name = "machines", .local = false, .reuses_ids = true},
    {.name = "pods", .local = false, .upserts = true, .lists_again = false},
    {.name = "whole, by run", .upserts = true, .reuses_ids = true, .names_runs = true},
}};

struct Weight {
  Act act;
  unsigned weight;
};

// The acts that every scenario draws from, and the rarer faults.
constexpr auto common = std::to_array<Weight>({
    {Act::create, 10},
    {Act::start, 8},
    {Act::start_unsettled, 3},
    {Act::stop, 8},
    {Act::restart, 8},
    {Act::crash, 3},
    {Act::remove, 6},
    {Act::recreate, 4},
    {Act::rename, 4},
    {Act::pause, 4},
    {Act::health, 3},
    {Act::address, 3},
    {Act::noise, 3},
    {Act::pass_time, 6},
});
constexpr auto rare = std::to_array<Weight>({
    {Act::burst, 2},
    {Act::refuse, 3},
    {Act::slow_connect, 2},
    {Act::slow_list, 4},
    {Act::slow_read, 4},
    {Act::slow_stream, 3},
    {Act::lag, 3},
    {Act::fail_lists, 2},
    {Act::fail_reads, 2},
    {Act::throw_something, 2},
    {Act::cut, 4},
    {Act::end_cleanly, 3},
    {Act::end_at_once, 1},
    {Act::lose, 1},
    {Act::lose_with_doubt, 3},
    {Act::doubt, 4},
    {Act::cut_and_doubt_list, 2},
    {Act::repeat, 3},
    {Act::shuffle, 2},
    {Act::mute, 1},
    {Act::touch_endpoint, 1},
    {Act::jump_clock, 1},
    {Act::stall, 3},
    {Act::resume, 3},
    {Act::list, 1},
    {Act::cancel, 1},
    {Act::close, 2},
});

Act draw(Dice& dice, const std::vector<Weight>& weights) {
  unsigned total = 0;
  for (const Weight& each : weights) total += each.weight;
  std::uint64_t at = dice.below(total);
  for (const Weight& each : weights) {
    if (at < each.weight) return each.act;
    at -= each.weight;
  }
  return Act::pass_time;
}

Duration draw_pause(Dice& dice) {
  switch (dice.below(8)) {
    case 0:
    case 1:
      return 0ns;
    case 2:
    case 3:
    case 4:
      return std::chrono::milliseconds(1 + dice.below(40));
    case 5:
    case 6:
      return std::chrono::milliseconds(50 + dice.below(1000));
    default:
      return std::chrono::milliseconds(1000 + dice.below(4000));
  }
}

Duration draw_long_pause(Dice& dice) {
  return dice.one_in(3) ? Duration(std::chrono::seconds(100 + dice.below(200)))
                        : Duration(std::chrono::seconds(5 + dice.below(60)));
}

}  // namespace

std::string_view to_string(Act act) noexcept {
  static constexpr std::array<std::string_view, act_count> names = {"create",
                                                                    "start",
                                                                    "start_unsettled",
                                                                    "stop",
                                                                    "restart",
                                                                    "crash",
                                                                    "remove",
                                                                    "recreate",
                                                                    "rename",
                                                                    "pause",
                                                                    "health",
                                                                    "address",
                                                                    "noise",
                                                                    "burst",
                                                                    "refuse",
                                                                    "slow_connect",
                                                                    "slow_list",
                                                                    "slow_read",
                                                                    "slow_stream",
                                                                    "lag",
                                                                    "fail_lists",
                                                                    "fail_reads",
                                                                    "throw_something",
                                                                    "cut",
                                                                    "end_cleanly",
                                                                    "end_at_once",
                                                                    "lose",
                                                                    "lose_with_doubt",
                                                                    "doubt",
                                                                    "cut_and_doubt_list",
                                                                    "repeat",
                                                                    "shuffle",
                                                                    "mute",
                                                                    "touch_endpoint",
                                                                    "jump_clock",
                                                                    "stall",
                                                                    "resume",
                                                                    "list",
                                                                    "cancel",
                                                                    "close",
                                                                    "pass_time"};
  return names.at(std::to_underlying(act));
}

Scenario make_scenario(std::uint64_t seed) {
  Dice dice(seed);
  Scenario scenario{.seed = seed, .flavour = flavours.at(dice.below(flavours.size()))};
  scenario.ring = dice.one_in(4) ? 4 : 256;
  scenario.lists_stopped = dice.one_in(2);
  // Each run uses only some of the faults, so that rare combinations of two are found sooner.
  std::vector<Weight> weights(common.begin(), common.end());
  for (const Weight& each : rare) {
    if (dice.one_in(2)) weights.push_back({each.act, each.weight * 2});
  }
  const std::size_t length = 10 + dice.below(40);
  for (std::size_t i = 0; i < length; ++i) {
    Step step{.after = draw_pause(dice), .act = draw(dice, weights)};
    step.target = static_cast<std::uint32_t>(dice.below(1U << 16U));
    step.value = static_cast<std::uint32_t>(dice.below(1U << 16U));
    if (step.act == Act::pass_time) step.after = draw_long_pause(dice);
    scenario.steps.push_back(step);
  }
  return scenario;
}

std::string describe(const Scenario& scenario) {
  std::string text =
      fmt::format("engine: {}; remembers {} events; lists {}\n", scenario.flavour.name,
                  scenario.ring, scenario.lists_stopped ? "all" : "what runs");
  for (const Step& step : scenario.steps) {
    text += fmt::format("  after {:>9.3f} s  {:<16} {} {}\n",
                        std::chrono::duration<double>(step.after).count(), to_string(step.act),
                        step.target, step.value);
  }
  return text;
}

}  // namespace rollcall::simulation
