"""The table of the conformance suite is correct: check_conformance.py ROOT

Each test that it names exists, in the file that it names, and each test of the suite is in it.
"""

import re

from sources import report, root_from_arguments

TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", re.MULTILINE)
NAME = re.compile(r"`(\w+\.\w+)`")
FILE = re.compile(r"(?:src|tests)/[\w/]+_test\.cpp")


def tests_in(path):
    return {f"{suite}.{name}" for suite, name in TEST.findall(path.read_text(encoding="utf-8"))}


def main():
    root = root_from_arguments()
    suite = root / "tests/conformance"
    table = suite / "README.md"
    of_suite = set()
    for path in suite.glob("*_test.cpp"):
        of_suite |= tests_in(path)
    problems = []
    named = set()
    for number, line in enumerate(table.read_text(encoding="utf-8").splitlines(), 1):
        if not line.startswith("|"):
            continue
        known = set(of_suite)
        for name in FILE.findall(line):
            path = root / name
            known |= tests_in(path) if path.is_file() else set()
        names = {name for name in NAME.findall(line) if not name.endswith(".cpp")}
        named |= names
        for name in sorted(names - known):
            problems.append(f"{table.relative_to(root)}:{number}: {name} is in no file that the line names")
    for name in sorted(of_suite - named):
        problems.append(f"{name} is not in the table of {table.relative_to(root)}")
    report(problems, "a sentence of the contract, its tests, and where they are: one line of the table each.")


if __name__ == "__main__":
    main()
