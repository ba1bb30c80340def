// Where in a text secrets stand: one finder for each way in which they are written. Pure; each
// takes time linear in the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace rollcall {

/// Bytes of a text that are a secret, from begin to before end.
struct SecretSpan {
  std::size_t begin;
  std::size_t end;

  friend auto operator<=>(const SecretSpan&, const SecretSpan&) = default;
};

using SecretSpans = std::vector<SecretSpan>;

/// What a text is, as far as it matters to what may be a secret in it.
enum class TextKind : std::uint8_t {
  name,      ///< Of an image, a network, a unit: "secret:1.0" is one.
  prose,     ///< The value of a label, a description, an answer that is quoted.
  argument,  ///< One argument of a command line.
};

/// "scheme://user:***@host", "user:***@host", "https://hooks.slack.com/services/***".
void find_in_urls(std::string_view text, SecretSpans& spans);

/// "password=***", "\"password\": \"***\"", "Authorization: ***", "<password>***</password>".
void find_named(std::string_view text, TextKind kind, SecretSpans& spans);

/// "--password ***", and "-u user:***", "-p***" of programs to which that means a secret; in a text
/// that holds several words.
void find_after_options(std::string_view text, SecretSpans& spans);

/// What looks like a secret by itself: keys of known makers, JWTs, PEM, hashes of passwords.
void find_shapes(std::string_view text, SecretSpans& spans);

/// Whether one of the known shapes begins with this word.
bool begins_as_secret(std::string_view word);

}  // namespace rollcall
