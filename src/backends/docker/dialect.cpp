#include "backends/docker/dialect.hpp"

namespace rollcall::docker {
namespace {

// Docker matches these by prefix, because of health_status; so none may be a prefix of "exec".
constexpr docker_api::Traits docker_traits{
    .name = "docker",
    .product = "Docker",
    .event_filters =
        R"({"type":["container","network"],"event":["start","restore","die","destroy","stop",)"
        R"("pause","unpause","rename","update","health_status","connect",)"
        R"("disconnect"]})",
    .lists_late = true,
};

class DockerDialect final : public docker_api::Dialect {
 public:
  DockerDialect() : Dialect(docker_traits) {}

  /// Docker's list tells all.
  [[nodiscard]] Task<void> complete(Listing /*listing*/) override { co_return Result<void>(); }
};

}  // namespace

docker_api::DialectPtr make_dialect() {
  return std::make_unique<DockerDialect>();
}

}  // namespace rollcall::docker
