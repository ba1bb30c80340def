#include "backends/toy/runtime.hpp"

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/async/run.hpp"
#include "core/labels/label_reader.hpp"

namespace rollcall::toy {
namespace {

struct ToyOptions {
  std::vector<std::string> boxes{"ball"};

  friend bool operator==(const ToyOptions&, const ToyOptions&) = default;
};

constexpr auto kind = RuntimeBackendKind{200};

constexpr std::array options = {
    RuntimeOption{
        .key = "toy.boxes",
        .flag = "--toy-box",
        .value = "NAME",
        .summary = "This box of toys; repeatable",
        .at = [](RuntimeOptions& o) -> option::Field { return &o.of<ToyOptions>().boxes; }},
};

/// One instance for each box, for ever.
class ToySession final : public Session {
 public:
  ToySession(std::vector<std::string> boxes, std::string endpoint, EnvPtr env)
      : boxes_(std::move(boxes)), endpoint_(std::move(endpoint)), env_(std::move(env)) {}

  [[nodiscard]] Task<Snapshot> list() override {
    Snapshot snapshot{.readings = {}, .taken_at = env_->now()};
    for (const std::string& box : boxes_) {
      Instance instance;
      instance.key = {"toy", endpoint_, box};
      instance.name = box;
      instance.state = InstanceState::running;
      instance.addresses = {{.ip = "10.9.8.7", .network = "shelf", .family = AddressFamily::ipv4}};
      instance.ports.emplace_back().container_port = 80;
      const auto& read = labels_.read({{"toybox.title", "shown-" + box}});
      instance.labels = read.labels;
      instance.metadata = read.metadata;
      snapshot.readings.push_back({.instance = std::make_shared<const Instance>(instance)});
    }
    co_return snapshot;
  }
  [[nodiscard]] Task<Change> next() override {
    co_await never();
    co_return StreamEnded{};
  }
  [[nodiscard]] Task<Snapshot> read(std::vector<Touched>) override { return list(); }
  [[nodiscard]] Task<void> probe() override { co_return Result<void>(); }
  [[nodiscard]] EngineInfo info() const override {
    return {.product = "Toybox", .version = "1", .api_version = ""};
  }

 private:
  std::vector<std::string> boxes_;
  std::string endpoint_;
  EnvPtr env_;
  LabelReader labels_;
};

class ToyDriver final : public Driver {
 public:
  ToyDriver(std::vector<std::string> boxes, std::string endpoint, EnvPtr env)
      : boxes_(std::move(boxes)), endpoint_(std::move(endpoint)), env_(std::move(env)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "toy"; }
  [[nodiscard]] std::string_view endpoint() const noexcept override { return endpoint_; }
  [[nodiscard]] bool local() const noexcept override { return true; }
  [[nodiscard]] Task<std::shared_ptr<Session>> connect(Purpose) override {
    co_return std::make_shared<ToySession>(boxes_, endpoint_, env_);
  }
  [[nodiscard]] boost::asio::awaitable<void> endpoint_changed() override { return never(); }

 private:
  std::vector<std::string> boxes_;
  std::string endpoint_;
  EnvPtr env_;
};

Result<std::vector<Place>> places(const BackendOptions&) {
  return std::vector<Place>{{.url = "toy://shelf", .source = "shelf"}};
}

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& backend,
                                    boost::asio::any_io_executor, EnvPtr env) {
  return std::make_unique<ToyDriver>(backend.of<ToyOptions>().boxes, place.url, std::move(env));
}

}  // namespace

constinit const Runtime runtime{
    .traits = {.kind = kind, .word = "toy", .options_title = "Of toys", .options = options},
    .places = &places,
    .make_driver = &make_driver,
};

}  // namespace rollcall::toy
