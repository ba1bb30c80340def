// An engine that a test plays: HTTP over a Unix socket or TCP, in the test's own executor, with
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

/// Events on their way to one client. Real engines hold a bounded number of them for a client that
/// does not read, and lose the rest without a word.
class EventFeed {
 public:
  explicit EventFeed(const boost::asio::any_io_executor& executor, std::size_t bound = 1000)
      : arrived_(executor), bound_(bound) {}

  void push(std::string event);
  void end();  ///< In the way that the protocol calls normal.

  [[nodiscard]] std::size_t waiting() const noexcept { return events_.size(); }
  [[nodiscard]] std::size_t lost() const noexcept { return lost_; }

  /// Takes the next event; nothing at the end. `all`: all that wait.
  [[nodiscard]] boost::asio::awaitable<std::vector<std::string>> take(bool all);

 private:
  Signal arrived_;
  std::size_t bound_;
  std::size_t lost_ = 0;
  bool ended_ = false;
  std::deque<std::string> events_;
};

/// What an engine says to one request.
struct ScriptedAnswer {
  unsigned status = 200;
  std::string headers{};              ///< Lines, each with its end.
  std::string body{};                 ///< Unless there is a feed.
  std::shared_ptr<EventFeed> feed{};  ///< The body is a stream, one chunk an event.
  bool websocket = false;             ///< Of the feed: it is one, and each event a message.
};

/// The live state behind a scripted engine: what its API answers.
class EngineApi {
 public:
  virtual ~EngineApi() = default;
  [[nodiscard]] virtual ScriptedAnswer answer(const std::string& target) = 0;
};

/// Whether a target has the part; one that ends with "$" is the end of the target.
bool is_meant(std::string_view target, std::string_view part);

/// What goes wrong with an answer.
struct Fault {
  enum class Verb : std::uint8_t {
    drop,             ///< The connection ends without an answer.
    close_on_data,    ///< It is reset as soon as the client says anything.
    stay_mute,        ///< The request is read and never answered.
    mute_after_head,  ///< The head comes, then nothing.
    delay,            ///< The answer, as it would be now, comes when the engine is healed.
    cut,              ///< The connection ends after `amount` bytes of the body, or of an event.
    corrupt,          ///< Byte `amount` of the body, or of an event, is none that JSON allows.
    limit,            ///< The connection ends after `amount` bytes of all, head and body.
    parts,            ///< Written in pieces of `amount` bytes, or cut at `places`.
    concatenate,      ///< Events that wait come as one chunk, or messages as one piece.
    instant_end,      ///< A stream ends at once, normally.
    refuse_with,      ///< The status is `amount`.
    say_instead,      ///< The body is `text`, with the status 200.
    oversized,        ///< An event is `amount` bytes longer, by white space in it.
    endless,          ///< The body is `first`, and `text` again and again.
    endless_head,     ///< The head has another line again and again.
    drip,             ///< The body is `first`, and `text` once more at each ScriptedEngine::drip().
    drip_head,        ///< The head comes byte by byte, a millisecond each, and never ends.
    // Of WebSockets alone.
    fragments,   ///< A message comes in frames of `amount` bytes, with pings between them.
    close_with,  ///< Instead of a message the engine closes, with the code `amount`; 0: with none.
    half_open,   ///< The client is not heard any more, and what is said to it is lost.
  };
  Verb verb;
  std::string where{};  ///< Which requests, as is_meant() says; empty: all.
  std::size_t amount = 0;
  std::vector<std::size_t> places{};
  int times = -1;  ///< How often; -1: until it is healed.
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

  // How it listens. Connections that were made stay.
  void listen();        ///< Again, on a new socket of the old name.
  void refuse();        ///< Nothing listens; the socket is left over.
  void hide();          ///< Nor is there a socket.
  void fill_backlog();  ///< The kernel takes no more connections, and none is accepted.

  void drop_connections();

  // How it answers. The last fault that fits a request counts, for streams also later ones.
  void inject(Fault fault);
  void heal();  ///< No fault any more; what was delayed is answered.
  void drip();  ///< For those that drip.

  std::vector<std::string> requests;  ///< The targets, in the order in which they came.
  std::size_t accepted = 0;           ///< Connections.
  // On WebSockets.
  std::size_t pings = 0;  ///< That were heard, and answered.
  std::size_t pongs = 0;  ///< That were heard.

 private:
  struct Impl;
  std::filesystem::path folder_;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall::test
