// A scripted engine that speaks Docker's API.
#pragma once

#include <memory>
#include <utility>

#include "conformance/http_scripted.hpp"
#include "support/scripted_docker.hpp"

namespace rollcall::conformance {

using test::ScriptedContainer;
using test::ScriptedDocker;

class DockerApiScripted : public HttpScripted {
 public:
  DockerApiScripted(ScriptedDocker::Era era, std::string name, MakeScriptedDriver make)
      : HttpScripted(std::move(name), make), docker_(engine_io(), shared_env(), era) {
    hello_target = "/_ping";
    stream_target = "/events";
    list_target = "/containers/json?all=0";
    serve(docker_);
  }

  std::string create(const std::string& name) override { return docker_.create(name); }
  std::string run(const std::string& name) override { return docker_.run(name); }
  void stop(const std::string& id) override { docker_.stop(id); }
  void restart(const std::string& id) override { docker_.restart(id); }
  void pause(const std::string& id) override { docker_.pause(id); }
  void unpause(const std::string& id) override { docker_.unpause(id); }
  void rename(const std::string& id, const std::string& name) override { docker_.rename(id, name); }
  void remove(const std::string& id) override { docker_.remove(id); }
  void hang_up(const std::string& id) override { docker_.hang_up(id); }
  std::string run_crashing(const std::string& name) override {
    std::string id = docker_.run(name);
    docker_.crash(id);
    return id;
  }

  void kill_engine() override {
    HttpScripted::kill_engine();
    docker_.forget();
  }

  [[nodiscard]] std::string broken_endpoint(ConnectFault fault) override {
    if (fault == ConnectFault::not_this_api) docker_.server = "Server: nginx\r\n";
    return HttpScripted::broken_endpoint(fault);
  }

  [[nodiscard]] std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) override {
    std::map<std::string, std::string> here;
    for (const auto& [id, it] : docker_.containers()) {
      if (it.state != "created" && it.state != "exited") {
        here[id] = fmt::format("{} {}", it.name, it.state);
      }
    }
    return compare(instances, here);
  }

  std::string rename_silently(const std::string& id, const std::string& name) override {
    docker_.change_silently(id, [&name](ScriptedContainer& it) { it.name = name; });
    return name;
  }
  void remove_silently(const std::string& id) override { docker_.remove_silently(id); }
  void list_undecodable(const std::string& id) override {
    docker_.raw_items.push_back(id.empty() ? R"({"Names":["/nameless"],"State":"running"})"
                                           : fmt::format(R"({{"Id":"{}","State":tru}})", id));
  }
  void signal_without_change(const std::string& id) override {
    docker_.tell("container", "update", id);
  }
  void signal_unknown(const std::string& id) override {  // It passes the filter of the request.
    docker_.tell_raw(
        fmt::format(R"({{"Type":"container","Action":"teleport","Actor":{{"ID":"{}"}}}})", id) +
        "\n");
  }
  void signal_doubt() override { docker_.tell_raw("{\"Action\":\"start\"}\n"); }
  void repeat_signals(std::size_t count) override { docker_.tell_again(count); }
  void end_stream() override { docker_.end_streams(); }
  void lose_history() override { docker_.lose_history(); }
  [[nodiscard]] std::size_t unread_signals() const override { return docker_.waiting(); }
  [[nodiscard]] ListText list_text() const override {
    return {.begin = "[", .item = R"({"Id":"endless","Names":["/endless"],"State":"running"},)"};
  }

 private:
  ScriptedDocker docker_;
};

}  // namespace rollcall::conformance
