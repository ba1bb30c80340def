// Pods of one template, as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall::bench {

/// A text with the marks @number@, @app@, @group@, @node@, @ip@, @word@ and @version@.
class PodTemplate {
 public:
  /// Throws if the text has an unknown mark.
  explicit PodTemplate(std::string_view text);

  /// Appends the pod of that number. `word` differs after each change; `version` is its
  /// resourceVersion.
  void write(std::string& to, std::size_t number, std::uint64_t word, std::uint64_t version) const;

 private:
  enum class Mark : std::uint8_t { none, number, app, group, node, ip, word, version };

  static Mark mark_of(std::string_view name);

  std::vector<std::pair<std::string, Mark>> parts_;  // a text, and the mark that follows it
};

}  // namespace rollcall::bench
