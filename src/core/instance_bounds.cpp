#include "core/instance_bounds.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/budgets.hpp"

namespace rollcall {
namespace {

constexpr std::array texts = {&Instance::name,  &Instance::network_owner, &Instance::reason,
                              &Instance::image, &Instance::group,         &Instance::service,
                              &Instance::node};

bool is_long(std::string_view text) {
  return text.size() > budget::instance_text_bytes;
}

bool is_long(const Problem& problem) {
  return is_long(problem.where) || is_long(problem.what);
}

bool is_long(const Address& address) {
  return is_long(address.ip) || is_long(address.network);
}

bool is_long(const PortMapping& port) {
  return is_long(port.host_ip) || is_long(port.name);
}

bool is_long(const Details& details) {
  std::size_t command = 0;
  for (const std::string& word : details.command) command += word.size();
  return is_long(details.description) || is_long(details.definition) || is_long(details.user) ||
         command > budget::instance_command_bytes;
}

template <class T>
bool any_is_long(const std::vector<T>& list) {
  return std::ranges::any_of(list, [](const T& one) { return is_long(one); });
}

/// How many labels from the first on are within the bounds.
std::size_t labels_within(const Labels& labels) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (const auto& [key, value] : labels) {
    bytes += key.size() + value.size();
    if (count == budget::instance_labels || bytes > budget::instance_label_bytes) break;
    ++count;
  }
  return count;
}

bool labels_fit(const Labels& labels) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (const auto& [key, value] : labels) {
    ++count;
    bytes += key.size() + value.size();
  }
  return count <= budget::instance_labels && bytes <= budget::instance_label_bytes;
}

bool fits(const Instance& instance) {
  return instance.ports.size() <= budget::instance_ports &&
         instance.addresses.size() <= budget::instance_addresses &&
         instance.problems.size() <= budget::instance_problems &&
         std::ranges::none_of(texts, [&](auto text) { return is_long(instance.*text); }) &&
         !any_is_long(instance.problems) && !any_is_long(instance.addresses) &&
         !any_is_long(instance.ports) && labels_fit(instance.labels) &&
         (!instance.details || !is_long(*instance.details));
}

/// Cuts a text between two characters, and says that it was cut.
void shorten(std::string& text) {
  constexpr std::string_view end = "…";
  if (!is_long(text)) return;
  std::size_t size = budget::instance_text_bytes - end.size();
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) --size;
  text.resize(size);
  text += end;
}

class Cutter {
 public:
  explicit Cutter(Instance& instance) : instance_(instance) {}

  void cut() {
    for (const auto text : texts) shorten(instance_.*text);
    cut_labels();
    cut_list(instance_.ports, budget::instance_ports, "ports");
    cut_list(instance_.addresses, budget::instance_addresses, "addresses");
    for (PortMapping& port : instance_.ports) shorten(port.name);
    std::erase_if(instance_.ports, [](const PortMapping& port) { return is_long(port); });
    std::erase_if(instance_.addresses, [](const Address& address) { return is_long(address); });
    cut_details();
    cut_problems();
  }

 private:
  void note(std::string where, std::string what) {
    notes_.push_back({.where = std::move(where), .what = std::move(what)});
  }

  void cut_labels() {
    const std::size_t all = instance_.labels.size();
    const std::size_t kept = labels_within(instance_.labels);
    if (kept == all) return;
    std::vector<Labels::Entry> entries;
    for (const Labels::Entry& entry : instance_.labels) {
      if (entries.size() == kept) break;
      entries.push_back(entry);
    }
    instance_.labels = Labels(entries);
    note(
        "labels",
        fmt::format("an instance may have {} labels, of {} KiB together; {} of {} are left out",
                    budget::instance_labels, budget::instance_label_bytes >> 10U, all - kept, all));
  }

  template <class T>
  void cut_list(std::vector<T>& list, std::size_t most, std::string_view name) {
    if (list.size() <= most) return;
    note(std::string(name), fmt::format("an instance may have {} {}; {} of {} are left out", most,
                                        name, list.size() - most, list.size()));
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(most), list.end());
    list.shrink_to_fit();
  }

  void cut_details() {
    if (!instance_.details || !is_long(*instance_.details)) return;
    Details details = *instance_.details;
    for (std::string* text : {&details.description, &details.definition, &details.user}) {
      shorten(*text);
    }
    std::size_t bytes = 0;
    const auto end = std::ranges::find_if(details.command, [&bytes](const std::string& word) {
      bytes += word.size();
      return bytes > budget::instance_command_bytes;
    });
    if (end != details.command.end()) {
      details.command.erase(end, details.command.end());
      details.command.emplace_back("…");
    }
    instance_.details = std::make_shared<const Details>(std::move(details));
  }

  void cut_problems() {
    std::vector<Problem>& problems = instance_.problems;
    if (problems.size() + notes_.size() > budget::instance_problems) {
      const std::size_t kept = budget::instance_problems - notes_.size() - 1;
      note("problems", fmt::format("more than {} things about it cannot be understood; the rest is "
                                   "not told",
                                   kept));
      problems.erase(problems.begin() + static_cast<std::ptrdiff_t>(kept), problems.end());
    }
    std::ranges::move(notes_, std::back_inserter(problems));
    for (Problem& problem : problems) {
      shorten(problem.where);
      shorten(problem.what);
    }
    std::ranges::sort(problems);
    problems.shrink_to_fit();
  }

  Instance& instance_;
  std::vector<Problem> notes_;
};

}  // namespace

InstancePtr within_bounds(InstancePtr instance) {
  if (fits(*instance)) return instance;
  auto bounded = std::make_shared<Instance>(*instance);
  Cutter(*bounded).cut();
  return bounded;
}

void keep_within_bounds(Snapshot& snapshot) {
  for (Reading& reading : snapshot.readings) {
    reading.instance = within_bounds(std::move(reading.instance));
  }
}

}  // namespace rollcall
