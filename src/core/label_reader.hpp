// Labels and what they ask for, read once for all replicas.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "core/metadata.hpp"

namespace rollcall {

/// Makes Labels and reads their metadata. Replicas have the same of both, and share them in memory:
/// what was read last is remembered, some hundred readings of up to 4 KiB and one that is longer.
class LabelReader {
 public:
  struct Reading {
    Labels labels;
    std::shared_ptr<const Metadata> metadata;  ///< As in MetadataReading.
    std::vector<Problem> problems;
  };

  /// Reads entries in any order; of several with one key the last counts. Lifetime of the result:
  /// until the next call.
  const Reading& read(const std::vector<Labels::Entry>& entries);

 private:
  /// The last values by the hash of the text that they were made of.
  template <class Value>
  class Recent {
   public:
    explicit Recent(std::size_t most) : slots_(most) {}

    template <class Make>
    const Value& get(std::string_view text, Make make) {
      // What is long is hardly a replica's, and may not fill all slots.
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
      std::string text;  // nothing is made of no text
      Value value{};
    };
    std::vector<Slot> slots_;
  };

  [[nodiscard]] Reading read_anew(const std::vector<Labels::Entry>& entries);

  Recent<Reading> readings_{256};
  Recent<MetadataReading> metadata_{64};
  std::string text_;
};

}  // namespace rollcall
