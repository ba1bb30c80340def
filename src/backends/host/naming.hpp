// Names of processes for people. Pure.
#pragma once

#include <string>
#include <string_view>

#include "hostview/process_table.hpp"

namespace rollcall::host {

/// The base name of the executable: "nginx" for "/usr/sbin/nginx (deleted)". If that cannot be read
/// or says nothing, the base name of the first argument, else the kernel's short name.
std::string program_of(const Process& process);

/// The program; for an interpreter its script: "app.py" for "python3 -u /srv/app.py", "http.server"
/// for "python3 -m http.server", "shop.jar" for "java -Xmx1g -jar shop.jar". An interpreter that
/// runs text from its arguments (`-c`, `-e`) keeps its own name.
std::string name_of(const Process& process);

}  // namespace rollcall::host
