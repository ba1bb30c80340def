#include "transport/splitters/envelope_splitter.hpp"

#include <cctype>
#include <string>

#include "core/budgets.hpp"

namespace rollcall {
namespace {

constexpr std::size_t max_rest = budget::list_rest_bytes;

}  // namespace

std::unexpected<RuntimeError> EnvelopeSplitter::not_one() const {
  return fail({.kind = ErrorKind::protocol, .what = std::string(not_one_)});
}

/// Takes a byte outside of the array; returns true if it opens the array.
bool EnvelopeSplitter::take(char c) {
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
  if (c == '[' && depth_ == 1 && text_ == key_ && !has_array_) return true;
  if (c == '{' || c == '[') ++depth_;
  if ((c == '}' || c == ']') && depth_ > 0) --depth_;
  return false;
}

Result<void> EnvelopeSplitter::feed(std::string_view bytes, const JsonSplitter::Sink& sink) {
  while (!bytes.empty()) {
    if (in_array_) {
      auto taken = items_.feed_some(bytes, sink);
      if (!taken) return fail(std::move(taken.error()));
      bytes.remove_prefix(*taken);
      if (!items_.closed()) return {};
      in_array_ = false;
      rest_ += "[]";
      continue;
    }
    const bool ended = !rest_.empty() && depth_ == 0;
    const bool space = std::isspace(static_cast<unsigned char>(bytes.front())) != 0;
    if (ended && !space) return not_one();
    if (take(bytes.front())) {
      in_array_ = true;
      has_array_ = true;
      continue;
    }
    rest_ += bytes.front();
    if (rest_.front() != '{' || rest_.size() > max_rest) return not_one();
    bytes.remove_prefix(1);
  }
  return {};
}

Result<std::string_view> EnvelopeSplitter::finish() {
  if (rest_.empty() || depth_ != 0 || in_text_ || in_array_) return not_one();
  const std::size_t size = rest_.size();
  rest_.append(JsonSplitter::padding, ' ');
  return std::string_view(rest_).substr(0, size);
}

}  // namespace rollcall
