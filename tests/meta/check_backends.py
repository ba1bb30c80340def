"""A runtime can be removed, with its folder and its lines in the registry, and the rest builds: check_backends.py ROOT

Only the runtime's own tests (tests/**/NAME_*) include anything of the folder from outside, so only the registry needs to
be compiled again: a copy of the project is configured without the runtime, and the compiler reads the registry.
"""

import json
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

from check_includes import SPEAKERS
from sources import report, root_from_arguments, sources

REGISTRY = "src/assembly/registry.cpp"
NOT_COPIED = shutil.ignore_patterns(".*", "build", "testdata", "node_modules")


def may_know(root, path, name):
    own_test = path.is_relative_to(root / "tests") and path.name.startswith(f"{name}_")
    return own_test or path.is_relative_to(root / "src" / "backends" / name) or path == root / REGISTRY


def outsiders(root, name):
    """Files that include headers of the runtime although they do not belong to it."""
    for path in sources(root):
        if not may_know(root, path, name) and f'#include "backends/{name}/' in path.read_text(encoding="utf-8"):
            yield f"{path.relative_to(root)}: includes a header of the runtime {name}"


def take_out(copy, name):
    shutil.rmtree(copy / "src" / "backends" / name)
    mentions = re.compile(rf"\bbackends/{name}/|&{name}::")
    registry = copy / REGISTRY
    lines = registry.read_text(encoding="utf-8").splitlines(keepends=True)
    registry.write_text("".join(line for line in lines if not mentions.search(line)), encoding="utf-8")


def first_error(text):
    lines = [line for line in text.splitlines() if "rror" in line]
    return lines[0] if lines else text.strip()


def configure(copy, build):
    command = ["cmake", "-S", copy, "-B", build, "-G", "Ninja", "-DCMAKE_CXX_COMPILER=clang++-19"]
    command += ["-DROLLCALL_TESTS=OFF", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", "-DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def read_registry(copy, build):
    entries = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    (entry,) = [entry for entry in entries if entry["file"] == str(copy / REGISTRY)]
    words = shlex.split(entry["command"])
    return subprocess.run([*words, "-fsyntax-only"], capture_output=True, text=True, check=False, cwd=entry["directory"])


def check_without(root, name):
    problems = list(outsiders(root, name))
    with tempfile.TemporaryDirectory(prefix="rollcall-without-") as folder:
        copy = pathlib.Path(folder) / "project"
        build = pathlib.Path(folder) / "build"
        shutil.copytree(root, copy, ignore=NOT_COPIED)
        take_out(copy, name)
        configured = configure(copy, build)
        if configured.returncode != 0:
            return [*problems, f"without {name}: cmake: {first_error(configured.stderr)}"]
        compiled = read_registry(copy, build)
        if compiled.returncode != 0:
            error = first_error(compiled.stderr).replace(f"{copy}/", "")
            problems.append(f"without {name}: {error}")
    return problems


def main():
    root = root_from_arguments()
    folders = [path for path in (root / "src" / "backends").iterdir() if path.is_dir()]
    names = sorted(path.name for path in folders if f"backends/{path.name}" not in SPEAKERS.values())
    problems = [problem for name in names for problem in check_without(root, name)]
    report(problems, "a runtime is one folder and its lines in registry.cpp.")


if __name__ == "__main__":
    main()
