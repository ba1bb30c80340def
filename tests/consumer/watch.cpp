// A third-party program: it uses only the installed headers, and needs no more than C++20.
#include <chrono>
#include <future>
#include <iostream>
#include <variant>

#include <rollcall/inventory.hpp>
#include <rollcall/watcher.hpp>

int main(int, char** argv) {
  using namespace std::chrono_literals;
  rollcall::Inventory inventory;
  std::promise<void> complete;
  rollcall::WatcherOptions options;
  options.engines = {{.kind = rollcall::RuntimeBackendKind::docker, .endpoint = argv[1]}};
  options.on_event = [&](const rollcall::RuntimeEvent& event) {
    inventory.apply(event);
    if (const auto* started = std::get_if<rollcall::Started>(&event)) {
      std::cout << "started " << started->instance->name << std::endl;
    }
    if (inventory.size() == 2) complete.set_value();
  };
  rollcall::Watcher watcher(std::move(options));
  for (const auto& instance : watcher.list().instances) {
    std::cout << "listed " << instance->name << std::endl;
  }
  if (const auto error = watcher.start()) {
    std::cerr << error->describe() << std::endl;
    return 1;
  }
  return complete.get_future().wait_for(20s) == std::future_status::ready ? 0 : 1;
}
