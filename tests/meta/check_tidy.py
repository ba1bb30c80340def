"""clang-tidy finds nothing: check_tidy.py ROOT BUILD [--all]

Without --all only sources of the product that changed lately are analysed: those of the last day of commits, of uncommitted
changes, and the sources beside a header that changed. All of them, and those of tests, take an hour on two cores. Outside of a git
checkout all are analysed.

A source is analysed again only if it, a header of the project that it includes, its command, .clang-tidy or clang-tidy has
changed since clang-tidy found nothing in it, in any checkout of this machine. A change of prose in comments does not count. The
user's cache holds the stamps that record this.
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
LATELY = 24 * 60 * 60  # seconds before the newest commit
# A source is to include what it uses itself, so clang-tidy reads it without the precompiled header.
PRECOMPILED = re.compile(r" -Xclang -fno-pch-timestamp| -Winvalid-pch| -include-pch \S+")
# Strings, which may contain what looks like a comment, and comments.
TOKEN = re.compile(r'''R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])*'|//[^\n]*|/\*.*?\*/''', re.DOTALL)
# Comments that clang-tidy reads: suppressions, what is left to do, names of parameters, the ends of namespaces.
READ_COMMENT = re.compile(r"NOLINT|TODO|=\*/|// namespace")
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.MULTILINE)


def without_prose(path):
    """The text of a file without the comments that clang-tidy does not read."""

    def kept(match):
        text = match.group()
        return "" if text.startswith(("//", "/*")) and not READ_COMMENT.search(text) else text

    lines = TOKEN.sub(kept, path.read_text(encoding="utf-8")).splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip()).encode()


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
    parts = [command.encode(), version, (root / ".clang-tidy").read_bytes(), without_prose(path)]
    parts += [without_prose(header) for header in sorted(own_headers(root, path, set()))]
    result = hashlib.sha256()
    for part in parts:
        result.update(hashlib.sha256(part).digest())
    return result.hexdigest()


def read(root, commands, stamp, entry):
    """The findings of clang-tidy in one source; empty if there are none."""
    if stamp.exists():
        return ""
    check = subprocess.run(
        # Not --config-file: it would hold the names of the system's headers against .clang-tidy, too.
        [TIDY, "--quiet", "-p", commands, entry["file"]],
        capture_output=True,
        text=True,
    )
    if check.returncode == 0:
        stamp.touch()
        return ""
    return (check.stdout or check.stderr).replace(f"{root}/", "").strip()


def git(root, *words):
    """The lines that git prints, or None if it fails."""
    result = subprocess.run(["git", "-c", "safe.directory=*", "-C", root, *words], capture_output=True, text=True, check=False)
    return result.stdout.splitlines() if result.returncode == 0 else None


def changed_lately(root):
    """The files that the last day of commits and the work tree change, or None if git cannot tell."""
    newest = git(root, "log", "-1", "--format=%ct")
    if not newest:
        return None
    before = git(root, "rev-list", "-1", f"--before={int(newest[0]) - LATELY}", "HEAD")
    if not before:
        return None
    names = git(root, "diff", "--name-only", before[0])
    untracked = git(root, "ls-files", "--others", "--exclude-standard")
    if names is None or untracked is None:
        return None
    return {root / name for name in [*names, *untracked]}


def is_source(root, build, path):
    return path.is_relative_to(root) and not path.is_relative_to(build)


def concerns(root, source, changed):
    """Whether a source of the product, or the header beside it, is among the changed files."""
    if source.stem.endswith("_test") or source.relative_to(root).parts[0] == "tests":
        return False
    return source in changed or source.with_suffix(".hpp") in changed


def main():
    root = root_from_arguments()
    build = pathlib.Path(sys.argv[2]).resolve()
    changed = None if "--all" in sys.argv[3:] else changed_lately(root)
    stamps = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "rollcall" / "tidy"
    stamps.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    entries = json.loads(PRECOMPILED.sub("", (build / "compile_commands.json").read_text(encoding="utf-8")))
    commands = build / "tidy"
    commands.mkdir(exist_ok=True)
    (commands / "compile_commands.json").write_text(json.dumps(entries), encoding="utf-8")
    # Some sources are compiled more than once, for fuzzers too.
    entries = {entry["file"]: entry for entry in reversed(entries)}.values()
    entries = [entry for entry in entries if is_source(root, build, pathlib.Path(entry["file"]))]
    if changed is not None:
        entries = [entry for entry in entries if concerns(root, pathlib.Path(entry["file"]), changed)]
    print(f"{len(entries)} sources {'in all' if changed is None else 'changed lately'}")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda entry: read(root, commands, stamps / digest(root, version, entry), entry), entries)
        found = [text for text in found if text]
    report(found, "clang-tidy-19 with .clang-tidy finds nothing.")


if __name__ == "__main__":
    main()
