// What the scripted engine has: containers whose JSON was made before anything is measured.
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
  /// Reads a file with a line "ID<tab>ITEM" a container. Throws if it cannot.
  void load(const std::string& path);

  void put(const std::string& id, std::string item);
  void erase(const std::string& id);

  [[nodiscard]] bool contains(const std::string& id) const { return items_.contains(id); }

  /// The list of all, as one HTTP chunk; made once and kept until something changes.
  [[nodiscard]] SharedText list();

  /// The list of those that the query of a request asks for: all ids that stand quoted in it.
  [[nodiscard]] SharedText filtered(std::string_view decoded_query) const;

 private:
  std::map<std::string, std::string> items_;
  SharedText list_;
};

/// One chunk of a chunked HTTP body.
std::string chunk_of(std::string_view bytes);

std::string percent_decoded(std::string_view text);

}  // namespace rollcall::bench
