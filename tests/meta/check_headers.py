"""Every public header compiles alone: check_headers.py ROOT"""

import concurrent.futures
import os
import subprocess

from sources import report, root_from_arguments

COMMAND = ["clang++-19", "-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c++", "-"]


def check(root, header):
    name = header.relative_to(root / "include")
    result = subprocess.run(
        [*COMMAND, "-I", root / "include"], input=f"#include <{name}>\n", capture_output=True, text=True
    )
    if result.returncode == 0:
        return None
    first = next((line for line in result.stderr.splitlines() if "error" in line), "does not compile")
    return f"{name}: {first}"


def main():
    root = root_from_arguments()
    headers = sorted((root / "include").rglob("*.hpp"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [problem for problem in pool.map(lambda header: check(root, header), headers) if problem]
    report(problems, "a public header includes all that it uses.")


if __name__ == "__main__":
    main()
