#include "core/readers/draft.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/text.hpp"

namespace rollcall::readers {
namespace {

constexpr std::size_t longest_key = 256;

}  // namespace

void Draft::put_txt(std::string_view key, std::string_view value, const Label& label) {
  const auto [at, added] = txt_.try_emplace(std::string(key));
  if (added) {
    at->second = {.value = std::string(value), .source = std::string(label.key)};
  } else {
    overridden(fmt::format("txt.{}", key), std::string(value), label.key, at->second.source);
  }
}

void Draft::put_enable(bool value, const Label& label, bool beats) {
  auto& slot = metadata_.enable;
  if (beats && !value && slot && slot->value) {
    overridden("enable", value_text(slot->value), slot->source, label.key);
    slot.reset();
  }
  put("enable", slot, value, label);
}

Metadata::Port& Draft::port(std::uint16_t port) {
  Metadata::Port& said = ports_[port];
  said.port = port;
  return said;
}

void Draft::overridden(std::string_view field, std::string value, std::string_view source,
                       std::string_view by) {
  if (!keep_overridden_) return;
  overridden_.push_back({.field = std::string(field),
                         .value = std::move(value),
                         .source = std::string(source),
                         .by = std::string(by)});
}

void Draft::malformed(const Label& label, std::size_t offset, std::string_view right) {
  problem(label, offset,
          label.secret ? fmt::format("its value is not {}", right)
                       : fmt::format("\"{}\" is not {}", excerpt(label.value), right));
}

void Draft::problem(const Label& label, std::size_t offset, std::string what) {
  constexpr std::size_t last = UINT32_MAX - 1;
  problems_.push_back({.where = excerpt(label.key, longest_key),
                       .what = std::move(what),
                       .position = static_cast<std::uint32_t>(std::min(offset, last) + 1)});
}

void Draft::problem(const Label& label, std::string what) {
  problems_.push_back({.where = excerpt(label.key, longest_key), .what = std::move(what)});
}

MetadataReading Draft::take() {
  for (auto& [key, value] : txt_) {
    metadata_.txt.push_back({.key = key, .value = std::move(value)});
  }
  for (auto& [port, said] : ports_) metadata_.ports.push_back(std::move(said));
  std::ranges::sort(problems_);
  std::ranges::sort(overridden_);
  MetadataReading reading{
      .metadata = nullptr, .problems = std::move(problems_), .overridden = std::move(overridden_)};
  if (metadata_ != Metadata{}) {
    reading.metadata = std::make_shared<const Metadata>(std::move(metadata_));
  }
  return reading;
}

}  // namespace rollcall::readers
