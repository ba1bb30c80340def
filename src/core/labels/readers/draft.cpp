#include "core/labels/readers/draft.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/text/text.hpp"

namespace rollcall::readers {
namespace {

constexpr std::size_t longest_key = 256;

std::size_t bytes_of(const Route& route) {
  std::size_t bytes = route.name.size() + route.source.size();
  for (const auto* texts : {&route.hosts, &route.paths}) {
    for (const std::string& text : *texts) bytes += text.size() + sizeof(std::string);
  }
  return bytes;
}

}  // namespace

void Draft::put_txt(std::string_view key, std::string_view value, const Label& label) {
  if (const auto known = txt_.find(key); known != txt_.end()) {
    return overridden(fmt::format("txt.{}", key), std::string(value), label.key,
                      known->second.source);
  }
  if (txt_.size() == most_txt) {
    if (!std::exchange(too_many_txt_, true)) {
      problem(label, fmt::format("an instance may have {} TXT entries; this one and all further "
                                 "ones are left out",
                                 most_txt));
    }
    return;
  }
  txt_.try_emplace(std::string(key), Sourced<std::string>{.value = std::string(value),
                                                          .source = std::string(label.key)});
}

void Draft::put_enable(bool value, const Label& label, bool our_own) {
  auto& slot = metadata_.enable;
  if (!value && slot && slot->value && (our_own || !enable_is_our_own_)) {
    overridden("enable", value_text(slot->value), slot->source, label.key);
    slot.reset();
  }
  if (!slot) enable_is_our_own_ = our_own;
  put("enable", slot, value, label);
}

void Draft::add_route(Route route, std::string_view disabled_by) {
  if (routes_ > most_routes) return;
  route_bytes_ += bytes_of(route);
  const bool too_long = route_bytes_ > budget::label_route_bytes;
  if (++routes_ > most_routes || too_long) {
    routes_ = most_routes + 1;
    return add_problem(
        {.where = excerpt(route.source, longest_key),
         .what = fmt::format("an instance may have {} routes, of {} KiB together; this one and all "
                             "further ones are left out",
                             most_routes, budget::label_route_bytes >> 10U)});
  }
  if (disabled_by.empty()) {
    metadata_.routes.push_back(std::move(route));
  } else if (keep_overridden_) {
    overridden("routes." + route.name, value_text(route), route.source, disabled_by);
  }
}

Metadata::Port* Draft::port(std::uint16_t port, const Label& label) {
  if (ports_.size() == budget::label_ports && !ports_.contains(port)) {
    if (!std::exchange(too_many_ports_, true)) {
      problem(label, fmt::format("labels may describe {} ports of an instance; this one and all "
                                 "further ones are left out",
                                 budget::label_ports));
    }
    return nullptr;
  }
  Metadata::Port& said = ports_[port];
  said.port = port;
  return &said;
}

void Draft::overridden(std::string_view field, std::string value, std::string_view source,
                       std::string_view by) {
  if (!keep_overridden_ || overridden_.size() > budget::label_overridden) return;
  if (overridden_.size() == budget::label_overridden) {
    overridden_.push_back(
        {.field = "labels", .value = "more than is told here", .source = "others", .by = "others"});
    return;
  }
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
  add_problem({.where = excerpt(label.key, longest_key),
               .what = std::move(what),
               .position = static_cast<std::uint32_t>(std::min(offset, last) + 1)});
}

void Draft::problem(const Label& label, std::string what) {
  add_problem({.where = excerpt(label.key, longest_key), .what = std::move(what)});
}

void Draft::add_problem(Problem problem) {
  if (problems_.size() > most_problems) return;
  if (problems_.size() == most_problems) {
    problem = {.where = "labels",
               .what = fmt::format("more than {} things about them cannot be understood; the rest "
                                   "is not told",
                                   most_problems)};
  }
  problems_.push_back(std::move(problem));
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
