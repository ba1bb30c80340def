// rollcall_simulation: runs the reflector against simulated engines, each run from a seed.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string_view>

#include <fmt/format.h>

#include "simulation/shrink.hpp"
#include "simulation/simulation.hpp"

namespace rollcall::simulation {
namespace {

constexpr std::string_view usage =
    "rollcall_simulation [--seed N] [--from N] [--runs N] [--shrink] [--trace] [--twice]\n"
    "  --seed N    one run\n"
    "  --from N    the first seed of several, 1 if not said\n"
    "  --runs N    how many, 2000 if not said\n"
    "  --shrink    make the scenario of a failing run small before it is printed\n"
    "  --trace     print all that happens\n"
    "  --twice     do each run twice, and fail if the second differs\n";

struct Options {
  std::uint64_t from = 1;
  std::uint64_t runs = 2000;
  bool shrinks = false;
  bool traces = false;
  bool twice = false;
  bool wrong = false;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool takes_number = word == "--seed" || word == "--from" || word == "--runs";
    if (takes_number && i + 1 < argc) {
      const std::uint64_t number = std::stoull(argv[++i]);
      (word == "--runs" ? options.runs : options.from) = number;
      if (word == "--seed") options.runs = 1;
    } else if (word == "--shrink") {
      options.shrinks = true;
    } else if (word == "--trace") {
      options.traces = true;
    } else if (word == "--twice") {
      options.twice = true;
    } else {
      options.wrong = true;
    }
  }
  return options;
}

void print_trace(const Scenario& scenario) {
  for (const std::string& line : simulate(scenario, true).lines) std::cout << line << '\n';
}

void print_failure(Scenario scenario, std::string_view law, const Options& options,
                   std::uint64_t run) {
  std::cout << fmt::format("broken law: {}\n  after {} runs, seed {}\n", law, run, scenario.seed);
  if (options.shrinks) {
    const std::size_t steps = scenario.steps.size();
    scenario = shrink(std::move(scenario));
    std::cout << fmt::format("  shrunk from {} steps to {}: {}\n", steps, scenario.steps.size(),
                             simulate(scenario).broken.value_or("it does not fail any more"));
  }
  std::cout << describe(scenario);
  if (options.traces) print_trace(scenario);
  std::cout << fmt::format("again: rollcall_simulation --seed {} --shrink --trace\n",
                           scenario.seed);
}

int run(const Options& options) {
  const auto began = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < options.runs; ++i) {
    const Scenario scenario = make_scenario(options.from + i);
    const Verdict verdict = simulate(scenario);
    if (verdict.broken) {
      print_failure(scenario, *verdict.broken, options, i + 1);
      return 1;
    }
    if (options.twice && simulate(scenario).hash != verdict.hash) {
      std::cout << fmt::format("broken law: a seed reproduces its run: seed {}\n", scenario.seed);
      return 1;
    }
    if (options.runs > 1) continue;
    if (options.traces) print_trace(scenario);
    std::cout << fmt::format("seed {}: trace {:016x}\n", scenario.seed, verdict.hash);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::cout << fmt::format("{} runs from seed {}, no law broken, {:.0f} runs a second\n",
                           options.runs, options.from,
                           static_cast<double>(options.runs) / took.count());
  return 0;
}

}  // namespace
}  // namespace rollcall::simulation

int main(int argc, char** argv) {
  const auto options = rollcall::simulation::parse(argc, argv);
  if (options.wrong) {
    std::cerr << rollcall::simulation::usage;
    return 2;
  }
  return rollcall::simulation::run(options);
}
