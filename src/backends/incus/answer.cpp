#include "backends/incus/answer.hpp"

#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "core/json/json_walk.hpp"
#include "core/secrets/secrets.hpp"

namespace rollcall::incus {
namespace {

constexpr std::size_t max_quoted_error = 300;

std::unexpected<RuntimeError> not_understood(std::string what) {
  return fail({.kind = ErrorKind::protocol, .what = std::move(what)});
}

/// The fields of an envelope besides its items.
struct Envelope {
  std::string_view type{};
  std::string_view object{};  ///< Of `metadata`; empty if it is something else.
  bool broken = false;
};

Envelope read_envelope(std::string_view json, json_walk::ObjectReader& reader) {
  Envelope envelope;
  const auto each = [&](std::string_view key, json_walk::ondemand::value value) {
    if (key == "type") return json_walk::take_text(value, envelope.type);
    if (key != "metadata") return simdjson::SUCCESS;
    json_walk::ondemand::object object;
    if (const auto error = value.get_object().get(object)) return json_walk::tolerate(error);
    return object.raw_json().get(envelope.object);
  };
  envelope.broken = reader.read(json, each) != simdjson::SUCCESS;
  return envelope;
}

}  // namespace

Result<void> ListAnswer::finish() {
  auto rest = envelope_.finish();
  if (!rest) return fail(std::move(rest.error()));
  json_walk::ObjectReader reader;
  const Envelope envelope = read_envelope(*rest, reader);
  if (!envelope.broken && envelope.type == "sync" && envelope_.has_array()) return {};
  return not_understood("the answer is no complete list of Incus' or LXD's API");
}

Result<void> read_object(std::string body, const JsonSplitter::Sink& sink) {
  const std::size_t size = body.size();
  body.append(JsonSplitter::padding, ' ');
  json_walk::ObjectReader reader;
  const Envelope envelope = read_envelope(std::string_view(body).substr(0, size), reader);
  if (envelope.broken || envelope.type != "sync" || envelope.object.empty()) {
    return not_understood("the answer is none of Incus' or LXD's API");
  }
  return sink(envelope.object);
}

std::string error_text(std::string_view body) {
  boost::system::error_code ec;
  const auto json = boost::json::parse(body, ec);
  const auto* error = !ec && json.is_object() ? json.get_object().if_contains("error") : nullptr;
  const bool told = error != nullptr && error->is_string();
  return quotation(told ? std::string_view(error->get_string()) : body, max_quoted_error);
}

}  // namespace rollcall::incus
