// An engine scripted by a test: HTTP over a Unix socket or TCP, in the test's own executor, with
// everything that can go wrong between an engine and its client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "core/async/signal.hpp"

namespace rollcall::test {

/// Events queued for one client. Real engines queue a bounded number for a client that does not
/// read, and silently drop the rest.
class EventFeed {
 public:
  explicit EventFeed(const boost::asio::any_io_executor& executor, std::size_t bound = 1000)
      : arrived_(executor), bound_(bound) {}

  void push(std::string event);
  void end();  ///< By the protocol's regular end.

  [[nodiscard]] std::size_t waiting() const noexcept { return events_.size(); }
  [[nodiscard]] std::size_t lost() const noexcept { return lost_; }

  /// Takes the next event; nothing at the end. `all`: all queued events.
  [[nodiscard]] boost::asio::awaitable<std::vector<std::string>> take(bool all);

 private:
  Signal arrived_;
  std::size_t bound_;
  std::size_t lost_ = 0;
  bool ended_ = false;
  std::deque<std::string> events_;
};

/// The answer of an engine to one request.
struct ScriptedAnswer {
  unsigned status = 200;
  std::string headers{};              ///< Lines, each with its end.
  std::string body{};                 ///< Unless there is a feed.
  std::shared_ptr<EventFeed> feed{};  ///< The body is a stream, one chunk per event.
  bool websocket = false;             ///< The feed is a WebSocket, one message per event.
};

/// The live state behind a scripted engine: what its API answers.
class EngineApi {
 public:
  virtual ~EngineApi() = default;
  [[nodiscard]] virtual ScriptedAnswer answer(const std::string& target) = 0;
};

/// Whether the target contains the part or, if the part ends in "$", ends with it.
bool is_meant(std::string_view target, std::string_view part);

/// A fault of an answer.
struct Fault {
  enum class Verb : std::uint8_t {
    drop,             ///< The connection ends without an answer.
    close_on_data,    ///< It is reset as soon as the client sends anything.
    stay_mute,        ///< The request is read and never answered.
    mute_after_head,  ///< The head comes, then nothing.
    delay,            ///< The answer as of now is sent when the engine is healed.
    cut,              ///< The connection ends after `amount` bytes of the body, or of an event.
    corrupt,          ///< Byte `amount` of the body, or of an event, is one that JSON forbids.
    limit,            ///< The connection ends after `amount` bytes of head and body together.
    parts,            ///< The answer is written in pieces of `amount` bytes, or cut at `places`.
    concatenate,      ///< Queued events come as one chunk, or their messages in one piece.
    instant_end,      ///< A stream ends at once, regularly.
    refuse_with,      ///< The status is `amount`.
    say_instead,      ///< The body is `text`, with the status 200.
    oversized,        ///< An event is `amount` bytes longer, by white space in it.
    endless,          ///< The body is `first`, then `text` again and again.
    endless_head,     ///< The head has more lines without end.
    drip,             ///< The body is `first`, then `text` at each ScriptedEngine::drip().
    drip_head,        ///< The head comes byte by byte, a millisecond each, and never ends.
    // Of WebSockets alone.
    fragments,   ///< A message comes in frames of `amount` bytes, with pings between them.
    close_with,  ///< Instead of a message the engine closes, with the code `amount`; 0: with none.
    half_open,   ///< Nothing is read from the client any more, and writes to it are lost.
  };
  Verb verb;
  std::string where{};  ///< The affected requests, for is_meant(); empty: all.
  std::size_t amount = 0;
  std::vector<std::size_t> places{};
  int times = -1;  ///< How often it happens; -1: until heal().
  std::string text{};
  std::string first{};
};

class ScriptedEngine {
 public:
  enum class Transport : std::uint8_t { unix_socket, tcp };

  /// Listens at once, in a folder of its own or on a free port of the loopback.
  ScriptedEngine(boost::asio::io_context& io, EngineApi& api,
                 Transport transport = Transport::unix_socket);
  ~ScriptedEngine();
  ScriptedEngine(const ScriptedEngine&) = delete;
  ScriptedEngine& operator=(const ScriptedEngine&) = delete;

  [[nodiscard]] std::string url() const;

  // How it listens. Existing connections stay.
  void listen();        ///< Again, on a new socket of the old name.
  void refuse();        ///< Nothing listens; the socket file remains.
  void hide();          ///< Nothing listens, and the socket file is gone.
  void fill_backlog();  ///< The kernel takes no more connections, and none is accepted.

  void drop_connections();

  // How it answers. The last fault that matches a request counts, for open streams also later ones.
  void inject(Fault fault);
  void heal();  ///< Removes all faults, and sends delayed answers.
  void drip();  ///< Sends the next part of answers with the fault `drip`.

  std::vector<std::string> requests;  ///< The targets, in the order in which they came.
  std::size_t accepted = 0;           ///< The number of connections.
  // On WebSockets.
  std::size_t pings = 0;  ///< Received from clients and answered.
  std::size_t pongs = 0;  ///< Received from clients.

 private:
  struct Impl;
  std::filesystem::path folder_;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall::test
