// The raw fields of an instance of `GET /1.0/instances?recursion=1`.
#pragma once

#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>
#include <simdjson.h>

namespace rollcall::incus {

/// The fields that are used, in the engine's words. The views are valid until the parser's next
/// item.
struct Item {
  struct Device {
    std::string_view key;
    std::string_view type;
    // For a nic.
    std::string_view name;
    std::string_view network;
    std::string_view parent;
    std::string_view hwaddr;
    // For a proxy.
    std::string_view listen;
    std::string_view connect;
    std::string_view bind;
  };

  std::string_view name;
  std::string_view project;
  std::string_view type;
  std::string_view status;
  std::string_view location;
  std::string_view created_at;
  std::string_view last_used_at;
  std::vector<Labels::Entry> config;  ///< Expanded: with what profiles say.
  std::vector<Device> devices;        ///< Likewise.
  /// Fields that could not be read.
  std::vector<Problem> problems;

  /// Clears the item, but keeps the memory of its lists for the next one.
  void clear();
};

/// Stores the fields of an item; used with json_walk::ObjectReader.
class ItemReader {
 public:
  explicit ItemReader(Item& item) : item_(item) {}
  simdjson::error_code operator()(std::string_view key, simdjson::ondemand::value value);

 private:
  simdjson::error_code text(simdjson::ondemand::value value, std::string_view where,
                            std::string_view& out);
  simdjson::error_code config(simdjson::ondemand::value value);
  simdjson::error_code devices(simdjson::ondemand::value value);
  simdjson::error_code device(std::string_view key, simdjson::ondemand::value value);
  simdjson::error_code note(std::string_view where, std::string_view expected,
                            simdjson::error_code error);

  Item& item_;
};

}  // namespace rollcall::incus
