// What a person calls a process. Pure.
#pragma once

#include <string>
#include <string_view>

#include "transport/process_table.hpp"

namespace rollcall::host {

/// The base name of the executable: "nginx" of "/usr/sbin/nginx (deleted)". Where it cannot be read
/// or tells nothing, that of the first argument, else the kernel's short name.
std::string program_of(const Process& process);

/// The program; for an interpreter what it runs: "app.py" of "python3 -u /srv/app.py",
/// "http.server" of "python3 -m http.server", "shop.jar" of "java -Xmx1g -jar shop.jar". An
/// interpreter that was given its program as text (`-c`, `-e`) has its own name.
std::string name_of(const Process& process);

}  // namespace rollcall::host
