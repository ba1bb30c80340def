// A scripted host, in virtual time.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backends/host/network.hpp"
#include "conformance/backend_under_test.hpp"
#include "support/scripted_host.hpp"

namespace rollcall::conformance {

/// Why a host lacks the ability; empty: it has it.
std::string_view host_lacks(Ability ability);

/// One sentence for each difference between the instances and what runs, given as names by id.
std::vector<std::string> host_differences(const std::map<std::string, std::string>& here,
                                          const std::map<std::string, InstancePtr>& told);

/// Instances are processes that listen, each on its own port. The engine is the kernel, which is
/// down when it refuses to list its sockets.
class HostScripted final : public BackendUnderTest {
 public:
  HostScripted();

  [[nodiscard]] std::unique_ptr<RuntimeBackend> make(MakeOptions options) override;
  [[nodiscard]] std::string name() const override { return "host"; }
  [[nodiscard]] std::string endpoint() const override;
  [[nodiscard]] boost::asio::io_context& io() override { return io_; }
  [[nodiscard]] std::string_view lacks(Ability ability) const override {
    return host_lacks(ability);
  }
  void let_pass() override;

  std::string create(const std::string& name) override;
  std::string run(const std::string& name) override;
  void stop(const std::string& id) override { remove(id); }
  void restart(const std::string& id) override;
  void pause(const std::string& /*id*/) override {}  // A stopped process still listens.
  void unpause(const std::string& /*id*/) override {}
  void rename(const std::string& id, const std::string& name) override;
  void remove(const std::string& id) override;
  void hang_up(const std::string& /*id*/) override {}  // A signal leaves no trace.
  std::string run_crashing(const std::string& name) override;

  void kill_engine() override;
  void start_engine() override;
  [[nodiscard]] std::string broken_endpoint(ConnectFault fault) override;
  [[nodiscard]] std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) override;

  // For this engine only.
  [[nodiscard]] test::ScriptedHost& host() { return *host_; }
  [[nodiscard]] test::VirtualEnv& env() { return *env_; }
  [[nodiscard]] pid_t pid_of(const std::string& id) const { return pids_.at(id); }
  void pass(Duration duration);

  std::set<RuntimeBackendKind> listed_elsewhere;

 private:
  std::string id_of(pid_t pid) const;
  void listen(pid_t pid);

  boost::asio::io_context io_;
  std::shared_ptr<test::VirtualEnv> env_ = std::make_shared<test::VirtualEnv>(io_);
  std::shared_ptr<test::ScriptedHost> host_ = std::make_shared<test::ScriptedHost>();
  std::map<std::string, pid_t> pids_;  // By the id of the first run.
  std::map<pid_t, std::uint64_t> sockets_;
  std::uint16_t last_port_ = 1000;
};

}  // namespace rollcall::conformance
