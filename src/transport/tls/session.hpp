// TLS as a client.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <rollcall/result.hpp>

#include "transport/endpoint.hpp"
#include "transport/tls/machine.hpp"

namespace rollcall::tls {

class Session final : public Machine {
 public:
  /// Reads the files that `endpoint.tls` names. Blocks for as long as small files take.
  ///
  /// Errors: tls, which says which file is missing, may not be read, or is unusable.
  static Result<std::unique_ptr<Session>> open(const Endpoint& endpoint);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Result<bool> handshake() override;
  Result<std::optional<std::size_t>> read(std::span<char> into) override;
  Result<void> write(std::string_view data) override;
  Result<void> receive(std::string_view bytes) override;
  std::string take_output() override;

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::tls
