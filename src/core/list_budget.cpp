#include "core/list_budget.hpp"

#include <fmt/format.h>

#include "core/memory_of.hpp"

namespace rollcall {
namespace {

RuntimeError too_much(const std::string& endpoint, std::string what) {
  return {.kind = ErrorKind::protocol,
          .endpoint = endpoint,
          .what = "the engine lists more than " + std::move(what),
          .remedy = "narrow what is watched, or see what makes so much"};
}

}  // namespace

Result<void> ListBudget::take_item() {
  if (++items_ <= limits_.items) return {};
  return fail(too_much(endpoint_, fmt::format("{} items", limits_.items)));
}

Result<void> ListBudget::take_bytes(std::size_t bytes) {
  bytes_ += bytes;
  if (bytes_ <= limits_.bytes) return {};
  return fail(too_much(endpoint_, fmt::format("{} MiB of instances", limits_.bytes >> 20U)));
}

Result<void> ListBudget::take(const Instance& instance) {
  auto taken = take_item();
  if (!taken) return taken;
  return take_bytes(memory_of(instance));
}

Result<void> AnswerBudget::take(std::size_t bytes) {
  if (bytes <= left_) {
    left_ -= bytes;
    return {};
  }
  return fail({.kind = ErrorKind::protocol,
               .endpoint = endpoint_,
               .what = "the answer to a list has no end",
               .remedy = "the engine does not behave as one: look at its log"});
}

}  // namespace rollcall
