// A third-party program that uses coroutines, as the library does.
#include <iostream>
#include <memory>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <rollcall/backend.hpp>

namespace {

boost::asio::awaitable<void> list(rollcall::RuntimeBackend& backend) {
  const auto instances = co_await backend.list_instances();
  if (!instances) {
    std::cerr << instances.error().describe() << std::endl;
    co_return;
  }
  for (const auto& instance : *instances) std::cout << "listed " << instance->name << std::endl;
}

}  // namespace

int main(int, char** argv) {
  boost::asio::io_context io;
  rollcall::BackendOptions options;
  options.endpoint = argv[1];
  const auto backend = rollcall::make_backend(rollcall::RuntimeBackendKind::docker,
                                              std::move(options), io.get_executor());
  if (!backend) return 1;
  boost::asio::co_spawn(io, list(**backend), [](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  io.run();
}
