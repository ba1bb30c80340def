// The state of an Incus or LXD server scripted by a test, and its API.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>

#include "core/async/env.hpp"
#include "support/scripted_engine.hpp"

namespace rollcall::test {

struct ScriptedInstance {
  std::string project;
  std::string name;
  std::string status = "Stopped";
  Timestamp last_used{};
  std::string word{};  ///< The value of `user.word`.
  /// The address of its one network device: nothing without a device, empty before it has one.
  std::optional<std::string> address{};
};

/// Answers and signals as LXD 5.0.2 or Incus 6.0.4 do.
class ScriptedIncus final : public EngineApi {
 public:
  enum class Family : std::uint8_t { lxd_5, incus_6 };

  ScriptedIncus(boost::asio::any_io_executor executor, EnvPtr env, Family family)
      : executor_(std::move(executor)), env_(std::move(env)), family_(family) {}

  [[nodiscard]] ScriptedAnswer answer(const std::string& target) override;

  // Each sends the events of its action. Ids are "project/name".
  std::string create(const std::string& name, const std::string& project = "default");
  std::string run(const std::string& name, const std::string& project = "default");
  void start(const std::string& id);
  void stop(const std::string& id);   ///< By its guest.
  void force(const std::string& id);  ///< Ends at once.
  void restart(const std::string& id);
  void pause(const std::string& id);
  void unpause(const std::string& id);
  void rename(const std::string& id, const std::string& name);  ///< Must not run.
  void edit(const std::string& id, const std::string& word);
  void remove(const std::string& id);
  void exec(const std::string& id);

  /// The state changes without an event.
  void change_silently(const std::string& id, const std::function<void(ScriptedInstance&)>& change);
  void remove_silently(const std::string& id) { instances_.erase(id); }

  void tell(std::string_view action, const std::string& id, boost::json::object context = {});
  void tell_raw(const std::string& message);  ///< Not in the history.
  void tell_again(std::size_t count);         ///< The last events once more.
  void end_streams();                         ///< By the protocol's regular end.
  void forget() { history_.clear(); }

  [[nodiscard]] const std::map<std::string, ScriptedInstance>& instances() const {
    return instances_;
  }
  [[nodiscard]] std::size_t waiting() const;  ///< Events that the open streams have not taken.

  [[nodiscard]] std::string_view name() const { return family_ == Family::lxd_5 ? "lxd" : "incus"; }

  bool speaks_the_api = true;  ///< Else it is some other HTTP server.
  bool trusts = true;          ///< Whether it trusts the client.
  std::set<std::string> projects = {"default"};
  std::set<std::string> allowed;                ///< Readable projects; empty: all, also at once.
  std::vector<std::string> raw_items;           ///< Added to each list verbatim.
  std::map<std::string, std::string> forwards;  ///< By network, items of the answer.

 private:
  struct Past {
    std::string project;
    std::string text;
  };
  struct Stream {
    std::weak_ptr<EventFeed> feed;
    std::string project;  // empty: all
  };

  ScriptedAnswer server() const;
  ScriptedAnswer events(bool all, const std::string& project);
  ScriptedAnswer list(bool all, const std::string& project);
  [[nodiscard]] ScriptedAnswer urls(bool all, const std::string& project) const;
  ScriptedAnswer project(const std::string& name) const;
  ScriptedAnswer instance(const std::string& id, bool state) const;
  [[nodiscard]] bool may_read(bool all, const std::string& project) const;
  void end_run(const std::string& id);

  boost::asio::any_io_executor executor_;
  EnvPtr env_;
  Family family_;
  std::map<std::string, ScriptedInstance> instances_;
  std::deque<Past> history_;
  std::vector<Stream> streams_;
};

}  // namespace rollcall::test
