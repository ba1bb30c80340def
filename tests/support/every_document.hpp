// All documents that the program makes of an instance, for tests that search them for secrets.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <rollcall/instance.hpp>

namespace rollcall::test {

/// Each document with its name: of the commands and of the daemon, for machines and for people.
std::vector<std::pair<std::string, std::string>> every_document(const Instance& instance);

/// The secret that these tests plant: it does not look random, so only its name and position can
/// reveal that it is a secret.
inline const std::string planted = "hunterTwo";

/// Fails for each document that contains the planted secret.
void expect_no_planted_secret(const Instance& instance);

}  // namespace rollcall::test
