"""clang-tidy has nothing to say: check_tidy.py ROOT BUILD

A source is read again only if it, a header of the project that it includes, its command, .clang-tidy or
clang-tidy has changed since it was last found good, in whichever checkout. The stamps of good ones lie in the
user's cache.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

from sources import report, root_from_arguments

TIDY = "clang-tidy-19"
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.MULTILINE)


def own_headers(root, path, seen):
    """The project's headers that a file includes, directly or not."""
    for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        for folder in ("include", "src", "tests"):
            header = root / folder / name
            if header not in seen and header.is_file():
                seen.add(header)
                own_headers(root, header, seen)
    return seen


def digest(root, version, entry):
    path = pathlib.Path(entry["file"])
    command = entry["command"].replace(str(root), "")
    parts = [command.encode(), version, (root / ".clang-tidy").read_bytes(), path.read_bytes()]
    parts += [header.read_bytes() for header in sorted(own_headers(root, path, set()))]
    result = hashlib.sha256()
    for part in parts:
        result.update(hashlib.sha256(part).digest())
    return result.hexdigest()


def read(root, build, stamp, entry):
    """What clang-tidy says about one source; empty if nothing."""
    if stamp.exists():
        return ""
    check = subprocess.run(
        # Not --config-file: it would hold the names of the system's headers against .clang-tidy, too.
        [TIDY, "--quiet", "-p", build, entry["file"]],
        capture_output=True,
        text=True,
    )
    if check.returncode == 0:
        stamp.touch()
        return ""
    return (check.stdout or check.stderr).replace(f"{root}/", "").strip()


def main():
    root = root_from_arguments()
    build = pathlib.Path(sys.argv[2]).resolve()
    stamps = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "rollcall" / "tidy"
    stamps.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    entries = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    entries = [entry for entry in entries if pathlib.Path(entry["file"]).is_relative_to(root)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda entry: read(root, build, stamps / digest(root, version, entry), entry), entries)
        found = [text for text in found if text]
    report(found, "clang-tidy-19 with .clang-tidy finds nothing.")


if __name__ == "__main__":
    main()
