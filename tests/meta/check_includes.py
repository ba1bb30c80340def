"""Who may include whom: check_includes.py ROOT

The rooms of ARCHITECTURE.md, and the doors between them. A new room is a line in DOORS.
"""

import re

from sources import report, root_from_arguments, sources

# room -> the rooms whose headers its files may include, besides its own. Public headers are open to all.
DOORS = {
    "include": set(),
    "core": set(),
    "engine": {"core"},
    "hostview": {"core"},
    "transport": {"core", "hostview"},
    "backends": {"core"},
    "backends/*": {"core", "hostview", "transport", "backends"},
    "assembly": {"core", "engine", "backends", "backends/*"},
    "documents": {"core", "engine"},
    "server": {"core", "engine", "hostview", "transport", "documents"},
    "cli": {"core", "engine", "hostview", "transport", "backends", "backends/*", "assembly", "documents", "server"},
}

# Runtimes that speak one API, and the room where that is spoken.
SPEAKERS = {"backends/docker": "backends/docker_api", "backends/podman": "backends/docker_api"}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<(rollcall/[^>]+)>)')


def room_of(parts):
    """The room of a file, from the parts of its path below src/; None: not in a room."""
    if len(parts) > 2 and parts[0] == "backends":
        return f"backends/{parts[1]}"
    return parts[0] if len(parts) > 1 else None


def generic(room):
    return "backends/*" if room.startswith("backends/") else room


def may_include(room, header):
    """Whether a file of that room may include the header, given by its path below src/."""
    target = room_of(header.split("/"))
    if target is None or generic(target) not in DOORS:
        return False
    if target in (room, SPEAKERS.get(room)):
        return True
    return generic(target) in DOORS[generic(room)]


def check_file(root, path):
    relative = path.relative_to(root)
    room = "include" if relative.parts[0] == "include" else room_of(relative.parts[1:])
    if relative.parts[0] not in ("include", "src"):
        return []
    if room is None or generic(room) not in DOORS:
        return [f"{relative}: is in no room that check_includes.py knows"]
    problems = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match or match.group(2):
            continue
        if path.name.endswith("_test.cpp") and match.group(1).startswith("support/"):
            continue
        if not may_include(room, match.group(1)):
            problems.append(f"{relative}:{number}: {room} may not include {match.group(1)}")
    return problems


def main():
    root = root_from_arguments()
    problems = [problem for path in sources(root) for problem in check_file(root, path)]
    report(problems, "rooms include each other in one direction only; see ARCHITECTURE.md.")


if __name__ == "__main__":
    main()
