#include <algorithm>
#include <array>
#include <functional>
#include <string>

#include <rollcall/labels.hpp>

namespace rollcall {
namespace {

// An entry is a byte that names its key, the key if that byte is `spelled_out`, and the value; key
// and value each begin with their length, seven bits a byte, the lowest first.
constexpr unsigned char spelled_out = 0;

// Keys that tools put on nearly every instance are stored as their index in this table plus one.
// Sorted.
constexpr auto common_keys = std::to_array<std::string_view>({
    "PODMAN_SYSTEMD_UNIT",
    "app.kubernetes.io/component",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/version",
    "com.docker.compose.config-hash",
    "com.docker.compose.container-number",
    "com.docker.compose.depends_on",
    "com.docker.compose.image",
    "com.docker.compose.oneoff",
    "com.docker.compose.project",
    "com.docker.compose.project.config_files",
    "com.docker.compose.project.environment_file",
    "com.docker.compose.project.working_dir",
    "com.docker.compose.replace",
    "com.docker.compose.service",
    "com.docker.compose.version",
    "com.docker.stack.namespace",
    "com.docker.swarm.node.id",
    "com.docker.swarm.service.id",
    "com.docker.swarm.service.name",
    "com.docker.swarm.task",
    "com.docker.swarm.task.id",
    "com.docker.swarm.task.name",
    "io.buildah.version",
    "io.podman.compose.config-hash",
    "io.podman.compose.project",
    "io.podman.compose.service",
    "io.podman.compose.version",
    "k8s-app",
    "maintainer",
    "org.opencontainers.image.authors",
    "org.opencontainers.image.base.name",
    "org.opencontainers.image.created",
    "org.opencontainers.image.description",
    "org.opencontainers.image.documentation",
    "org.opencontainers.image.licenses",
    "org.opencontainers.image.ref.name",
    "org.opencontainers.image.revision",
    "org.opencontainers.image.source",
    "org.opencontainers.image.title",
    "org.opencontainers.image.url",
    "org.opencontainers.image.vendor",
    "org.opencontainers.image.version",
    "pod-template-hash",
    "traefik.enable",
});
static_assert(std::ranges::is_sorted(common_keys) && common_keys.size() < 256);

unsigned char code_of(std::string_view key) {
  const auto at = std::ranges::lower_bound(common_keys, key);
  if (at == common_keys.end() || *at != key) return spelled_out;
  return static_cast<unsigned char>(at - common_keys.begin() + 1);
}

void append_text(std::string& packed, std::string_view text) {
  std::size_t rest = text.size();
  for (; rest >= 0x80; rest >>= 7U) packed += static_cast<char>(0x80U | (rest & 0x7fU));
  packed += static_cast<char>(rest);
  packed += text;
}

void append(std::string& packed, const Labels::Entry& entry) {
  const unsigned char code = code_of(entry.first);
  packed += static_cast<char>(code);
  if (code == spelled_out) append_text(packed, entry.first);
  append_text(packed, entry.second);
}

// Takes a text with its length off the front.
std::string_view take_text(const char*& at) {
  std::size_t size = 0;
  unsigned shift = 0;
  unsigned char byte = 0;
  do {
    byte = static_cast<unsigned char>(*at++);
    size |= std::size_t{byte & 0x7fU} << shift;
    shift += 7;
  } while ((byte & 0x80U) != 0);
  const std::string_view text(at, size);
  at += size;
  return text;
}

Labels::Entry take(const char*& at) {
  const auto code = static_cast<unsigned char>(*at++);
  const std::string_view key = code == spelled_out ? take_text(at) : common_keys.at(code - 1U);
  return {key, take_text(at)};
}

std::size_t most_bytes_of(const std::vector<Labels::Entry>& entries) {
  constexpr std::size_t code_and_lengths = 21;
  std::size_t size = 0;
  for (const auto& [key, value] : entries) size += code_and_lengths + key.size() + value.size();
  return size;
}

// The entries by key; if a key repeats, its last entry.
std::vector<const Labels::Entry*> in_order(const std::vector<Labels::Entry>& entries) {
  std::vector<const Labels::Entry*> order;
  order.reserve(entries.size());
  for (const Labels::Entry& entry : entries) order.push_back(&entry);
  std::ranges::sort(order, [](const Labels::Entry* a, const Labels::Entry* b) {
    return a->first != b->first ? a->first < b->first : a > b;
  });
  const auto duplicates =
      std::ranges::unique(order, {}, [](const Labels::Entry* e) { return e->first; });
  order.erase(duplicates.begin(), duplicates.end());
  return order;
}

}  // namespace

Labels::Labels(const std::vector<Entry>& entries) {
  std::string packed;
  packed.reserve(most_bytes_of(entries));
  if (std::ranges::adjacent_find(entries, std::ranges::greater_equal{}, &Entry::first) ==
      entries.end()) {
    for (const Entry& entry : entries) append(packed, entry);  // sorted, each key once
  } else {
    for (const Entry* entry : in_order(entries)) append(packed, *entry);
  }
  if (packed.empty()) return;
  const auto copy = std::make_shared_for_overwrite<char[]>(packed.size());
  std::ranges::copy(packed, copy.get());
  packed_ = copy;
  bytes_ = packed.size();
}

std::optional<std::string_view> Labels::find(std::string_view key) const {
  for (const auto& [candidate, value] : *this) {
    if (candidate == key) return value;
    if (candidate > key) break;
  }
  return std::nullopt;
}

std::size_t Labels::size() const noexcept {
  std::size_t count = 0;
  for (Iterator at = begin(); at != end(); ++at) ++count;
  return count;
}

Labels::Entry Labels::Iterator::operator*() const {
  const char* at = at_;
  return take(at);
}

Labels::Iterator& Labels::Iterator::operator++() {
  take(at_);
  return *this;
}

}  // namespace rollcall
