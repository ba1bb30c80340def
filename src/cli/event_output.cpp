#include "cli/event_output.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <string>
#include <utility>

#include "core/json/json.hpp"

namespace rollcall::cli {
namespace {

namespace asio = boost::asio;

std::string wall_clock() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  std::array<char, sizeof "00:00:00"> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%H:%M:%S", &local);
  return {text.data(), size};
}

}  // namespace

EventOutput::EventOutput(const Options& options, Console& console,
                         const asio::any_io_executor& executor)
    : options_(options),
      console_(console),
      output_(console.out(), executor),
      keeps_known_(options.output != Output::jsonl || !options.filters.empty()),
      lines_(console.colour()) {}

asio::awaitable<void> EventOutput::show(RuntimeEvent event) {
  const bool shown = wanted(event);
  std::string line;
  if (shown && options_.output == Output::jsonl) {
    line = json_text(event) + "\n";
  } else if (shown) {
    line = lines_.line(event, known_, wall_clock());
  }
  know(event);
  output_.write(line);
  // Until the reader is ready, the next event stays in the channel, where it can collapse.
  co_await output_.drained();
}

asio::awaitable<void> EventOutput::run() {
  co_await output_.run();
  if (output_.error() != ECANCELED) console_.set_write_error(output_.error());
}

bool EventOutput::wanted(const RuntimeEvent& event) const {
  const InstanceKey* key = key_of(event);
  if (key == nullptr || options_.filters.empty()) return true;
  const InstancePtr before = known_.find(*key);
  if (before && options_.filters.matches(*before)) return true;
  if (const auto* started = std::get_if<Started>(&event)) {
    return options_.filters.matches(*started->instance);
  }
  const auto* updated = std::get_if<Updated>(&event);
  return updated != nullptr && options_.filters.matches(*updated->instance);
}

}  // namespace rollcall::cli
