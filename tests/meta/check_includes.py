"""Which folder may include which: check_includes.py ROOT

The rooms of ARCHITECTURE.md, the folders within them, and the doors between both. A new room is a line in DOORS, a new folder a
line in FOLDERS. No files include each other in a circle.
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

# folder of a room -> the other folders of its room whose headers its files may include, besides those of the room itself.
FOLDERS = {
    "core/async": set(),
    "core/channel": {"core/async"},
    "core/json": {"core/labels", "core/secrets", "core/text"},
    "core/labels": {"core/text"},
    "core/option": {"core/text"},
    "core/reach": {"core/json", "core/labels", "core/text"},
    "core/secrets": {"core/text"},
    "core/text": set(),
    "transport/dbus": set(),
    "transport/http": {"transport/tls"},
    "transport/splitters": set(),
    "transport/ssh": set(),
    "transport/tls": set(),
    "server/access": {"server/http"},
    "server/api": {"server/access", "server/http"},
    "server/http": set(),
    "server/listening": {"server/access"},
    "cli/command_line": {"cli/daemon", "cli/view"},
    "cli/daemon": set(),
    "cli/remote": {"cli/command_line", "cli/view"},
    "cli/view": set(),
}

# Runtimes that share an API, and the room that implements it.
SPEAKERS = {"backends/docker": "backends/docker_api", "backends/podman": "backends/docker_api"}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<(rollcall/[^>]+)>)')


def room_of(parts):
    """The room of a file, from the parts of its path below src/; None: not in a room."""
    if len(parts) > 2 and parts[0] == "backends":
        return f"backends/{parts[1]}"
    return parts[0] if len(parts) > 1 else None


def folder_of(parts):
    """The folder within a room, from the parts of a path below src/; None: directly in the room, or of a room without folders."""
    return f"{parts[0]}/{parts[1]}" if len(parts) > 2 and parts[0] != "backends" else None


def may_enter(folder, header):
    """Whether a file of that folder may include a header of its room."""
    other = folder_of(header.split("/"))
    if folder is None or other in (None, folder) or other.split("/")[0] != folder.split("/")[0]:
        return True
    return other in FOLDERS.get(folder, ())


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
    folder = folder_of(relative.parts[1:]) if relative.parts[0] == "src" else None
    if room is None or generic(room) not in DOORS or (folder and folder not in FOLDERS):
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
        elif not may_enter(folder, match.group(1)):
            problems.append(f"{relative}:{number}: {folder} may not include {match.group(1)}")
    return problems


def circles(root):
    """The headers that include each other in a circle, once for each circle."""
    included = {}
    for path in sources(root):
        if path.suffix == ".hpp" and path.is_relative_to(root / "src"):
            found = re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
            included[path.relative_to(root / "src").as_posix()] = found
    done = set()

    def walk(header, path):
        if header in path:
            return [f"src/{header}: includes itself by way of {', '.join(path[path.index(header) + 1 :])}"]
        if header in done or header not in included:
            return []
        problems = [problem for each in included[header] for problem in walk(each, [*path, header])]
        done.add(header)
        return problems

    return [problem for header in sorted(included) for problem in walk(header, [])]


def main():
    root = root_from_arguments()
    problems = [problem for path in sources(root) for problem in check_file(root, path)]
    problems += circles(root)
    report(problems, "rooms include each other in one direction only; see ARCHITECTURE.md.")


if __name__ == "__main__":
    main()
