// How Docker itself speaks its API.
#pragma once

#include "backends/docker_api/dialect.hpp"

namespace rollcall::docker {

docker_api::DialectPtr make_dialect();

}  // namespace rollcall::docker
