#include "backends/incus/answer.hpp"

#include <cctype>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "core/text.hpp"

namespace rollcall::incus {
namespace {

constexpr std::size_t max_key = 32;
constexpr std::size_t max_quoted_error = 300;

std::unexpected<RuntimeError> no_envelope() {
  return fail({.kind = ErrorKind::protocol,
               .endpoint = {},
               .what = "the answer is none of Incus' or LXD's API",
               .remedy = {}});
}

bool opens(char c) {
  return c == '{' || c == '[';
}
bool closes(char c) {
  return c == '}' || c == ']';
}

}  // namespace

/// A byte of the envelope, outside of its texts.
Result<void> AnswerSplitter::take_outside(char c) {
  const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
  if (depth_ == 0 && !space && (begun_ || c != '{')) return no_envelope();
  begun_ = begun_ || c == '{';
  const bool value = value_is_next_ && !space;
  if (value && opens(c)) {
    items_.emplace(c == '[' ? JsonSplitter::Shape::array : JsonSplitter::Shape::stream);
    in_items_ = true;
  }
  if (value) value_is_next_ = false;
  if (c == ':' && depth_ == 1) value_is_next_ = text_ == "metadata" && !items_;
  if (c == '"') {
    in_text_ = true;
    text_.clear();
  }
  if (opens(c)) ++depth_;
  if (closes(c)) --depth_;
  return {};
}

void AnswerSplitter::take_text(char c) {
  if (escaped_) {
    escaped_ = false;
  } else if (c == '\\') {
    escaped_ = true;
  } else if (c == '"') {
    in_text_ = false;
    return;
  }
  if (depth_ == 1 && text_.size() < max_key) text_ += c;
}

/// Up to where the bytes belong to `metadata`; its end is where its last bracket closes.
std::size_t AnswerSplitter::end_of_items(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (in_text_) {
      take_text(c);
      continue;
    }
    if (c == '"') in_text_ = true;
    if (opens(c)) ++depth_;
    if (closes(c) && --depth_ == 1) {
      in_items_ = false;
      return at + 1;
    }
  }
  return bytes.size();
}

Result<void> AnswerSplitter::feed(std::string_view bytes, const JsonSplitter::Sink& sink) {
  for (std::size_t at = 0; at < bytes.size();) {
    if (in_text_ && !in_items_) {
      take_text(bytes[at++]);
      continue;
    }
    if (!in_items_) {
      auto taken = take_outside(bytes[at]);
      if (!taken) return taken;
      if (!in_items_) {
        ++at;
        continue;
      }
      --depth_;  // the bracket that opens the items is theirs
    }
    const std::size_t size = end_of_items(bytes.substr(at));
    auto fed = items_->feed(bytes.substr(at, size), sink);
    if (!fed) return fed;
    at += size;
  }
  return {};
}

Result<void> AnswerSplitter::finish() const {
  if (!begun_ || depth_ > 0) return no_envelope();
  return {};
}

std::string error_text(std::string_view body) {
  boost::system::error_code ec;
  const auto json = boost::json::parse(body, ec);
  const auto* error = !ec && json.is_object() ? json.get_object().if_contains("error") : nullptr;
  const bool told = error != nullptr && error->is_string();
  return excerpt(told ? std::string_view(error->get_string()) : body, max_quoted_error);
}

}  // namespace rollcall::incus
