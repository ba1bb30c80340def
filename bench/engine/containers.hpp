// The containers of the scripted engine, whose JSON is made before anything is measured.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace rollcall::bench {

using SharedText = std::shared_ptr<const std::string>;

/// The containers of one engine, by id, each with its item of the list.
class Containers {
 public:
  /// Reads a file with one line "ID<tab>ITEM" per container. Throws if it cannot.
  void load(const std::string& path);

  void put(const std::string& id, std::string item);
  void erase(const std::string& id);

  [[nodiscard]] bool contains(const std::string& id) const { return items_.contains(id); }

  /// The list of all containers, as one HTTP chunk; built once and kept until something changes.
  [[nodiscard]] SharedText list();

  /// The list of the containers whose ids occur in quotes in the query of a request.
  [[nodiscard]] SharedText filtered(std::string_view decoded_query) const;

 private:
  std::map<std::string, std::string> items_;
  SharedText list_;
};

/// One chunk of a chunked HTTP body.
std::string chunk_of(std::string_view bytes);

std::string percent_decoded(std::string_view text);

}  // namespace rollcall::bench
