// Walking foreign JSON with simdjson On-Demand: a value of the wrong type is told apart from broken
// JSON.
//
// All of these return SUCCESS, or INCORRECT_TYPE with the value untouched so that the walk can go
// on, or an error of the document itself, after which nothing more can be read of it. Null is an
// absent value. Texts are views that live as long as the JSON that is read, and until the parser's
// next document; read each value at most once.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <string_view>

#include <rollcall/result.hpp>
#include <simdjson.h>

#include "core/json/json_grammar.hpp"
#include "core/text/text.hpp"

namespace rollcall::json_walk {

namespace ondemand = simdjson::ondemand;

/// Whether a text of the document has an escape. Most texts are short, and a call would cost more
/// than the check; bytes after a text may be read, because those after the document may be, too.
inline bool has_escape(std::string_view text) {
  constexpr std::size_t size = 16;
  using Block = char __attribute__((ext_vector_type(size)));
  using Answer = bool __attribute__((ext_vector_type(size)));
  for (std::size_t from = 0; from < text.size(); from += size) {
    Block block;
    std::memcpy(&block, text.data() + from, size);
    const auto found = std::bit_cast<std::uint16_t>(__builtin_convertvector(block == '\\', Answer));
    const auto at = static_cast<std::size_t>(std::countr_zero(found));
    if (at < size && from + at < text.size()) return true;
  }
  return false;
}

/// The text written after a quote, without its `end`, if it can be taken literally, as nearly
/// always. Null if it has escapes, or blanks before or after its end.
inline std::string_view plain_text(std::string_view written, std::string_view end) {
  if (!written.ends_with(end) || has_escape(written)) return {};
  written.remove_suffix(end.size());
  return written;
}

/// Calls `each(key, value) -> error_code` for each field of an object, until one fails.
template <class Each>
simdjson::error_code each_field(ondemand::object object, Each each) {
  for (auto read : object) {
    if (read.error()) return read.error();
    ondemand::field& field = read.value_unsafe();
    const std::string_view next = field.value().raw_json_token();
    std::string_view key = plain_text({field.key().raw(), next.begin()}, "\":");
    if (key.data() == nullptr) {
      if (const auto error = field.unescaped_key().get(key)) return error;
    }
    ondemand::value value = field.value();
    if (const auto error = each(key, value)) return error;
  }
  return simdjson::SUCCESS;
}

template <class Each>
simdjson::error_code each_field(ondemand::value value, Each each) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return error;
  if (type == ondemand::json_type::null) return simdjson::SUCCESS;
  if (type != ondemand::json_type::object) return simdjson::INCORRECT_TYPE;
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return error;
  return each_field(object, each);
}

/// Calls `each(value) -> error_code` for each element of an array, until one fails.
template <class Each>
simdjson::error_code each_element(ondemand::value value, Each each) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return error;
  if (type == ondemand::json_type::null) return simdjson::SUCCESS;
  if (type != ondemand::json_type::array) return simdjson::INCORRECT_TYPE;
  ondemand::array array;
  if (const auto error = value.get_array().get(array)) return error;
  for (auto element : array) {
    ondemand::value item;
    if (const auto error = element.get(item)) return error;
    if (const auto error = each(item)) return error;
  }
  return simdjson::SUCCESS;
}

/// Reads a string; null leaves `out` as it is.
inline simdjson::error_code read_text(ondemand::value value, std::string_view& out) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return error;
  if (type == ondemand::json_type::null) return simdjson::SUCCESS;
  if (type != ondemand::json_type::string) return simdjson::INCORRECT_TYPE;
  std::string_view token = value.raw_json_token();
  token.remove_prefix(1);
  const std::string_view plain = plain_text(token, "\"");
  if (plain.data() == nullptr) return value.get_string().get(out);
  out = plain;
  return value.get_raw_json_string().error();
}

/// Ignores a wrong type: the value stays as it was.
inline simdjson::error_code tolerate(simdjson::error_code error) {
  return error == simdjson::INCORRECT_TYPE ? simdjson::SUCCESS : error;
}

/// Reads a string; anything else leaves `out` as it is.
inline simdjson::error_code take_text(ondemand::value value, std::string_view& out) {
  return tolerate(read_text(value, out));
}

/// Reads a whole number of 64 bits; null leaves `out` as it is.
inline simdjson::error_code read_integer(ondemand::value value, std::int64_t& out) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return error;
  if (type == ondemand::json_type::null) return simdjson::SUCCESS;
  if (type != ondemand::json_type::number) return simdjson::INCORRECT_TYPE;
  std::int64_t number = 0;
  if (value.get_int64().get(number)) return simdjson::INCORRECT_TYPE;
  out = number;
  return simdjson::SUCCESS;
}

/// Reads a truth value; null leaves `out` as it is.
inline simdjson::error_code read_bool(ondemand::value value, bool& out) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return error;
  if (type == ondemand::json_type::null) return simdjson::SUCCESS;
  if (type != ondemand::json_type::boolean) return simdjson::INCORRECT_TYPE;
  return value.get_bool().get(out);
}

/// Reads one JSON object after the other and keeps its memory between them.
class ObjectReader {
 public:
  /// Calls `each(key, value)` for each field of the object. The 64 bytes after `json` must be
  /// readable. The parts that `each` does not read must be JSON as well, or the walk ends in an
  /// error; an error of `each` ends it before they are checked.
  ///
  /// One bad byte would make all of it unreadable, so text that is not UTF-8 is repaired first.
  template <class Each>
  simdjson::error_code read(std::string_view json, Each each) {
    ondemand::document document;
    auto error = parser_.iterate(json, json.size() + simdjson::SIMDJSON_PADDING).get(document);
    repaired_ = error == simdjson::UTF8_ERROR;
    if (repaired_) {
      copy_ = simdjson::padded_string(valid_utf8(json));
      error = parser_.iterate(copy_).get(document);
    }
    if (error) return error;
    ondemand::object object;
    error = document.get_object().get(object);
    if (!error) error = each_field(object, each);
    if (error) return error;
    const std::string_view whole = repaired_ ? std::string_view(copy_) : json;
    return is_json(whole) ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
  }

  /// Whether the last object had bytes that were replaced by U+FFFD.
  [[nodiscard]] bool repaired() const noexcept { return repaired_; }

 private:
  ondemand::parser parser_;
  simdjson::padded_string copy_;
  bool repaired_ = false;
};

/// The error of a text that should be an object and cannot be read as one: protocol, without an
/// endpoint. `what` begins the sentence.
[[nodiscard]] std::unexpected<RuntimeError> not_an_object(std::string_view what,
                                                          std::string_view text,
                                                          simdjson::error_code error);

/// Finds the text of a field in an object that is broken somewhere, by its tokens alone; empty if
/// it is not there. Escapes stay as they are.
std::string_view salvage_text(std::string_view json, std::string_view key);

/// The same for a field that is an object: from its bracket to the end of what there is.
std::string_view salvage_object(std::string_view json, std::string_view key);

}  // namespace rollcall::json_walk
