// The options that only one runtime understands, held together.
#pragma once

#include <any>
#include <map>
#include <typeindex>
#include <typeinfo>

namespace rollcall {

/// Holds the options of each runtime, by their type: `options.of<SystemdOptions>().all_units =
/// true`. The types are in rollcall/options/; a runtime reads those that concern it and ignores the
/// others.
///
/// Two of them are equal if all options of all runtimes are: one that was never touched equals its
/// defaults.
class RuntimeOptions {
 public:
  /// The options of this type, with their defaults until they are changed. The reference stays
  /// valid as long as this object.
  template <class Options>
  [[nodiscard]] Options& of() {
    Held& held = all_.try_emplace(typeid(Options), Held{Options{}, &equal<Options>}).first->second;
    return *std::any_cast<Options>(&held.value);
  }

  template <class Options>
  [[nodiscard]] const Options& of() const {
    const auto at = all_.find(typeid(Options));
    return at == all_.end() ? defaults<Options>() : *std::any_cast<Options>(&at->second.value);
  }

  friend bool operator==(const RuntimeOptions& a, const RuntimeOptions& b) {
    return a.covered_by(b) && b.covered_by(a);
  }

 private:
  /// Options of some type. `equal` compares two of them; null stands for the defaults.
  struct Held {
    std::any value;
    bool (*equal)(const std::any& a, const std::any* b);
  };

  template <class Options>
  static const Options& defaults() {
    static const Options value{};
    return value;
  }

  template <class Options>
  static bool equal(const std::any& a, const std::any* b) {
    const Options& other = b == nullptr ? defaults<Options>() : *std::any_cast<Options>(b);
    return *std::any_cast<Options>(&a) == other;
  }

  [[nodiscard]] bool covered_by(const RuntimeOptions& other) const {
    for (const auto& [type, held] : all_) {
      const auto at = other.all_.find(type);
      if (!held.equal(held.value, at == other.all_.end() ? nullptr : &at->second.value))
        return false;
    }
    return true;
  }

  std::map<std::type_index, Held> all_;
};

}  // namespace rollcall
