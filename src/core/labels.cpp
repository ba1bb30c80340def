#include <algorithm>
#include <cstdint>
#include <cstring>

#include <rollcall/labels.hpp>

namespace rollcall {
namespace {

using Length = std::uint32_t;

struct Header {
  Length key;
  Length value;
};

// The buffer is not aligned for integers, so lengths are copied in and out.
Header header_at(const char* at) {
  Header header{};
  std::memcpy(&header, at, sizeof header);
  return header;
}

void append(std::string& packed, const Labels::Entry& entry) {
  const auto& [key, value] = entry;
  const Header header{.key = static_cast<Length>(key.size()),
                      .value = static_cast<Length>(value.size())};
  char bytes[sizeof header];
  std::memcpy(bytes, &header, sizeof header);
  packed.append(bytes, sizeof bytes).append(key).append(value);
}

}  // namespace

Labels::Labels(const std::vector<Entry>& entries) {
  // By key, and of several with one key the last first, so that unique keeps it.
  std::vector<const Entry*> order;
  order.reserve(entries.size());
  for (const Entry& entry : entries) order.push_back(&entry);
  std::ranges::sort(order, [](const Entry* a, const Entry* b) {
    return a->first != b->first ? a->first < b->first : a > b;
  });
  const auto duplicates = std::ranges::unique(order, {}, [](const Entry* e) { return e->first; });
  order.erase(duplicates.begin(), duplicates.end());

  std::size_t size = 0;
  for (const Entry* entry : order) {
    size += sizeof(Header) + entry->first.size() + entry->second.size();
  }
  packed_.reserve(size);
  for (const Entry* entry : order) append(packed_, *entry);
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
  const Header header = header_at(at_);
  const char* key = at_ + sizeof header;
  return {{key, header.key}, {key + header.key, header.value}};
}

Labels::Iterator& Labels::Iterator::operator++() {
  const Header header = header_at(at_);
  at_ += sizeof header;
  at_ += header.key;
  at_ += header.value;
  return *this;
}

}  // namespace rollcall
