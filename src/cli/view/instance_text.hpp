// An instance in words: what a person reads in a table, a line or a template. Safe for a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "cli/view/table.hpp"

namespace rollcall::cli {

/// The name of the instance with this id on the engine of `beside`; empty if it is not known.
using NameOf = std::function<std::string(const InstanceKey& beside, const std::string& id)>;

/// How much of long values is shown.
enum class Detail : std::uint8_t { shortened, full };

/// "running", "running (healthy)", "restarting (exited with 4)".
std::string state_text(const Instance& instance);

/// Green: well. Yellow: may be well soon, or was paused on purpose. Red: not well.
Style state_style(const Instance& instance);

/// The image; digests and bare ids are shortened to 12 digits.
std::string image_text(const Instance& instance, Detail detail);

/// "172.17.0.2, 10.0.0.7"; in full "bridge:172.17.0.2, …"; "host", "via db", or "-".
std::string addresses_text(const Instance& instance, Detail detail, const NameOf& name_of);

/// The addresses, one per word: "172.17.0.2", in full "bridge:172.17.0.2".
std::vector<std::string> address_words(const Instance& instance, Detail detail);

/// "8080->80/tcp, 127.0.0.1:8443->443/tcp, 9000/tcp"; "-" for none.
///
/// A port on all addresses of the host shows no address, and neighbours fold into ranges:
/// "8000-8010->8000-8010/udp". A port that is opened on the host itself is "*:22/tcp".
std::string ports_text(const Instance& instance);

/// The ports, one per word.
std::vector<std::string> port_words(const Instance& instance);

/// "5s", "3m", "2h", "4d": since it was created, or else since it started; "-" if unknown.
std::string age_text(const Instance& instance, Timestamp now);

/// A duration in its largest unit: "5s", "3m", "2h", "4d", "3y".
std::string short_duration(std::chrono::nanoseconds duration);

/// The first 12 digits of a hexadecimal id; any other id as it is.
std::string short_id(std::string_view id);

/// The text made safe, or "-" if there is none.
std::string or_dash(std::string_view text);

}  // namespace rollcall::cli
