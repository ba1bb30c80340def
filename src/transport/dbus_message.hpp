// Messages of D-Bus: calls as plain data, answers and signals through a reader that cannot be
// misled.
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

/// A method call. Its arguments are the texts, then the lists: that is all that is ever asked.
struct DbusCall {
  std::string destination;
  std::string path;
  std::string interface;
  std::string member;
  std::vector<std::string> texts{};
  std::vector<std::vector<std::string>> lists{};
};

/// What came instead of an answer.
struct DbusError {
  std::string name;     ///< "org.freedesktop.DBus.Error.AccessDenied"
  std::string message;  ///< For a person.

  /// Whether the one that was called is not there: it has no name on the bus, or went away.
  [[nodiscard]] bool nobody_there() const;
  /// Whether no answer came in time, or at all.
  [[nodiscard]] bool no_answer() const;
  [[nodiscard]] bool denied() const;

  /// As an error of the endpoint; `asked` completes "cannot …".
  [[nodiscard]] RuntimeError at(const std::string& endpoint, std::string_view asked) const;
};

/// A message, counted. Keep it as long as texts that a reader gave out are in use.
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

/// Reads the arguments of a message in their order. What is of another type than was asked for
/// makes it fail, for good: read all, then ask once whether that went well. Reads are then empty or
/// 0.
class DbusReader {
 public:
  /// From the first argument on. Lifetime: the message's.
  explicit DbusReader(const DbusMessage& message);

  [[nodiscard]] bool ok() const noexcept { return ok_; }

  std::string_view text();  ///< A string or an object path.
  bool boolean();
  std::uint32_t number();
  std::uint64_t big_number();
  std::vector<std::string> texts();
  std::string bytes();  ///< An array of bytes.

  /// Goes into an array, a struct, a variant or an entry of a dictionary: its type ('a', 'r', 'v',
  /// 'e') and what must be in it. False at the end of the array that holds it, or on failure.
  bool enter(char type, const char* contents);
  /// Goes into a variant of whatever is in it; what that is, or empty on failure.
  std::string_view enter_variant();
  void leave();
  void skip(const char* types);

 private:
  bool take(int result);
  bool basic(char type, void* into);

  sd_bus_message* message_;
  bool ok_ = true;
};

/// Makes the message of a call, which starts nobody who is not there. Null if a name in it is none
/// of D-Bus.
DbusMessage make_message(sd_bus* bus, const DbusCall& call);

}  // namespace rollcall
