"""Files stay small enough to be read at once: check_sizes.py ROOT"""

from sources import report, root_from_arguments, sources

MAX_LINES = 400
MAX_TEST_LINES = 600
MAX_COLUMNS = 100


def main():
    root = root_from_arguments()
    problems = []
    for path in sources(root):
        lines = path.read_text(encoding="utf-8").splitlines()
        name = path.relative_to(root)
        if len(lines) > (MAX_TEST_LINES if name.stem.endswith("_test") else MAX_LINES):
            problems.append(f"{name}: {len(lines)} lines")
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_COLUMNS:
                problems.append(f"{name}:{number}: {len(line)} columns")
    report(problems, f"a source has at most {MAX_LINES} lines, a test {MAX_TEST_LINES}, of at most {MAX_COLUMNS} columns.")


if __name__ == "__main__":
    main()
