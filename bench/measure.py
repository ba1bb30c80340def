"""Measures whole processes: wall time, CPU time and memory."""

import dataclasses
import json
import os
import pathlib
import random
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

PROJECT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("ROLLCALL_BENCH_BIN", PROJECT / "build" / "release" / "bin"))
ROLLCALL = str(BIN / "rollcall")


class BenchError(Exception):
    """A sentence for the user: why there is nothing to measure."""


@dataclasses.dataclass(frozen=True)
class Run:
    """The resource use of one process."""

    wall_ms: float
    cpu_ms: float
    peak_mib: float


def measured_run(command: Sequence[str], out: int = subprocess.DEVNULL) -> tuple[Run, bytes]:
    """Runs a program to its end; also returns its output if `out` is PIPE. Raises BenchError if it fails."""
    with tempfile.NamedTemporaryFile(prefix="rollcall-bench-") as report:
        wrapped = [str(BIN / "measured_run"), report.name, *command]
        ended = subprocess.run(wrapped, stdout=out, stderr=subprocess.PIPE, check=False)
        if ended.returncode != 0:
            said = ended.stderr.decode(errors="replace").strip()
            raise BenchError(f"'{' '.join(command)}' failed with {ended.returncode}: {said[-500:]}")
        told = json.loads(report.read())
    cpu_ms = (told["user_ns"] + told["system_ns"]) / 1e6
    return Run(told["wall_ns"] / 1e6, cpu_ms, told["peak_bytes"] / (1 << 20)), ended.stdout or b""


T = TypeVar("T")


def in_turns(programs: Mapping[str, T], rounds: int) -> Iterator[tuple[str, T]]:
    """Runs all of them in each round, in a new order each time, so that none always follows a heavy one."""
    chance = random.Random(1)  # the same orders in each run
    for _ in range(rounds):
        yield from chance.sample(list(programs.items()), len(programs))


def status_kib(pid: int, *names: str) -> list[float]:
    """Fields of /proc/PID/status, in KiB."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return [float(fields[name].split()[0]) for name in names]


def pss_kib(pid: int) -> float:
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return float(line.split()[1])
    raise BenchError("this kernel does not tell the proportional share of memory")


def cpu_ns(pid: int) -> int:
    """CPU time of all threads of a process."""
    threads = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text(encoding="ascii").split()[0]) for thread in threads)
