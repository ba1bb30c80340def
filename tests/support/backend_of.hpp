// The backend of one driver, as the registry makes it.
#pragma once

#include <memory>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/backend.hpp>
#include <rollcall/config.hpp>

#include "core/async/env.hpp"
#include "core/driver.hpp"
#include "engine/reflector.hpp"

namespace rollcall::test {

inline std::unique_ptr<RuntimeBackend> backend_of(std::unique_ptr<Driver> driver,
                                                  const BackendOptions& options,
                                                  const boost::asio::any_io_executor& executor,
                                                  EnvPtr env) {
  ReflectorOptions reflector;
  reflector.include_stopped = options.include_stopped;
  reflector.log = options.log;
  return std::make_unique<Reflector>(std::move(driver), executor, std::move(env), reflector);
}

}  // namespace rollcall::test
