// The common base of real engines: real time, and a backend made as a program makes it.
#pragma once

#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>

#include "conformance/backend_under_test.hpp"

namespace rollcall::conformance {

class RealBackend : public BackendUnderTest {
 public:
  explicit RealBackend(RuntimeBackendKind kind) : kind_(kind) {}

  [[nodiscard]] std::unique_ptr<RuntimeBackend> make(MakeOptions options) override {
    BackendOptions backend;
    backend.endpoint = options.endpoint.empty() ? endpoint() : options.endpoint;
    backend.include_stopped = options.include_stopped;
    backend.log = options.log;
    const auto kind = options.automatic ? RuntimeBackendKind::automatic : kind_;
    auto made = make_backend(kind, std::move(backend), io_.get_executor());
    if (!made) throw std::runtime_error(made.error().describe());
    return std::move(*made);
  }

  [[nodiscard]] boost::asio::io_context& io() override { return io_; }

  void let_pass() override {
    constexpr std::chrono::milliseconds moment{5};
    io_.restart();
    io_.run_one_for(moment);
    io_.poll();
  }

 private:
  RuntimeBackendKind kind_;
  boost::asio::io_context io_;
};

}  // namespace rollcall::conformance
