// An HTTP relay that keeps the watches of a client open when their server has gone.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace rollcall::support {

/// Listens on a Unix socket and forwards to another one, both ways, in a thread of its own.
///
/// A connection whose last request was a watch stays open towards the client when the server closes
/// it, until end_watches() ends its body regularly, with the last chunk. The client then resumes
/// the watch without having seen that the server had ended.
class KeepingRelay {
 public:
  /// Throws if it cannot listen.
  KeepingRelay(const std::string& listens_at, const std::string& leads_to);
  ~KeepingRelay();
  KeepingRelay(const KeepingRelay&) = delete;
  KeepingRelay& operator=(const KeepingRelay&) = delete;

  void end_watches();

  /// How often the text occurs in the server's answers.
  [[nodiscard]] std::size_t heard(std::string_view text) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::support
