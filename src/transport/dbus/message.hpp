// D-Bus messages: calls as plain data; answers and signals through a reader that checks all types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/result.hpp>

struct sd_bus;
struct sd_bus_message;

namespace rollcall {

/// A method call. Its arguments are the strings, followed by the string lists; no call here needs
/// more.
struct DbusCall {
  std::string destination;
  std::string path;
  std::string interface;
  std::string member;
  std::vector<std::string> texts{};
  std::vector<std::vector<std::string>> lists{};
};

/// An error in place of an answer.
struct DbusError {
  std::string name;     ///< "org.freedesktop.DBus.Error.AccessDenied"
  std::string message;  ///< For a person.

  /// Whether the callee has no name on the bus, or left it.
  [[nodiscard]] bool nobody_there() const;
  /// Whether no answer came in time, or at all.
  [[nodiscard]] bool no_answer() const;
  [[nodiscard]] bool denied() const;

  /// Converts this to an error of the endpoint; `asked` completes the sentence "cannot …".
  [[nodiscard]] RuntimeError at(const std::string& endpoint, std::string_view asked) const;
};

/// A reference-counted message. Keep it as long as strings from a reader are in use.
class DbusMessage {
 public:
  DbusMessage() = default;
  /// Takes a reference of its own.
  explicit DbusMessage(sd_bus_message* message);

  [[nodiscard]] sd_bus_message* get() const noexcept { return message_.get(); }

  [[nodiscard]] std::string_view path() const;
  [[nodiscard]] std::string_view interface() const;
  [[nodiscard]] std::string_view member() const;
  [[nodiscard]] bool is_signal(std::string_view interface, std::string_view member) const;

 private:
  std::shared_ptr<sd_bus_message> message_;
};

using DbusReply = std::expected<DbusMessage, DbusError>;

/// Reads the arguments of a message in order. A value of another type than asked for makes the
/// reader fail for good: read everything, then check once for success. Reads after a failure return
/// empty or 0. Strings and lists are cut at budget::dbus_value_bytes.
class DbusReader {
 public:
  /// Starts at the first argument. Lifetime: the message's.
  explicit DbusReader(const DbusMessage& message);

  [[nodiscard]] bool ok() const noexcept { return ok_; }

  std::string_view text();  ///< A string or an object path.
  bool boolean();
  std::uint32_t number();
  std::uint64_t big_number();
  std::vector<std::string> texts();
  std::string bytes();  ///< An array of bytes.

  /// Enters an array, a struct, a variant or a dictionary entry: its type ('a', 'r', 'v', 'e') and
  /// the signature of its contents. Returns false at the end of the enclosing array, or on failure.
  bool enter(char type, const char* contents);
  /// Enters a variant of any type; returns its signature, or empty on failure.
  std::string_view enter_variant();
  void leave();
  void skip(const char* types);

 private:
  bool take(int result);
  bool basic(char type, void* into);

  sd_bus_message* message_;
  bool ok_ = true;
};

/// Makes the message of a call, with the no-auto-start flag set. Returns null if a name in it is
/// not valid in D-Bus.
DbusMessage make_message(sd_bus* bus, const DbusCall& call);

}  // namespace rollcall
