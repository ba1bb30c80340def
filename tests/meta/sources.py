"""The project's own sources, as every check sees them."""

import pathlib
import sys

FOLDERS = ("include", "src", "tests", "bench", "examples")
SUFFIXES = (".hpp", ".cpp")


def sources(root):
    """All C++ files of the project, sorted."""
    found = []
    for folder in FOLDERS:
        for path in (root / folder).rglob("*"):
            if path.suffix in SUFFIXES and path.is_file() and "node_modules" not in path.parts:
                found.append(path)
    return sorted(found)


def root_from_arguments():
    return pathlib.Path(sys.argv[1]).resolve()


def report(problems, rule):
    """Prints the problems, and ends the program, with status 1 if there are any."""
    for problem in problems:
        print(problem)
    if problems:
        print(f"\n{len(problems)} found. The rule: {rule}")
    sys.exit(1 if problems else 0)
