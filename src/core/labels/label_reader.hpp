// Reads labels and their metadata once for all replicas.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "core/labels/metadata.hpp"
#include "core/masking.hpp"

namespace rollcall {

/// Makes Labels, masks their secrets and reads their metadata. Replicas have the same labels and
/// metadata, and share them in memory: a cache keeps some hundred readings of up to 4 KiB and one
/// longer one.
class LabelReader {
 public:
  explicit LabelReader(Masker masker = Masker()) : masker_(masker) {}

  struct Reading {
    Labels labels;
    std::shared_ptr<const Metadata> metadata;  ///< As in MetadataReading.
    std::vector<Problem> problems;
  };

  /// Reads entries in any order; if a key repeats, its last entry counts. Lifetime of the result:
  /// until the next call.
  const Reading& read(const std::vector<Labels::Entry>& entries);

 private:
  /// A cache of values by the hash of the text that they were made from.
  template <class Value>
  class Recent {
   public:
    explicit Recent(std::size_t most) : slots_(most) {}

    template <class Make>
    const Value& get(std::string_view text, Make make) {
      // Long texts are hardly replicas', so they share slot 0.
      const std::size_t at = std::hash<std::string_view>()(text) % (slots_.size() - 1) + 1;
      Slot& slot = slots_[text.size() > longest ? 0 : at];
      if (slot.text != text) {
        slot.value = make();
        slot.text = text;
      }
      return slot.value;
    }

   private:
    static constexpr std::size_t longest = std::size_t{4} << 10U;
    struct Slot {
      std::string text;  // empty: unused slot
      Value value{};
    };
    std::vector<Slot> slots_;
  };

  [[nodiscard]] Reading read_anew(const std::vector<Labels::Entry>& entries);

  Recent<Reading> readings_{256};
  Recent<MetadataReading> metadata_{64};
  std::string text_;
  Masker masker_;
};

}  // namespace rollcall
