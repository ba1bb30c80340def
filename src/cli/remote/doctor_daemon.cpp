// `rollcall doctor --server`: the state of each engine of a daemon.
#include <algorithm>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/remote/daemon_client.hpp"
#include "cli/remote/remote.hpp"
#include "cli/view/document.hpp"
#include "cli/view/instance_text.hpp"
#include "core/json/json_fields.hpp"
#include "core/text/text.hpp"

namespace rollcall::cli {
namespace {

/// One engine, as the daemon reports it.
struct EngineRow {
  std::string name;
  std::string endpoint;
  std::string state;
  std::string reason;
  std::uint64_t instances = 0;
};

EngineRow read_row(const JsonFields& fields) {
  EngineRow row;
  fields.text("backend", row.name);
  fields.text("endpoint", row.endpoint);
  fields.text("state", row.state);
  fields.text("reason", row.reason);
  fields.number("instances", row.instances);
  return row;
}

Style style_of(const EngineRow& row) {
  if (row.state == "ready") return Style::green;
  return row.state == "failed" || row.state == "backing_off" ? Style::red : Style::dim;
}

std::string text_report(const std::vector<EngineRow>& rows, bool colour) {
  Table table{.columns = {{"RUNTIME"}, {"STATE"}, {"PLACE"}, {"INSTANCES"}, {"DETAILS"}},
              .rows = {}};
  for (const EngineRow& row : rows) {
    table.rows.push_back({{printable(row.name), Style::bold},
                          {printable(row.state), style_of(row)},
                          {or_dash(row.endpoint)},
                          {fmt::format("{}", row.instances)},
                          {or_dash(printable(row.reason))}});
  }
  return render_table(table, 0, colour);
}

/// How many of the host's sockets are listed without their process.
std::size_t unseen_in(const std::vector<InstancePtr>& instances) {
  const auto unseen = [](const InstancePtr& instance) {
    return instance->kind == InstanceKind::process && !instance->problems.empty() &&
           (!instance->details || instance->details->pid == 0);
  };
  return static_cast<std::size_t>(std::ranges::count_if(instances, unseen));
}

/// Reports what the daemon cannot see for lack of privilege.
std::string blind_spot(const Options& options, Console& console) {
  const auto list = list_of_daemon(options);
  const std::size_t unseen = list ? unseen_in(list->instances) : 0;
  if (unseen == 0) return {};
  return fmt::format(
      "\n{}\n  host: who holds {} of the listening sockets; host-sockets.conf in "
      "rollcall.service.d grants it\n",
      styled("Not seen:", Style::bold, console.colour()), unseen);
}

}  // namespace

int doctor_daemon(const Options& options, Console& console) {
  const auto status = status_of_daemon(options);
  if (!status) {
    console.note(status.error().describe());
    return failure;
  }
  const auto* object = status->if_object();
  std::vector<Problem> unread;
  std::vector<EngineRow> rows;
  const RuntimeFilter runtimes(options.selection);
  if (object != nullptr) {
    JsonFields(*object, unread).objects("backends", [&](const JsonFields& fields) {
      EngineRow row = read_row(fields);
      if (runtimes.wants(row.name)) rows.push_back(std::move(row));
    });
  }
  console.print(options.output == Output::json
                    ? indented_json(*status)
                    : text_report(rows, console.colour()) + blind_spot(options, console));
  const auto ready = [](const EngineRow& row) { return row.state == "ready"; };
  return std::ranges::any_of(rows, ready) ? success : failure;
}

}  // namespace rollcall::cli
