#include "backends/kubernetes/list_splitter.hpp"

#include <utility>

#include "core/json/json_walk.hpp"

namespace rollcall::kubernetes {

Result<ListHead> ListSplitter::finish() {
  auto rest = envelope_.finish();
  if (!rest) return fail(std::move(rest.error()));
  ListHead head;
  json_walk::ObjectReader reader;
  bool has_items = envelope_.has_array();
  const auto read = [&](std::string_view key, simdjson::ondemand::value value) {
    if (key == "items" && !has_items) has_items = value.is_null();
    if (key != "metadata") return simdjson::SUCCESS;
    return json_walk::each_field(value, [&head](std::string_view name, auto child) {
      if (name != "resourceVersion" && name != "continue") return simdjson::SUCCESS;
      std::string_view text;
      const auto error = json_walk::read_text(child, text);
      (name == "continue" ? head.continue_token : head.version) = text;
      return error;
    });
  };
  if (reader.read(*rest, read) || !has_items || head.version.empty()) {
    return fail({.kind = ErrorKind::protocol, .what = std::string(no_list)});
  }
  return head;
}

}  // namespace rollcall::kubernetes
