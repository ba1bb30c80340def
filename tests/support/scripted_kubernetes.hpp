// The state of a Kubernetes API server scripted by a test, and its API.
#pragma once

#include <cstddef>
#include <cstdint>
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

/// Answers as 1.20.2 or 1.36 does: EndpointSlices of one version only, lists that are streamed or
/// refused, events as one chunk or in pieces of 2 KB.
class ScriptedKubernetes final : public EngineApi {
 public:
  enum class Family : std::uint8_t { v1_20, v1_36 };

  ScriptedKubernetes(boost::asio::any_io_executor executor, EnvPtr env, Family family)
      : executor_(std::move(executor)), env_(std::move(env)), family_(family) {}

  [[nodiscard]] ScriptedAnswer answer(const std::string& target) override;

  // Pods, by UID. Each sends the events of its action.
  std::string create(const std::string& name, const std::string& name_space = "default");
  std::string run(const std::string& name, const std::string& name_space = "default");
  void complete(const std::string& uid);
  void restart(const std::string& uid);  ///< Its container ends and runs again.
  void crash(const std::string& uid);    ///< Its container waits to be started again.
  void recover(const std::string& uid);
  void relabel(const std::string& uid, const std::string& word);  ///< The label "word".
  void tell_as(const std::string& type, const std::string& uid);  ///< Its state, as an event.
  void touch(const std::string& uid);   ///< A new version with no other change.
  void remove(const std::string& uid);  ///< The pod terminates and is gone.

  /// Any change of a pod, with or without an event.
  void change(const std::string& uid, const std::function<void(boost::json::object&)>& change,
              bool tell = true);
  void remove_silently(const std::string& uid);

  /// Any other object: "services", "endpointslices", "endpoints". Without a namespace in its
  /// metadata it is in "default".
  void put(const std::string& resource, boost::json::object object);
  void erase(const std::string& resource, const std::string& name,
             const std::string& name_space = "default");

  // The watches.
  void tell_raw(const std::string& line);  ///< To watches of pods.
  void tell_again(std::size_t count);      ///< The last events once more.
  void bookmark();
  void end_streams();  ///< By the protocol's regular end.
  void expire();       ///< All open watches end with 410.
  void compact();      ///< Forgets the history up to now.
  /// Continues from an older version, as after its store was restored; open watches end.
  void go_back(std::uint64_t version);
  /// Lines that open watches have not taken, without those of streamed lists.
  [[nodiscard]] std::size_t waiting() const;

  [[nodiscard]] const std::map<std::string, boost::json::object>& objects(
      const std::string& resource) {
    return objects_[resource];
  }
  [[nodiscard]] const boost::json::object& pod(const std::string& uid);
  [[nodiscard]] std::uint64_t version() const { return version_; }

  bool speaks_the_api = true;          ///< Else it is some other HTTP server.
  std::set<std::string> forbidden;     ///< Parts of paths: "services", "v1/pods".
  bool has_slices = true;              ///< Of any version.
  bool streams_lists = true;           ///< Of 1.36; its administrator may have switched that off.
  bool cache_is_behind = false;        ///< Lists from the cache are refused with 504.
  std::size_t expire_page = 0;         ///< The page of a list that finds its token too old.
  std::vector<std::string> raw_items;  ///< Added to each list of pods verbatim.

 private:
  struct Past {
    std::uint64_t version;
    std::string resource;
    std::string name_space;
    std::string type;
    boost::json::object object;
    bool matched_before;
  };
  struct Watch {
    std::weak_ptr<EventFeed> feed;
    std::string resource;
    std::string name_space;  // empty: all
    std::map<std::string, std::string> query;
  };
  struct Asked {
    std::string resource;
    std::string name_space;
    std::string api;  // "v1", "discovery.k8s.io/v1"
    std::map<std::string, std::string> query;
  };

  ScriptedAnswer list(Asked asked);
  ScriptedAnswer watch(const Asked& asked);
  [[nodiscard]] bool knows(const Asked& asked) const;
  void tell(const std::string& resource, const std::string& type, const boost::json::object& object,
            bool matched_before);
  void send(const Watch& watch, const Past& past);
  void push(EventFeed& feed, const std::string& line) const;
  void stamp(boost::json::object& object);
  boost::json::object& pod_at(const std::string& uid);

  boost::asio::any_io_executor executor_;
  EnvPtr env_;
  Family family_;
  std::uint64_t version_ = 1000;
  std::uint64_t compacted_ = 0;  // the history up to this version is forgotten
  std::size_t pods_made_ = 0;
  std::map<std::string, std::map<std::string, boost::json::object>> objects_;  // by resource, key
  std::deque<Past> history_;
  std::vector<Watch> watches_;
};

/// Objects as tests need them.
boost::json::object scripted_service(const std::string& name, const std::string& cluster_ip,
                                     int port);
boost::json::object scripted_slice(const std::string& name, const std::string& service, int port,
                                   const std::vector<std::string>& pods);

}  // namespace rollcall::test
