// The list and the watch of one kind of objects, in one namespace or in all.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backends/kubernetes/decode.hpp"
#include "backends/kubernetes/engine.hpp"
#include "backends/kubernetes/list_taker.hpp"

namespace rollcall::kubernetes {

class ResourceWatch {
 public:
  /// `name_space`: empty for all. `api`: for slices.
  ResourceWatch(EngineStatePtr engine, Resource resource, std::string name_space, SliceApi api);

  [[nodiscard]] Resource resource() const noexcept { return resource_; }
  [[nodiscard]] SliceApi api() const noexcept { return api_; }

  /// Takes a line of a watch. The 64 bytes after it may be read.
  using Take = JsonSplitter::Sink;

  /// A refusal by the server; nullopt if it answered.
  using Outcome = std::optional<ApiFault>;

  /// Lists all objects. `items` takes a plain list; `line` takes the events of a streamed list and
  /// calls end_list() at its end. An empty `line`: do not stream.
  ///
  /// Reads from the server's cache, and nothing older than what was seen before. Pages from the
  /// store, of any version, only if the server cannot do that.
  [[nodiscard]] Task<Outcome> list(ListTaker& items, Take line);

  /// Whether the first page of a list is allowed now.
  [[nodiscard]] Task<Outcome> ask();

  /// Opens the watch at the end of the list, or where the last watch stopped.
  [[nodiscard]] Task<Outcome> open();

  /// Reads some of the open watch; returns false at a regular end. Silence until long after the
  /// watch should have ended counts as such.
  [[nodiscard]] Task<bool> read(Take line);

  /// For `line`: records the version up to which the watch is complete.
  void advance(std::string version);
  void end_list() { list_ended_ = true; }

  /// Whether a watch has already told this version.
  [[nodiscard]] bool is_repeated(const std::string& version) const;

  /// Reads the refusal of an ERROR line: desynced, if the server lacks the version.
  [[nodiscard]] RuntimeError error_in(std::string_view line);

 private:
  [[nodiscard]] std::string target(std::string_view query) const;
  [[nodiscard]] Task<Outcome> stream_list(Take line);
  [[nodiscard]] Task<Outcome> read_list(std::string query, ListTaker& items, ListHead& head);
  [[nodiscard]] Task<Outcome> read_pages(ListTaker& items);
  [[nodiscard]] Task<Outcome> list_from_store(ListTaker& items);
  [[nodiscard]] bool lacks_version(const ApiFault& fault);
  [[nodiscard]] RuntimeError placed(RuntimeError error) const;

  EngineStatePtr engine_;
  Resource resource_;
  SliceApi api_;
  std::string path_;
  std::string filter_;  // "&labelSelector=…"
  std::string version_;
  bool list_ended_ = false;
  HttpResponsePtr watch_;
  JsonSplitter lines_{JsonSplitter::Shape::stream};
};
using ResourceWatchPtr = std::shared_ptr<ResourceWatch>;

}  // namespace rollcall::kubernetes
