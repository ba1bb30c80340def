"""A runtime is a folder and its two lines in the registry; a label reader is a file, its declaration and its row:
check_new_parts.py ROOT

Adds a runtime `toy` with one option of its own, and a reader of `toybox.*` labels, to a copy of the project, as CONTRIBUTING
says; builds it, and asks every part of it for them.
"""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from sources import report, root_from_arguments

PARTS = pathlib.Path(__file__).resolve().parent / "new_parts"
NOT_COPIED = shutil.ignore_patterns(".git", "build", "testdata", "node_modules")
REGISTRY = "src/assembly/registry.cpp"
FAMILIES = "src/core/labels/readers/families.cpp"
READERS = "src/core/labels/readers/readers.hpp"
PORT_WAIT = 20  # seconds until the daemon answers, on a loaded machine


def insert(path, before, line):
    """Puts a line before the first one that contains `before`."""
    text = path.read_text(encoding="utf-8")
    at = text.rindex("\n", 0, text.index(before)) + 1
    path.write_text(text[:at] + line + "\n" + text[at:], encoding="utf-8")


def plant(copy):
    shutil.copytree(PARTS / "toy", copy / "src/backends/toy")
    insert(copy / REGISTRY, '#include "core/runtimes.hpp"', '#include "backends/toy/runtime.hpp"')
    insert(copy / REGISTRY, "&host::runtime", "    &toy::runtime,")
    shutil.copy(PARTS / "toybox.cpp", copy / "src/core/labels/readers/toybox.cpp")
    insert(copy / READERS, "/// VIRTUAL_HOST", "void read_toybox(std::span<const Label> labels, Draft& draft);")
    insert(copy / FAMILIES, "read_homepage", '    {{{{"toybox."}}}, read_toybox},')


def build(copy, folder):
    """The program, or what the compiler says."""
    for command in (
        ["cmake", "-S", copy, "-B", folder, "--preset", "release", "-DROLLCALL_INSTALL=OFF"],
        ["cmake", "--build", folder, "--target", "rollcall_command", "--parallel", str(os.cpu_count())],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{done.stdout}\n{done.stderr}")
    return folder / "bin/rollcall"


class Asked:
    """What the program says, and what is missing in it."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.problems = []
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}

    def run(self, *words, **variables):
        done = subprocess.run(
            [self.program, *words], env=self.environment | variables, capture_output=True, text=True, timeout=60, check=False
        )
        return done.stdout + done.stderr

    def expect(self, what, text, *wanted):
        for each in wanted:
            if each not in text:
                self.problems.append(f"{what}: {each!r} is not in:\n{text}")

    def refuse(self, what, text, unwanted):
        if unwanted in text:
            self.problems.append(f"{what}: {unwanted!r} is in:\n{text}")


def ask_commands(asked):
    asked.expect("ls toy", asked.run("ls", "toy"), "ball", "10.9.8.7", "toy")
    asked.expect("its flag", asked.run("ls", "toy", "--toy-box", "doll", "--toy-box", "drum"), "doll", "drum")
    filtered = asked.run("ls", "toy", "host", "--filter", "runtime=toy", "-q")
    asked.expect("--filter runtime=toy", filtered, "ball")
    asked.expect("its name suggested", asked.run("ls", "toyy"), "toy")
    asked.expect("help", asked.run("ls", "--help"), "|toy", "Of toys", "--toy-box NAME", "This box of toys")
    for shell in ("bash", "zsh", "fish"):
        asked.expect(f"completion for {shell}", asked.run("completion", shell), "toy", "toy-box")
    asked.expect("doctor", asked.run("doctor", "toy"), "toy", "Toybox 1", "toy://shelf")
    asked.expect("explain", asked.run("explain", "ball", "-r", "toy"), "toy", "10.9.8.7", "toybox.title", "shown-ball")
    watched = asked.run("ls", "toy", "-o", "json")
    asked.expect("the label", watched, "shown-ball")


def ask_configuration(asked):
    file = asked.folder / "rollcall.yaml"
    file.write_text("runtimes: [toy]\ntoy: {boxes: [bear, car]}\n")
    check = ["serve", "--check-config", "--config", str(file)]
    asked.expect("its key", asked.run(*check), "toy:", "boxes: [bear, car]", "rollcall.yaml:2")
    asked.expect("its variable", asked.run(*check, ROLLCALL_TOY_BOXES="train"), "boxes: [train]", "ROLLCALL_TOY_BOXES")
    file.write_text("toy: {boxs: [bear]}\n")
    asked.expect("a key nearly right", asked.run(*check), "did you mean 'toy.boxes'")
    refused = asked.run("ls", "--server", "http://127.0.0.1:1", "--toy-box", "x")
    asked.expect("its flag and --server", refused, "--toy-box is for the daemon to decide")


@contextlib.contextmanager
def daemon(asked):
    """The URL of a daemon that watches the toy."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    words = ["serve", "toy", "--config", "/dev/null", "--socket", "none", "--listen", address, "--toy-box", "bear"]
    with subprocess.Popen([asked.program, *words], env=asked.environment, stderr=subprocess.DEVNULL) as running:
        try:
            yield f"http://{address}"
        finally:
            running.terminate()


def fetch(url):
    deadline = time.monotonic() + PORT_WAIT
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.read().decode()
        except OSError as error:
            if time.monotonic() > deadline:
                return str(error)
            time.sleep(0.05)


def ask_daemon(asked):
    with daemon(asked) as url:
        fetch(f"{url}/readyz")
        asked.expect("/v1/status", fetch(f"{url}/v1/status"), '"toy"', "toy://shelf")
        asked.expect("/v1/instances", fetch(f"{url}/v1/instances?runtime=toy"), '"bear"')
        asked.refuse("/v1/instances of another", fetch(f"{url}/v1/instances?runtime=docker"), '"bear"')
        asked.expect("/metrics", fetch(f"{url}/metrics"), 'backend="toy"')
        described = json.loads(fetch(f"{url}/openapi.json"))
        asked.expect("/openapi.json", json.dumps(described), '"toy"')
        asked.expect("http_sd", fetch(f"{url}/v1/sd/prometheus"), "10.9.8.7:80", "toy")


def main():
    root = root_from_arguments()
    with tempfile.TemporaryDirectory(prefix="rollcall-new-") as folder:
        folder = pathlib.Path(folder)
        shutil.copytree(root, folder / "project", ignore=NOT_COPIED)
        plant(folder / "project")
        # As deep in the copy as the installed library's build is in the project, so that the compiler cache knows it.
        asked = Asked(build(folder / "project", folder / "project/build/debug/consumer/build"), folder)
        ask_commands(asked)
        ask_configuration(asked)
        ask_daemon(asked)
    report(asked.problems, "a runtime is a folder and its lines in registry.cpp, a label reader a file, its declaration and its row.")


if __name__ == "__main__":
    main()
