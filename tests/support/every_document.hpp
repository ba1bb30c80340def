// All documents that the program makes of an instance, for tests that search them for secrets.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <rollcall/instance.hpp>

namespace rollcall::test {

/// Each document with its name: of the commands and of the daemon, for machines and for people.
std::vector<std::pair<std::string, std::string>> every_document(const Instance& instance);

/// The secret that these tests plant: no word of it looks drawn by lot, so names and places alone
/// can tell what it is.
inline const std::string planted = "hunterTwo";

/// Fails for each document in which the planted secret stands.
void expect_no_planted_secret(const Instance& instance);

}  // namespace rollcall::test
