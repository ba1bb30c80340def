// One kind of objects, in one namespace or in all: its list, and its watch.
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

class Source {
 public:
  /// `name_space`: empty for all. `api`: for slices.
  Source(EnginePtr engine, Resource resource, std::string name_space, SliceApi api);

  [[nodiscard]] Resource resource() const noexcept { return resource_; }
  [[nodiscard]] SliceApi api() const noexcept { return api_; }

  /// Takes a line of a watch; 64 bytes after it may be read.
  using Take = JsonSplitter::Sink;

  /// Whether the server answers, or its refusal.
  using Outcome = std::optional<ApiFault>;

  /// Lists all objects: `items` takes a plain list, `line` the events of a list that is streamed,
  /// until it has called end_list(); empty: none is.
  ///
  /// From the server's cache, and not older than what was seen before. In pages only after the
  /// server could not do that.
  [[nodiscard]] Task<Outcome> list(ListTaker& items, Take line);

  /// Whether the first page of a list is allowed now.
  [[nodiscard]] Task<Outcome> ask();

  /// Opens the watch, from the end of the list or of what was read of a watch before.
  [[nodiscard]] Task<Outcome> open();

  /// Reads some of the open watch; false at a regular end. A server that says nothing until long
  /// after the watch should have ended has ended it.
  [[nodiscard]] Task<bool> read(Take line);

  /// What `line` calls. `version`: up to where the watch has told everything.
  void advance(std::string version);
  void end_list() { list_ended_ = true; }

  /// Whether a watch has told this before.
  [[nodiscard]] bool is_repeated(const std::string& version) const;

  /// The refusal that an ERROR line holds.
  [[nodiscard]] ApiFault fault_of(std::string_view line) const;

 private:
  [[nodiscard]] std::string target(std::string_view query) const;
  [[nodiscard]] Task<Outcome> stream_list(Take line);
  [[nodiscard]] Task<Outcome> read_list(std::string query, ListTaker& items, ListHead& head);
  [[nodiscard]] Task<Outcome> read_pages(ListTaker& items);
  [[nodiscard]] RuntimeError placed(RuntimeError error) const;

  EnginePtr engine_;
  Resource resource_;
  SliceApi api_;
  std::string path_;
  std::string filter_;  // "&labelSelector=…"
  std::string version_;
  bool list_ended_ = false;
  HttpResponsePtr watch_;
  JsonSplitter lines_{JsonSplitter::Shape::stream};
};
using SourcePtr = std::shared_ptr<Source>;

}  // namespace rollcall::kubernetes
