// Secrets are masked once: where an engine's words become fields of an instance, before anything is
// made of them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

namespace rollcall {

/// Arguments as they may be shown: what looks like a secret is masked, bytes that are not UTF-8 are
/// replaced, and what is too long is cut and ends in "…".
///
/// A rule that guesses: docs/secrets.md says what it takes for a secret. `program` is the base name
/// of the executable, for options that mean a password only to some.
std::vector<std::string> masked(std::span<const std::string> arguments, std::string_view program);

/// Sets whether decoders made from now on leave secrets unmasked. For a daemon with that option,
/// before its first engine; by default secrets are masked.
void reveal_secrets(bool reveal) noexcept;

/// What a decoder asks for each text that it takes from an engine. A value; costs nothing to copy.
class Masker {
 public:
  /// Masks, unless reveal_secrets() was told otherwise.
  Masker() noexcept;

  /// `reveal`: everything stays as it is.
  explicit Masker(bool reveal) noexcept : reveal_(reveal) {}

  /// The labels, or variables, with each value as it may be shown.
  [[nodiscard]] Labels labels(const std::vector<Labels::Entry>& entries) const;

  /// Sets the labels of an instance and the metadata that they ask for, and adds the problems with
  /// them: all of the values as they may be shown.
  void read_labels(const std::vector<Labels::Entry>& entries, Instance& instance) const;

  /// A name that an engine gives: of an image, a group, a network.
  [[nodiscard]] std::string name(std::string_view foreign) const;

  /// Masks all texts of an instance but for its key, by which its engine finds it, and for labels
  /// and metadata, which read_labels() has masked. Each decoder ends with it.
  void finish(Instance& instance) const;

 private:
  void mask_name(std::string& name) const;
  void mask_text(std::string& text) const;

  bool reveal_;
};

}  // namespace rollcall
