// `rollcall doctor`: probes every place of every runtime, and says what it found and what to do.
#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_from.hpp>
#include <fmt/format.h>

#include "assembly/engine_choice.hpp"
#include "assembly/registry.hpp"
#include "cli/commands.hpp"
#include "cli/remote/remote.hpp"
#include "cli/view/document.hpp"
#include "cli/view/instance_text.hpp"
#include "core/async/deadline.hpp"
#include "core/async/env.hpp"
#include "core/async/run.hpp"
#include "core/driver.hpp"
#include "core/text/text.hpp"

namespace rollcall::cli {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

/// One place, and what was found there.
struct Finding {
  RuntimeBackendKind kind{};
  Place place;
  bool asked = true;  ///< False: not named by the user, and it may be far away.
  Result<EngineInfo> engine;
  std::vector<std::string> closer{};  ///< What a closer look has shown.
  std::chrono::nanoseconds latency{};
};

std::vector<Finding> places_of(RuntimeBackendKind kind, const BackendOptions& options) {
  Finding finding;
  finding.kind = kind;
  const Runtime* const runtime = runtime_of(kind);
  if (runtime == nullptr) return {};
  const auto places = runtime->places(options);
  if (!places) {
    finding.engine = fail(places.error());
    return {finding};
  }
  std::vector<Finding> findings;
  for (const Place& place : *places) {
    finding.place = place;
    findings.push_back(finding);
  }
  return findings;
}

std::vector<Finding> all_places(const Selection& selection, const BackendOptions& options) {
  std::vector<Finding> all;
  for (const NamedEndpoint& endpoint : selection.endpoints) {
    BackendOptions named = options;
    named.endpoint = endpoint.url;
    for (Finding& finding : places_of(endpoint.kind, named)) all.push_back(std::move(finding));
  }
  const auto& kinds = selection.kinds;
  const bool every =
      selection.all || std::ranges::find(kinds, RuntimeBackendKind::automatic) != kinds.end();
  for (const Runtime* runtime : registered_runtimes()) {
    const RuntimeBackendKind kind = runtime->traits.kind;
    const bool named = std::ranges::find(kinds, kind) != kinds.end();
    if (!every && !named) continue;
    const bool asked = named || runtime->meant_by_default(options);
    for (Finding& finding : places_of(kind, options)) {
      finding.asked = asked;
      all.push_back(std::move(finding));
    }
  }
  return all;
}

/// For a remote engine it is unknown whether it was reached at all.
RuntimeError no_answer(const Place& place, std::chrono::nanoseconds limit) {
  const auto elsewhere = {"tcp://", "https://", "ssh://"};
  const bool remote = std::ranges::any_of(
      elsewhere, [&](std::string_view scheme) { return place.url.starts_with(scheme); });
  const double seconds = std::chrono::duration<double>(limit).count();
  return {.kind = ErrorKind::unavailable,
          .fault = ConnectFault::mute,
          .endpoint = place.url,
          .what = remote ? fmt::format("no answer within {:g} s", seconds)
                         : "it accepts connections and does not answer in time",
          .remedy = remote ? "check the host and the network, or give it longer with --timeout"
                           : "see whether the engine hangs, or give it longer with --timeout"};
}

/// Reads what the engine is, and puts into `closer` the results of a closer look, or why it failed.
Task<EngineInfo> reach(Driver& driver, std::vector<std::string>& closer) {
  auto connecting = driver.connect(Purpose::list);
  const auto session = co_await std::move(connecting);
  if (!session) co_return fail(session.error());
  EngineInfo info = (*session)->info();
  auto examining = (*session)->examine();
  auto seen = co_await std::move(examining);
  closer = seen ? std::move(*seen) : std::vector<std::string>{seen.error().describe()};
  co_return info;
}

asio::awaitable<void> probe(Finding& finding, const Options& options,
                            const BackendOptions& common) {
  auto executor = co_await asio::this_coro::executor;
  const EnvPtr env = system_env();
  const auto driver = driver_at(finding.kind, finding.place, common, executor, env);
  const Monotonic begun = env->monotonic();
  auto reaching = with_deadline(reach(*driver, finding.closer), options.timeout,
                                no_answer(finding.place, options.timeout));
  finding.engine = co_await std::move(reaching);
  finding.latency = env->monotonic() - begun;
}

void probe_all(std::vector<Finding>& findings, const Options& options,
               const BackendOptions& common) {
  asio::io_context context(1);
  SideBySide probes(context);
  for (Finding& finding : findings) {
    if (finding.asked && !finding.place.url.empty()) probes.add(probe(finding, options, common));
  }
  probes.run();
}

std::string result_of(const Finding& finding) {
  if (!finding.asked && finding.engine) return "not asked";
  if (finding.engine) return "connected";
  const RuntimeError& error = finding.engine.error();
  return std::string(error.fault == ConnectFault::none ? to_string(error.kind)
                                                       : to_string(error.fault));
}

/// The place, or the option that was given instead.
std::string place_of(const Finding& finding) {
  if (!finding.place.url.empty() || finding.engine) return finding.place.url;
  return finding.engine.error().endpoint;
}

double milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

json::object to_json(const Finding& finding) {
  json::object object{{"runtime", to_string(finding.kind)}, {"result", result_of(finding)}};
  const auto add = [&object](std::string_view key, const std::string& value) {
    if (!value.empty()) object[key] = value;
  };
  add("endpoint", place_of(finding));
  add("source", finding.place.source);
  add("note", finding.place.note);
  if (!finding.engine) {
    add("error", finding.engine.error().what);
    add("remedy", finding.engine.error().remedy);
  } else if (finding.asked) {
    add("product", finding.engine->product);
    add("version", finding.engine->version);
    add("api_version", finding.engine->api_version);
    add("blind_spot", finding.engine->blind_spot);
    object["latency_ms"] = milliseconds(finding.latency);
    if (!finding.closer.empty()) object["closer"] = json::value_from(finding.closer);
  }
  return object;
}

std::string json_report(const std::vector<Finding>& findings) {
  json::array places;
  for (const Finding& finding : findings) places.emplace_back(to_json(finding));
  return indented_json(json::object{{"places", std::move(places)}});
}

Style style_of(const Finding& finding) {
  if (!finding.asked && finding.engine) return Style::dim;
  if (finding.engine) return Style::green;
  return finding.engine.error().fault == ConnectFault::missing ? Style::dim : Style::red;
}

std::string details_of(const Finding& finding) {
  if (!finding.engine) return printable(finding.engine.error().what);
  if (!finding.asked) {
    return fmt::format("`rollcall doctor {}` asks it", to_string(finding.kind));
  }
  const EngineInfo& engine = *finding.engine;
  std::string text = printable(engine.product);
  if (!engine.version.empty()) text += " " + printable(engine.version);
  if (!engine.api_version.empty()) text += ", API " + printable(engine.api_version);
  return text + fmt::format(", {:.1f} ms", milliseconds(finding.latency));
}

bool works(const Finding& finding) {
  return finding.asked && finding.engine;
}

/// The host always answers, so it does not count as an engine that works.
bool engine_works(const Finding& finding) {
  return works(finding) && finding.kind != RuntimeBackendKind::host;
}

/// The notes of the places that have one.
std::string notes(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    if (finding.place.note.empty()) continue;
    text += fmt::format("  {}: {}\n", printable(place_of(finding)), printable(finding.place.note));
  }
  return text;
}

/// The blind spots of the engines that answer.
std::string blind_spots(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    if (!works(finding) || finding.engine->blind_spot.empty()) continue;
    text += fmt::format("  {}: {}\n", place_of(finding), printable(finding.engine->blind_spot));
  }
  return text;
}

/// The results of closer looks, a line each.
std::string closer_looks(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    for (const std::string& seen : finding.closer) {
      text += fmt::format("  {}: {}\n", printable(place_of(finding)), printable(seen));
    }
  }
  return text;
}

/// The remedies for the failures, each once. A missing engine is no failure while another one
/// works.
std::string remedies(const std::vector<Finding>& findings) {
  const bool any_works = std::ranges::any_of(findings, engine_works);
  std::vector<std::pair<std::string, std::vector<std::string>>> places_by_remedy;
  for (const Finding& finding : findings) {
    if (finding.engine || finding.engine.error().remedy.empty()) continue;
    if (any_works && finding.engine.error().fault == ConnectFault::missing) continue;
    const std::string& remedy = finding.engine.error().remedy;
    auto at = std::ranges::find(places_by_remedy, remedy, [](const auto& e) { return e.first; });
    if (at == places_by_remedy.end()) at = places_by_remedy.insert(at, {remedy, {}});
    at->second.push_back(place_of(finding));
  }
  std::string text;
  for (const auto& [remedy, places] : places_by_remedy) {
    const std::string others =
        places.size() == 1 ? "" : fmt::format(" (and {} more)", places.size() - 1);
    text += fmt::format("  {}{}: {}\n", printable(places.front()), others, printable(remedy));
  }
  return text;
}

std::string text_report(const std::vector<Finding>& findings, bool colour) {
  Table table{.columns = {{"RUNTIME"}, {"RESULT"}, {"PLACE"}, {"DECIDED BY"}, {"DETAILS"}},
              .rows = {}};
  for (const Finding& finding : findings) {
    table.rows.push_back({{std::string(to_string(finding.kind)), Style::bold},
                          {result_of(finding), style_of(finding)},
                          {or_dash(place_of(finding))},
                          {or_dash(finding.place.source)},
                          {details_of(finding)}});
  }
  std::string text = render_table(table, 0, colour);
  const std::string how = notes(findings);
  if (!how.empty()) text += "\n" + styled("How it is reached:", Style::bold, colour) + "\n" + how;
  const std::string closer = closer_looks(findings);
  if (!closer.empty()) text += "\n" + styled("Looked closer:", Style::bold, colour) + "\n" + closer;
  const std::string unseen = blind_spots(findings);
  if (!unseen.empty()) text += "\n" + styled("Not seen:", Style::bold, colour) + "\n" + unseen;
  const std::string advice = remedies(findings);
  if (!advice.empty()) text += "\n" + styled("What to do:", Style::bold, colour) + "\n" + advice;
  return text;
}

}  // namespace

int doctor(const Options& options, Console& console) {
  if (!options.server.url.empty()) return doctor_daemon(options, console);
  BackendOptions common = options.backend_options();
  common.getenv = console.environment();
  common.log = console_logger(console, options.verbose);
  std::vector<Finding> findings = all_places(options.selection, common);
  probe_all(findings, options, common);
  console.print(options.output == Output::json ? json_report(findings)
                                               : text_report(findings, console.colour()));
  return std::ranges::any_of(findings, works) ? success : failure;
}

}  // namespace rollcall::cli
