// Scripted Incus and LXD servers.
#include <memory>
#include <utility>

#include "backends/incus/driver.hpp"
#include "conformance/http_scripted.hpp"
#include "support/scripted_incus.hpp"

namespace rollcall::conformance {
namespace {

using test::ScriptedIncus;
using test::ScriptedInstance;
using Family = ScriptedIncus::Family;

class IncusScripted : public HttpScripted {
 public:
  explicit IncusScripted(Family family)
      : HttpScripted(family == Family::lxd_5 ? "lxd" : "incus",
                     [](const Place& place, const BackendOptions& options, EnvPtr env, Wire wire) {
                       return incus::make_driver(place, options, std::move(env), std::move(wire));
                     }),
        incus_(engine_io().get_executor(), shared_env(), family) {
    hello_target = "/1.0$";
    stream_target = "/1.0/events";
    list_target = "/1.0/instances";
    serve(incus_);
  }

  [[nodiscard]] std::string_view lacks(Ability ability) const override {
    switch (ability) {
      case Ability::restarting:
        return "one that is about to be started again does not run until then";
      case Ability::new_ids:
        return "the id of an instance is its project and its name";
      case Ability::renaming:
        return "one that runs cannot be renamed";
      default:
        return {};
    }
  }

  std::string create(const std::string& name) override { return incus_.create(name); }
  std::string run(const std::string& name) override { return incus_.run(name); }
  void stop(const std::string& id) override { incus_.stop(id); }
  void restart(const std::string& id) override { incus_.restart(id); }
  void pause(const std::string& id) override { incus_.pause(id); }
  void unpause(const std::string& id) override { incus_.unpause(id); }
  void rename(const std::string& id, const std::string& name) override {
    if (incus_.instances().at(id).status == "Stopped") {
      incus_.rename(id, name);
    } else {
      incus_.edit(id, name);
    }
  }
  void remove(const std::string& id) override { incus_.remove(id); }
  void hang_up(const std::string& id) override { incus_.exec(id); }
  std::string run_crashing(const std::string& name) override { return incus_.run(name); }

  void kill_engine() override {
    HttpScripted::kill_engine();
    incus_.forget();
  }

  [[nodiscard]] std::string broken_endpoint(ConnectFault fault) override {
    incus_.speaks_the_api = fault != ConnectFault::not_this_api;
    return HttpScripted::broken_endpoint(fault);
  }

  [[nodiscard]] std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) override {
    std::map<std::string, std::string> here;
    for (const auto& [id, it] : incus_.instances()) {
      if (it.status == "Running") here[id] = it.name + " running";
      if (it.status == "Frozen") here[id] = it.name + " paused";
    }
    return compare(instances, here);
  }

  std::string rename_silently(const std::string& id, const std::string& name) override {
    incus_.change_silently(id, [&name](ScriptedInstance& it) { it.word = name; });
    return incus_.instances().at(id).name;
  }
  void remove_silently(const std::string& id) override { incus_.remove_silently(id); }
  void list_undecodable(const std::string& id) override {
    incus_.raw_items.push_back(
        id.empty() ? R"({"project":"default","status":"Running"})"
                   : fmt::format(R"({{"name":"{}","project":"default","status":tru}})", id));
  }
  void signal_without_change(const std::string& id) override {
    incus_.tell("instance-updated", id);
  }
  void signal_unknown(const std::string& id) override { incus_.tell("instance-teleported", id); }
  void signal_doubt() override { incus_.tell_raw(R"({"type":"lifecycle"})"); }
  void repeat_signals(std::size_t count) override { incus_.tell_again(count); }
  void end_stream() override { incus_.end_streams(); }
  void lose_history() override { incus_.forget(); }
  [[nodiscard]] std::size_t unread_signals() const override { return incus_.waiting(); }
  [[nodiscard]] ListText list_text() const override {
    return {.begin = R"({"type":"sync","status":"Success","status_code":200,"metadata":[)",
            .item = R"({"name":"endless","project":"default","status":"Running"},)"};
  }

  [[nodiscard]] ScriptedIncus& incus() { return incus_; }

 private:
  ScriptedIncus incus_;
};

/// A server that lets us read two projects, but not all at once, so each has its own stream.
class LxdOfProjects final : public IncusScripted {
 public:
  LxdOfProjects() : IncusScripted(Family::lxd_5) {
    projects = {"default", "p1"};
    incus().projects = {"default", "hidden", "p1"};
    incus().allowed = {"default", "p1"};
    incus().run("hidden", "hidden");
  }

  std::string create(const std::string& name) override {
    return incus().create(name, project_of(name));
  }
  std::string run(const std::string& name) override { return incus().run(name, project_of(name)); }
  std::string run_crashing(const std::string& name) override { return run(name); }

  [[nodiscard]] std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) override {
    auto sentences = IncusScripted::differences(instances);
    const bool hidden = std::erase(sentences, "hidden running is missing") == 1;
    if (!hidden) sentences.emplace_back("one of a project that may not be read is told");
    return sentences;
  }

 private:
  static std::string project_of(const std::string& name) {
    return name.back() % 2 == 0 ? "p1" : "default";
  }
};

}  // namespace

std::unique_ptr<BackendUnderTest> incus_scripted() {
  return std::make_unique<IncusScripted>(Family::incus_6);
}

std::unique_ptr<BackendUnderTest> lxd_projects_scripted() {
  return std::make_unique<LxdOfProjects>();
}

std::unique_ptr<BackendUnderTest> lxd_scripted() {
  return std::make_unique<IncusScripted>(Family::lxd_5);
}

}  // namespace rollcall::conformance
