"""Every source is formatted as .clang-format says: check_format.py ROOT"""

import subprocess

from sources import report, root_from_arguments, sources

COMMAND = ["clang-format-19", "--dry-run", "-Werror", "--style=file"]


def main():
    root = root_from_arguments()
    problems = []
    for path in sources(root):
        check = subprocess.run([*COMMAND, path], capture_output=True, text=True, cwd=root)
        if check.returncode != 0:
            first = check.stderr.splitlines()[0] if check.stderr else "clang-format-19 failed"
            problems.append(first.replace(f"{root}/", ""))
    report(problems, "clang-format-19 -i changes nothing.")


if __name__ == "__main__":
    main()
