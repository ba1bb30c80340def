"""Plants each fault in turn and checks that it is caught: planted_faults.py ROOT BUILD [NAME...]

A mutated source is compiled alone, with the flags of the build, and linked before the library into the program that
must catch it. Fails if a fault is not caught, if its text is not in the source any more, if the mutant does not compile,
or if the failure does not say which law was broken.
"""

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

from faults import FAULTS

RUNS = 4000
DEADLINE = 120
JOBS = max(1, (os.cpu_count() or 1))
LAW = re.compile(r"^broken law: (.+)$", re.MULTILINE)
AFTER = re.compile(r"^  after (\d+) runs", re.MULTILINE)
FAILED = re.compile(r"^\[  FAILED  \] (\w+\.\w+)", re.MULTILINE)


@dataclasses.dataclass
class Row:
    fault: str
    caught_by: str = ""
    runs: str = ""
    seconds: float = 0.0
    problem: str = ""


def compile_command(build, source, mutated, output):
    """The build's command for a source, changed to compile its mutated copy."""
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        if pathlib.Path(entry["file"]) != source:
            continue
        words = [word for word in shlex.split(entry["command"]) if not word.startswith("-g")]
        words[words.index("-o") + 1] = str(output)
        words[words.index("-c") + 1] = str(mutated)
        return words
    raise ValueError(f"{source} is not compiled")


def link_command(build, program, output, mutated_object):
    """The build's own command for a program, with the mutated object before the library."""
    listed = subprocess.run(["ninja", "-C", build, "-t", "commands", "-s", program],
                            capture_output=True, text=True, check=True).stdout
    line = [text for text in listed.splitlines() if " -o " in text][-1]
    command = next(part for part in line.split(" && ") if " -o " in part)
    words = shlex.split(command)
    at = words.index("-o")
    words[at + 1] = str(output)
    return words[: at + 2] + [str(mutated_object)] + words[at + 2 :]


def run(words, cwd, deadline=DEADLINE):
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=deadline)


def build_mutant(root, build, fault, folder):
    """The program with the fault in it; ValueError if there is none."""
    mutated = folder / f"{fault.name}.cpp"
    mutated.write_text(fault.mutated(root), encoding="utf-8")
    built = folder / f"{fault.name}.o"
    compiled = run(compile_command(build, root / fault.file, mutated, built), build)
    if compiled.returncode != 0:
        raise ValueError(f"it does not compile:\n{compiled.stderr}")
    program = folder / fault.name
    target = "tests/rollcall_unit_tests" if fault.tests else "tests/simulation/rollcall_simulation"
    linked = run(link_command(build, target, program, built), build)
    if linked.returncode != 0:
        raise ValueError(f"it does not link:\n{linked.stderr}")
    return program


def judge(fault, program, row):
    """Runs the mutant, and records its output."""
    words = [program, f"--gtest_filter={fault.tests}"] if fault.tests else [program, "--runs", str(RUNS)]
    try:
        ran = run(words, program.parent)
    except subprocess.TimeoutExpired:
        row.problem = f"it ran for {DEADLINE} s and said nothing"
        return
    law = (FAILED if fault.tests else LAW).search(ran.stdout)
    if ran.returncode == 0:
        row.problem = "nothing caught it"
    elif law is None:
        row.problem = f"it failed without naming a law:\n{ran.stdout[-500:]}{ran.stderr[-1500:]}"
    else:
        after = AFTER.search(ran.stdout)
        row.caught_by = law.group(1).split(":")[0]
        row.runs = after.group(1) if after else "-"


def plant(root, build, fault):
    folder = build / "planted"
    folder.mkdir(exist_ok=True)
    row = Row(fault.name)
    began = time.monotonic()
    program = None
    try:
        program = build_mutant(root, build, fault, folder)
        judge(fault, program, row)
    except (ValueError, subprocess.TimeoutExpired) as problem:
        row.problem = str(problem)
    finally:
        for leftover in (program, folder / f"{fault.name}.o"):
            if leftover is not None:
                leftover.unlink(missing_ok=True)
    row.seconds = time.monotonic() - began
    return row


def main():
    root, build = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    wanted = sys.argv[3:]
    faults = [fault for fault in FAULTS if not wanted or fault.name in wanted]
    failed = 0
    print(f"{'fault':<34} {'caught by':<44} {'runs':>5} {'seconds':>7}")
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for row in pool.map(lambda fault: plant(root, build, fault), faults):
            print(f"{row.fault:<34} {row.caught_by or 'NOTHING':<44} {row.runs:>5} {row.seconds:>7.1f}", flush=True)
            if row.problem:
                failed += 1
                print(f"    {row.problem}", flush=True)
    print(f"{len(faults) - failed} of {len(faults)} faults are caught")
    sys.exit(1 if failed or not faults else 0)


if __name__ == "__main__":
    main()
