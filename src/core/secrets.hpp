// What looks like a secret, and how it is kept from others. Pure; a rule that guesses.
#pragma once

#include <string>
#include <string_view>

#include <rollcall/event.hpp>
#include <rollcall/instance.hpp>

namespace rollcall {

/// What stands for a secret.
inline constexpr std::string_view mask = "***";

/// Whether what is called so is a secret: "--db-password", "DB_PASSWORD", "apiToken"; but not
/// "password-file".
bool names_secret(std::string_view name);

/// "scheme://user:***@host".
std::string without_passwords_of_urls(std::string_view text);

/// The instance with the values of labels, and TXT entries of its metadata, masked whose names look
/// secret, and without the passwords of URLs in labels; the same object if there are none.
///
/// What follows from its labels otherwise, routes and ports, stays as it was.
InstancePtr masked(InstancePtr instance);

/// The same for the instance that an event is about.
void mask_secrets(RuntimeEvent& event);

}  // namespace rollcall
