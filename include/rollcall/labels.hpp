// Labels of an instance, packed into one buffer.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall {

/// An immutable, sorted map of label keys to values that lies in one allocation. Copies share it.
///
/// Keys that tools put on nearly every instance are stored as a number: the eight labels of a
/// compose service take about 200 bytes, and would take seven times that as a std::map of strings.
/// Any byte may occur in keys and values. Views that it hands out live as long as the Labels
/// object.
class Labels {
 public:
  using Entry = std::pair<std::string_view, std::string_view>;

  class Iterator {
   public:
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    Iterator() = default;
    Entry operator*() const;
    Iterator& operator++();
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    friend class Labels;
    explicit Iterator(const char* at) : at_(at) {}
    const char* at_ = nullptr;
  };

  Labels() = default;

  /// Takes the entries in any order; if a key repeats, its last entry counts.
  explicit Labels(const std::vector<Entry>& entries);

  /// The value of a key, or nothing.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const;

  [[nodiscard]] bool empty() const noexcept { return bytes_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] Iterator begin() const { return Iterator(packed_.get()); }
  [[nodiscard]] Iterator end() const { return Iterator(packed_.get() + bytes_); }

  friend bool operator==(const Labels& a, const Labels& b) {
    return a.packed_ == b.packed_ || a.packed() == b.packed();
  }

 private:
  [[nodiscard]] std::string_view packed() const noexcept { return {packed_.get(), bytes_}; }

  std::shared_ptr<const char[]> packed_;  // entries by key; labels.cpp says how they are written
  std::size_t bytes_ = 0;
};

}  // namespace rollcall
