// An interface for sessions whose engine can tell its identity.
#pragma once

#include <string>

#include <rollcall/task.hpp>

namespace rollcall {

/// For runtimes whose instances have globally unique ids: two endpoints that list the same ids are
/// one engine, or one of them lies.
class Identified {
 public:
  virtual ~Identified() = default;

  /// A value that is unique to the engine's installation and constant for its life. Empty: the
  /// engine does not tell. Makes one request.
  [[nodiscard]] virtual Task<std::string> identity() = 0;
};

}  // namespace rollcall
