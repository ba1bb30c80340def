"""Every command that a page tells its reader to type is valid: check_commands.py ROOT BUILD

`rollcall …` is run without an engine: whatever its result, it must not be wrong usage. The names of our scripts, presets
and test programs must exist. Only ./scripts/run and ./scripts/test are not checked.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

from documents import commands, documents
from sources import report, root_from_arguments

WRONG_USAGE = 2
LONG_ENOUGH = 5  # seconds; a watch that still runs after that has accepted its command line
# Third-party tools.
FOREIGN = {"source", "cd", "jq", "git", "curl", "g++", "g++-12", "clang++-19", "pkg-config", "export"}
TAKEN_AS_THEY_ARE = {"./scripts/run", "./scripts/test"}


def simple_commands(line):
    """The commands that a line of a shell consists of, as lists of words."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()$")
    lexer.whitespace_split = True
    command = []
    for token in [*lexer, ";"]:
        if not set(token) <= set("|&;<>()$"):
            command.append(token)
            continue
        if command:
            yield command
        command = []


def is_assignment(word):
    return re.match(r"^[A-Za-z_]\w*=", word) is not None


class Checker:
    def __init__(self, root, build, nowhere):
        self.root = root
        self.build = build
        self.rollcall = build / "bin" / "rollcall"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": nowhere,
            "XDG_RUNTIME_DIR": nowhere,
            "DOCKER_HOST": f"unix://{nowhere}/absent.sock",
            # Several daemons run at once, and none at the address of a real one.
            "ROLLCALL_LISTEN": "127.0.0.1:0",
            "ROLLCALL_SOCKET": f"{nowhere}/daemon.sock",
        }

    def problem_of(self, words):
        """What is wrong with a simple command; None if nothing is."""
        while words and (words[0] == "sudo" or is_assignment(words[0])):
            words = words[1:]
        if not words or words[0] in FOREIGN | TAKEN_AS_THEY_ARE:
            return None
        if words[0].endswith("bin/rollcall") or words[0] == "rollcall":
            return self.run_rollcall(words[1:])
        if words[0].startswith("./scripts/"):
            return self.check_script(words)
        if words[0] == "cmake":
            return self.check_cmake(words)
        if words[0] == "ctest":
            return self.check_ctest(words)
        if words[0].startswith("build/"):
            return self.check_program(words)
        return f"check_commands.py does not know how to check '{words[0]}'"

    def run_rollcall(self, arguments):
        try:
            result = subprocess.run(
                [self.rollcall, *arguments], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, timeout=LONG_ENOUGH, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None
        if result.returncode in (0, 1):
            return None
        return f"exit code {result.returncode}: {result.stderr.strip()}"

    def check_script(self, words):
        script = self.root / words[0]
        if not os.access(script, os.X_OK):
            return "there is no such script"
        text = script.read_text(encoding="utf-8")
        unknown = [word for word in words[1:] if word.startswith("-") and word not in text]
        return f"it knows no {unknown[0]}" if unknown else None

    def presets(self, kind):
        presets = json.loads((self.root / "CMakePresets.json").read_text(encoding="utf-8"))
        return [preset["name"] for preset in presets[f"{kind}Presets"]]

    def check_preset(self, kind, name):
        return None if name in self.presets(kind) else f"there is no {kind} preset '{name}'"

    def check_cmake(self, words):
        if "--install" in words:
            return self.check_preset("configure", pathlib.Path(words[words.index("--install") + 1]).name)
        if "--preset" not in words:
            return None
        kind = "build" if "--build" in words else "configure"
        return self.check_preset(kind, words[words.index("--preset") + 1])

    def check_ctest(self, words):
        if "-L" in words:
            label = words[words.index("-L") + 1]
            known = subprocess.run(
                ["ctest", "--test-dir", self.build, "--print-labels"], capture_output=True, text=True, check=True
            ).stdout.split()
            if label not in known:
                return f"no test has the label '{label}'"
        return self.check_preset("test", words[words.index("--preset") + 1]) if "--preset" in words else None

    def check_program(self, words):
        program = self.build.joinpath(*pathlib.Path(words[0]).parts[2:])
        if not os.access(program, os.X_OK):
            return "no such program is built"
        listing = subprocess.run([program, *words[1:], "--gtest_list_tests"], capture_output=True, text=True, check=False)
        return None if listing.stdout.count("\n  ") else "it selects no test"


def main():
    root = root_from_arguments()
    build = pathlib.Path(sys.argv[2]).resolve()
    tasks = []
    for path in documents(root):
        for number, line in commands(path):
            for words in simple_commands(line):
                tasks.append((f"{path.relative_to(root)}:{number}: {shlex.join(words)}", words))
    with tempfile.TemporaryDirectory(prefix="rollcall-nowhere-") as nowhere:
        checker = Checker(root, build, nowhere)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            found = pool.map(lambda task: (task[0], checker.problem_of(task[1])), tasks)
            problems = [f"{where}: {problem}" for where, problem in found if problem]
    report(problems, "what a page tells its reader to type works.")


if __name__ == "__main__":
    main()
