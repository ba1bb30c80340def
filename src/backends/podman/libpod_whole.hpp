// A container that Docker's list fails over, as Podman's own list tells it.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "backends/docker_api/decode.hpp"
#include "core/masking.hpp"

namespace rollcall::podman {

/// Keeps its parser's memory, so make one for many.
class WholeDecoder {
 public:
  explicit WholeDecoder(Masker masker = Masker());
  ~WholeDecoder();

  /// Decodes one object of Podman's own list: what Docker's list would tell, but for the addresses.
  /// The backend and the endpoint are left to the caller. The 64 bytes after `item` must be
  /// readable.
  ///
  /// Nothing, if it is not JSON or has no id.
  [[nodiscard]] std::optional<docker_api::DecodedContainer> decode(std::string_view item);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  Masker masker_;
};

}  // namespace rollcall::podman
