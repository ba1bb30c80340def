#include "backends/docker_api/driver.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "backends/docker_api/api.hpp"
#include "backends/docker_api/decode.hpp"
#include "backends/docker_api/environment.hpp"
#include "backends/docker_api/events.hpp"
#include "backends/docker_api/host_ports.hpp"
#include "backends/docker_api/join.hpp"
#include "transport/json_splitter.hpp"
#include "transport/path_watch.hpp"
#include "transport/ssh_command.hpp"

namespace rollcall::docker_api {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr Duration period_without_events = 10s;

/// What outlives a session: who the engine is, and up to where its events were read.
struct Engine {
  Endpoint endpoint;
  DialectPtr dialect;
  std::string shown_endpoint;
  bool include_stopped = false;
  EnvPtr env;
  Logger log;
  Wire wire;
  HostPorts host_ports;
  bool read_env = false;
  bool env_refused = false;
  std::map<std::string, Labels> environments{};  // of containers, by id: what may be read of them
  Timestamp last_event{};

  [[nodiscard]] const Traits& traits() const { return dialect->traits(); }
  void warn(const std::string& message) const {
    if (log) log(LogLevel::warning, message);
  }
};
using EnginePtr = std::shared_ptr<Engine>;

class DockerSession final : public Session {
 public:
  DockerSession(EnginePtr engine, std::unique_ptr<Api> api, EngineHello hello)
      : engine_(std::move(engine)),
        api_(std::move(api)),
        hello_(std::move(hello)),
        decoder_(std::string(engine_->traits().name), engine_->shown_endpoint) {}

  /// Opens the stream of events; polls instead where events are refused, or not wanted.
  [[nodiscard]] Task<void> open_events();

  [[nodiscard]] Task<Snapshot> list() override;
  [[nodiscard]] Task<Change> next() override;
  [[nodiscard]] Task<Snapshot> read(std::vector<Touched> touched) override;
  [[nodiscard]] Task<void> probe() override;
  [[nodiscard]] EngineInfo info() const override {
    return {std::string(hello_.product), hello_.version, hello_.api_version};
  }
  [[nodiscard]] std::size_t unknown_signals() const noexcept override { return unknown_signals_; }

 private:
  [[nodiscard]] bool needs_all() const {
    return engine_->include_stopped || engine_->traits().hides_paused;
  }
  [[nodiscard]] Infra infra() const {
    return engine_->include_stopped ? Infra::shown : Infra::hidden;
  }
  [[nodiscard]] Timestamp engine_now() const { return engine_->env->now() + hello_.clock_ahead; }

  [[nodiscard]] Task<void> fetch(std::vector<std::string> ids, Containers& into);
  [[nodiscard]] Task<void> read_environments(bool of_all, Containers& containers);
  [[nodiscard]] Task<bool> settle(const std::vector<Touched>& touched);
  [[nodiscard]] Task<void> fetch_missing(Containers& containers);
  void fill_host_ports(Containers& containers);
  Result<void> take_event(std::string_view item);
  void push(const Change& change);

  EnginePtr engine_;
  std::unique_ptr<Api> api_;
  EngineHello hello_;
  ContainerDecoder decoder_;
  Joins joins_;

  HttpResponsePtr events_;
  EventDecoder event_decoder_;
  JsonSplitter splitter_{JsonSplitter::Shape::stream};
  std::deque<Change> changes_;
  Duration poll_period_{};  // without a stream
  std::size_t unknown_signals_ = 0;
};

Task<void> DockerSession::open_events() {
  // Events from before the list are asked for, too: the stream opens a moment after the list would
  // be taken. The last event that was read says more than the clock, but a clock that was set back
  // must not make us deaf.
  poll_period_ = engine_->traits().poll_period;
  if (poll_period_ > Duration::zero()) co_return Result<void>();
  const Timestamp just_before = hello_.date - 1s;
  const bool resumes = engine_->last_event != Timestamp{};
  const Timestamp since = resumes ? std::min(engine_->last_event, just_before) : just_before;
  auto events = co_await api_->events(since, engine_->traits().event_filters);
  if (!events) co_return fail(std::move(events.error()));
  events_ = std::move(*events);
  if (!events_) {
    poll_period_ = period_without_events;
    engine_->warn(fmt::format("{}: events are refused, so containers are listed every {} s instead",
                              api_->url(), poll_period_ / 1s));
  }
  co_return Result<void>();
}

Task<void> DockerSession::fetch(std::vector<std::string> ids, Containers& into) {
  const Timestamp now = engine_->env->now();
  Containers found;
  Api::Sink sink = [this, &found, now](std::string_view item) -> Result<void> {
    auto container = decoder_.decode(item, now);
    if (!container) return fail(std::move(container.error()));
    std::string id = container->instance.key.id;
    found.insert_or_assign(std::move(id), std::move(*container));
    return {};
  };
  const bool stopped = needs_all();
  auto listed = co_await api_->containers(ids, stopped, std::move(sink));
  if (!listed) co_return fail(std::move(listed.error()));
  auto completed = co_await engine_->dialect->complete(*api_, ids, found);
  if (!completed) co_return fail(std::move(completed.error()));
  if (engine_->read_env) {
    auto read = co_await read_environments(ids.empty(), found);
    if (!read) co_return fail(std::move(read.error()));
  }
  into.merge(found);
  co_return Result<void>();
}

/// A container keeps the environment that it was made with, so it is inspected once. `of_all`: what
/// is not among the containers is gone.
Task<void> DockerSession::read_environments(bool of_all, Containers& containers) {
  auto& known = engine_->environments;
  if (of_all) std::erase_if(known, [&](const auto& e) { return !containers.contains(e.first); });
  for (auto& [id, container] : containers) {
    auto at = known.find(id);
    if (at == known.end()) {
      auto answer = co_await api_->inspect(id);
      if (!answer) co_return fail(std::move(answer.error()));
      if (!*answer) {
        // It is gone, or may not be inspected; then all may not.
        if (!std::exchange(engine_->env_refused, true)) {
          engine_->warn(
              fmt::format("{}: container {} cannot be inspected, so its environment is "
                          "not read; let GET pass on /containers/ID/json",
                          api_->url(), id.substr(0, 12)));
        }
        continue;
      }
      at = known.emplace(id, readable_environment(**answer)).first;
    }
    apply_environment(container.instance, at->second);
  }
  co_return Result<void>();
}

/// One that uses the network of another has its addresses, and those of a pod share its ports; the
/// others may not be among what was asked for.
Task<void> DockerSession::fetch_missing(Containers& containers) {
  std::set<std::string> missing;
  for (const auto& [id, container] : containers) {
    const std::string& owner = container.instance.network_owner;
    if (!owner.empty()) missing.insert(owner);
    std::ranges::copy(joins_.fellows_of(id), std::inserter(missing, missing.end()));
  }
  std::erase_if(missing, [&](const std::string& id) { return containers.contains(id); });
  if (missing.empty()) co_return Result<void>();
  co_return co_await fetch({missing.begin(), missing.end()}, containers);
}

void DockerSession::fill_host_ports(Containers& containers) {
  if (engine_->endpoint.local()) {
    engine_->host_ports.fill(containers, engine_->env->now());
  }
}

Task<Snapshot> DockerSession::list() {
  Snapshot snapshot{.taken_at = engine_now()};
  Containers containers;
  auto fetched = co_await fetch(std::vector<std::string>(), containers);
  if (!fetched) co_return fail(std::move(fetched.error()));
  joins_.replace(containers);
  engine_->host_ports.keep_only(containers);
  fill_host_ports(containers);
  snapshot.readings = finish(std::move(containers), infra());
  if (poll_period_ > Duration::zero()) api_->rest();
  co_return snapshot;
}

/// The engine signals most changes before it stores them where the list looks. A start is stored
/// first.
Task<bool> DockerSession::settle(const std::vector<Touched>& touched) {
  std::set<std::string> waits;
  for (const Touched& touch : touched) {
    if (!engine_->traits().lists_late || touch.mark == RunMark::began) continue;
    waits.insert(touch.id);
    if (const auto owner = joins_.owner_of(touch.id)) waits.insert(*owner);
  }
  bool all = true;
  for (const std::string& id : waits) {
    auto settled = co_await api_->settle(id);
    if (!settled) co_return fail(std::move(settled.error()));
    all = all && *settled;
  }
  co_return all;
}

Task<Snapshot> DockerSession::read(std::vector<Touched> touched) {
  auto settled = co_await settle(touched);
  if (!settled) co_return fail(std::move(settled.error()));
  std::set<std::string> ids;
  for (const Touched& touch : touched) {
    ids.insert(touch.id);
    if (auto owner = joins_.owner_of(touch.id)) ids.insert(std::move(*owner));
  }
  Snapshot snapshot{.taken_at = engine_now()};
  Containers containers;
  auto fetched = co_await fetch({ids.begin(), ids.end()}, containers);
  if (!fetched) co_return fail(std::move(fetched.error()));
  joins_.update(containers);
  auto completed = co_await fetch_missing(containers);
  if (!completed) co_return fail(std::move(completed.error()));
  joins_.update(containers);
  fill_host_ports(containers);
  for (auto& reading : finish(std::move(containers), infra())) {
    const auto asked = [&](const Touched& t) { return t.id == reading.instance->key.id; };
    if (!std::ranges::any_of(touched, asked)) continue;
    reading.settled = reading.settled && *settled;
    snapshot.readings.push_back(std::move(reading));
  }
  co_return snapshot;
}

void DockerSession::push(const Change& change) {
  changes_.push_back(change);
  const auto* touched = std::get_if<Touched>(&change);
  const auto* gone = std::get_if<Gone>(&change);
  if (touched == nullptr && gone == nullptr) return;
  const std::string& id = touched != nullptr ? touched->id : gone->id;
  const Timestamp at = touched != nullptr ? touched->at : engine_now();
  for (const std::string& dependent : joins_.dependents_of(id)) {
    changes_.emplace_back(Touched{.id = dependent, .at = at, .mark = RunMark::changed});
  }
}

Result<void> DockerSession::take_event(std::string_view item) {
  auto event = event_decoder_.decode(item);
  if (!event) return fail(std::move(event.error()));
  engine_->last_event = std::max(engine_->last_event, event->at);
  if (event->unknown_action) ++unknown_signals_;
  if (event->change) push(*event->change);
  return {};
}

Task<Change> DockerSession::next() {
  if (!events_) {
    co_await engine_->env->sleep_for(poll_period_);
    co_return Change(ResyncNeeded{"there are no events"});
  }
  while (changes_.empty()) {
    auto bytes = co_await events_->read_some();
    if (!bytes) co_return fail(std::move(bytes.error()));
    const auto sink = [this](std::string_view item) { return take_event(item); };
    auto fed = bytes->empty() ? splitter_.finish() : splitter_.feed(*bytes, sink);
    if (!fed) {
      RuntimeError error = std::move(fed.error());
      error.endpoint = api_->url();
      co_return fail(std::move(error));
    }
    if (bytes->empty()) co_return Change(StreamEnded{});
  }
  Change change = std::move(changes_.front());
  changes_.pop_front();
  co_return change;
}

Task<void> DockerSession::probe() {
  // Without a stream each look is a probe already, and an idle engine may sleep between them.
  if (!events_) co_return Result<void>();
  co_return co_await api_->ping();
}

class DockerDriver final : public Driver {
 public:
  explicit DockerDriver(EnginePtr engine) : engine_(std::move(engine)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return engine_->traits().name; }
  [[nodiscard]] std::string_view endpoint() const noexcept override {
    return engine_->shown_endpoint;
  }
  [[nodiscard]] bool local() const noexcept override { return engine_->endpoint.local(); }

  [[nodiscard]] Task<std::shared_ptr<Session>> connect(Purpose purpose) override {
    auto api = std::make_unique<Api>(engine_->endpoint, engine_->env, engine_->wire);
    auto hello = co_await api->hello();
    if (!hello) co_return fail(std::move(hello.error()));
    if (hello->product != engine_->traits().product) co_return fail(other_product(*hello));
    auto session = std::make_shared<DockerSession>(engine_, std::move(api), std::move(*hello));
    if (purpose == Purpose::watch) {
      auto opened = co_await session->open_events();
      if (!opened) co_return fail(std::move(opened.error()));
    }
    co_return std::shared_ptr<Session>(std::move(session));
  }

  [[nodiscard]] asio::awaitable<void> endpoint_changed() override {
    if (engine_->endpoint.scheme == Endpoint::Scheme::unix_socket) {
      return wait_for_change_of(engine_->endpoint.path);
    }
    return wait_for_ever();
  }

 private:
  [[nodiscard]] RuntimeError other_product(const EngineHello& hello) const {
    return {.kind = ErrorKind::protocol,
            .fault = ConnectFault::not_this_api,
            .endpoint = engine_->endpoint.url(),
            .what = fmt::format("this is {} {}, and not {}", hello.product, hello.version,
                                engine_->traits().product),
            .remedy = "name the runtime that it is: --endpoint podman=URL or docker=URL"};
  }

  static asio::awaitable<void> wait_for_ever() {
    asio::steady_timer never(co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
  }

  EnginePtr engine_;
};

}  // namespace

Result<Endpoint> endpoint_of(const Place& place, std::string_view program,
                             std::string_view socket_option) {
  auto endpoint = parse_endpoint(place.url, default_ports);
  if (!endpoint) return endpoint;
  endpoint->tls = place.tls.value_or(TlsOptions());
  endpoint->ssh.identity = place.ssh_identity;
  const std::string socket =
      endpoint->path.empty()
          ? std::string()
          : fmt::format("{} {} ", socket_option, ssh::quoted("unix://" + endpoint->path));
  endpoint->ssh.command = fmt::format("{} {}system dial-stdio", program, socket);
  return endpoint;
}

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    DialectPtr dialect, Wire wire, HostViewPtr view) {
  auto endpoint = parse_endpoint(place.url, default_ports);
  auto engine = std::make_shared<Engine>(Engine{.endpoint = *endpoint,
                                                .dialect = std::move(dialect),
                                                .shown_endpoint = place.url,
                                                .include_stopped = options.include_stopped,
                                                .env = std::move(env),
                                                .log = options.log,
                                                .wire = std::move(wire),
                                                .host_ports = HostPorts(std::move(view)),
                                                .read_env = options.read_env});
  if (!options.alias.empty()) engine->shown_endpoint = options.alias;
  return std::make_unique<DockerDriver>(std::move(engine));
}

}  // namespace rollcall::docker_api
