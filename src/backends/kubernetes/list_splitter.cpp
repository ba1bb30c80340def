#include "backends/kubernetes/list_splitter.hpp"

#include <cctype>
#include <utility>

#include "core/json_walk.hpp"

namespace rollcall::kubernetes {
namespace {

constexpr std::size_t max_rest = std::size_t{64} << 10U;

std::unexpected<RuntimeError> no_list() {
  return fail({.kind = ErrorKind::protocol,
               .endpoint = {},
               .what = "the answer is no list of the Kubernetes API",
               .remedy = {}});
}

}  // namespace

/// Takes a byte outside of the items; true if they begin with it.
bool ListSplitter::take(char c) {
  if (in_text_) {
    in_text_ = escaped_ || c != '"';
    escaped_ = !escaped_ && c == '\\';
    if (in_text_ && depth_ == 1) text_ += c;
    return false;
  }
  if (c == '"') {
    in_text_ = true;
    if (depth_ == 1) text_.clear();
  }
  if (c == ',' && depth_ == 1) text_.clear();
  if (c == '[' && depth_ == 1 && text_ == "items" && !has_items_) return true;
  if (c == '{' || c == '[') ++depth_;
  if ((c == '}' || c == ']') && depth_ > 0) --depth_;
  return false;
}

Result<void> ListSplitter::feed(std::string_view bytes, const JsonSplitter::Sink& sink) {
  while (!bytes.empty()) {
    if (in_items_) {
      auto taken = items_.feed_some(bytes, sink);
      if (!taken) return fail(std::move(taken.error()));
      bytes.remove_prefix(*taken);
      if (!items_.closed()) return {};
      in_items_ = false;
      rest_ += "[]";
      continue;
    }
    const bool ended = !rest_.empty() && depth_ == 0;
    const bool space = std::isspace(static_cast<unsigned char>(bytes.front())) != 0;
    if (ended && !space) return no_list();
    if (take(bytes.front())) {
      in_items_ = true;
      has_items_ = true;
      continue;
    }
    rest_ += bytes.front();
    if (rest_.front() != '{' || rest_.size() > max_rest) return no_list();
    bytes.remove_prefix(1);
  }
  return {};
}

Result<ListHead> ListSplitter::finish() {
  ListHead head;
  const std::size_t size = rest_.size();
  rest_.append(JsonSplitter::padding, ' ');
  json_walk::ObjectReader reader;
  bool has_items = false;
  const auto read = [&](std::string_view key, simdjson::ondemand::value value) {
    has_items = has_items || key == "items";  // perhaps null
    if (key != "metadata") return simdjson::SUCCESS;
    return json_walk::each_field(value, [&head](std::string_view name, auto child) {
      if (name != "resourceVersion" && name != "continue") return simdjson::SUCCESS;
      std::string_view text;
      const auto error = json_walk::read_text(child, text);
      (name == "continue" ? head.continue_token : head.version) = text;
      return error;
    });
  };
  const auto error = reader.read(std::string_view(rest_).substr(0, size), read);
  const bool whole = !error && depth_ == 0 && !in_text_ && !in_items_ && has_items;
  if (!whole || head.version.empty()) return no_list();
  return head;
}

}  // namespace rollcall::kubernetes
