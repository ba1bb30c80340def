#include "backends/podman/libpod_whole.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "backends/docker_api/list_item.hpp"
#include "core/json/json_walk.hpp"
#include "core/secrets/secrets.hpp"

namespace rollcall::podman {
namespace {

using json_walk::each_element;
using json_walk::each_field;
using json_walk::read_text;
using simdjson::error_code;
using Value = simdjson::ondemand::value;

/// Reads into the words of Docker's list. A field of the wrong type is a problem, broken JSON an
/// error.
class ItemReader {
 public:
  ItemReader(docker_api::ListItem& item, std::int64_t& exit_code)
      : item_(item), exit_code_(exit_code) {}

  error_code operator()(std::string_view key, Value value) {
    if (key == "Id") return note(key, "a text", read_text(value, item_.id));
    if (key == "Image") return note(key, "a text", read_text(value, item_.image));
    if (key == "State") return note(key, "a text", read_text(value, item_.state));
    if (key == "Names") return names(value);
    if (key == "Networks") return networks(value);
    if (key == "Labels") return labels(value);
    if (key == "ExitCode") {
      return note(key, "a whole number", json_walk::read_integer(value, exit_code_));
    }
    return simdjson::SUCCESS;
  }

 private:
  error_code names(Value value) {
    return note("Names", "a list of texts", each_element(value, [this](Value element) {
                  std::string_view name;
                  const auto error = read_text(element, name);
                  if (!name.empty()) item_.names.push_back(name);
                  return error;
                }));
  }

  error_code networks(Value value) {
    return note("Networks", "a list of texts", each_element(value, [this](Value element) {
                  std::string_view name;
                  const auto error = read_text(element, name);
                  if (!name.empty())
                    item_.networks.push_back({.name = name, .ipv4 = {}, .ipv6 = {}});
                  return error;
                }));
  }

  error_code labels(Value value) {
    return note("Labels", "an object", each_field(value, [this](std::string_view key, Value child) {
                  std::string_view label;
                  const auto error = read_text(child, label);
                  if (error == simdjson::SUCCESS) item_.labels.emplace_back(key, label);
                  return note(fmt::format("Labels.{}", quotation(key)), "a text", error);
                }));
  }

  error_code note(std::string_view where, std::string_view expected, error_code error) {
    if (error != simdjson::INCORRECT_TYPE) return error;
    item_.problems.push_back(
        {.where = std::string(where), .what = fmt::format("is not {}", expected)});
    return simdjson::SUCCESS;
  }

  docker_api::ListItem& item_;
  std::int64_t& exit_code_;
};

}  // namespace

struct WholeDecoder::Parser {
  json_walk::ObjectReader reader;
  docker_api::ListItem fields;
};

WholeDecoder::WholeDecoder(Masker masker) : parser_(std::make_unique<Parser>()), masker_(masker) {}

WholeDecoder::~WholeDecoder() = default;

std::optional<docker_api::DecodedContainer> WholeDecoder::decode(std::string_view item) {
  docker_api::ListItem& fields = parser_->fields;
  fields.clear();
  std::int64_t exit_code = 0;
  const auto error = parser_->reader.read(item, ItemReader(fields, exit_code));
  if (error || fields.id.empty()) return std::nullopt;
  const std::string status = fmt::format("Exited ({})", exit_code);  // as Docker's list has it
  if (fields.state == "exited" || fields.state == "stopped") fields.status = status;
  return docker_api::interpret(fields, masker_);
}

}  // namespace rollcall::podman
