#include "server/api/answers.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <utility>

#include "server/http/problem.hpp"

namespace rollcall::server {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// How long a text is safe from being given up after its latest reader has begun.
constexpr auto patience = 5s;

}  // namespace

struct Answers::State {
  explicit State(std::size_t its_most) : most(its_most) {}

  std::size_t most;
  std::size_t bytes = 0;
  std::list<Held*> counted{};  // by the start of the latest reader, oldest first
  std::map<std::string, std::weak_ptr<Held>> by_key{};
  std::map<const std::string*, std::weak_ptr<Held>> by_text{};
};

/// A text and its accounting entry, owned by the readers' pointers.
struct Answers::Held {
  Held(std::shared_ptr<State> its_state, SharedText its_text)
      : state(std::move(its_state)), text(std::move(its_text)) {}
  ~Held() {
    if (is_counted) {
      state->bytes -= text->size();
      state->counted.erase(place);
    }
    if (!key.empty() && !given_up) state->by_key.erase(key);
    const auto known = state->by_text.find(text.get());
    if (known != state->by_text.end() && known->second.expired()) state->by_text.erase(known);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  void count() {
    if (std::exchange(is_counted, true)) return;
    since = Clock::now();
    state->bytes += text->size();
    place = state->counted.insert(state->counted.end(), this);
  }

  /// Adds a reader.
  void read_again() {
    since = Clock::now();
    if (is_counted) state->counted.splice(state->counted.end(), state->counted, place);
  }

  std::shared_ptr<State> state;
  SharedText text;
  std::string key{};
  Clock::time_point since = Clock::now();
  std::list<Held*>::iterator place{};
  bool is_counted = false;
  bool given_up = false;
};

Answers::Answers(std::size_t most) : state_(std::make_shared<State>(most)) {}

std::size_t Answers::bytes() const noexcept {
  return state_->bytes;
}

HeldText Answers::give(const std::shared_ptr<Held>& held) {
  held->read_again();
  return {.text = SharedText(held, held->text.get()),
          .given_up = std::shared_ptr<const bool>(held, &held->given_up)};
}

HeldText Answers::find(const std::string& key) {
  const auto recent = std::ranges::find(recent_, key, &Recent::key);
  if (recent != recent_.end()) return hold(recent->text);
  const auto known = state_->by_key.find(key);
  if (known == state_->by_key.end()) return {};
  const auto held = known->second.lock();
  return held ? give(held) : HeldText{};
}

std::size_t Answers::room() {
  if (state_->bytes == 0) return SIZE_MAX;
  if (!has_room()) return budget::short_answer_bytes;
  return std::max(state_->most - state_->bytes, budget::short_answer_bytes);
}

bool Answers::has_room(std::size_t extra) {
  if (state_->bytes < state_->most + extra) return true;
  make_room();
  return state_->bytes < state_->most + extra;
}

HeldText Answers::hold(SharedText text, const std::string& key) {
  if (text->size() <= budget::short_answer_bytes) {
    remember(key, text);
    return {.text = std::move(text), .given_up = {}};
  }
  if (const auto known = state_->by_text.find(text.get()); known != state_->by_text.end()) {
    const auto held = known->second.lock();
    if (held && !held->given_up) return give(held);
  }
  if (text->size() > room()) {
    make_room();
    return {};
  }
  remember(key, text);
  const auto held = std::make_shared<Held>(state_, std::move(text));
  state_->by_text[held->text.get()] = held;
  if (!key.empty() && state_->by_key.try_emplace(key, held).second) held->key = key;
  held->count();
  return give(held);
}

void Answers::remember(const std::string& key, const SharedText& text) {
  if (key.empty() || text->size() > budget::recent_answer_bytes) return;
  if (recent_.size() == budget::recent_answers) recent_.pop_front();
  recent_.push_back({.key = key, .text = text});
}

HeldText Answers::keep(SharedText text) {
  const auto held = std::make_shared<Held>(state_, std::move(text));
  state_->by_text[held->text.get()] = held;
  return give(held);
}

void Answers::count(const HeldText& kept) {
  const auto known = state_->by_text.find(kept.text.get());
  if (known == state_->by_text.end()) return;
  if (const auto held = known->second.lock()) held->count();
}

void Answers::make_room() {
  const auto before = Clock::now() - patience;
  for (Held* held : state_->counted) {
    if (held->since > before) break;
    if (std::exchange(held->given_up, true)) continue;
    // New readers get another text.
    if (!held->key.empty()) state_->by_key.erase(held->key);
  }
}

Reply too_much_is_read() {
  Reply busy = problem(503,
                       "long answers are being read slowly by others, and there is no room for one "
                       "more: ask again soon, or for less");
  busy.headers.emplace_back("Retry-After", "5");
  return busy;
}

}  // namespace rollcall::server
