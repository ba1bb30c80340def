#include <iostream>

#include <rollcall/watcher.hpp>

int main() {
  rollcall::Watcher watcher({.on_event = [](const rollcall::RuntimeEvent& event) {
    const rollcall::InstanceKey* key = rollcall::key_of(event);
    std::cout << type_of(event) << ' ' << (key ? key->id : "") << std::endl;
  }});
  if (watcher.start()) return 1;
  std::cin.get();  // until Enter is pressed
}
