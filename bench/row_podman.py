"""Row `podman`: a real Podman, which is slow to list, and its requests for a list, a start and a quiet watch."""

import contextlib
import pathlib
import statistics
import subprocess
import tempfile
import time

from http_unix import running_ids
from intervals import Bar, interval_of, ratios
from measure import ROLLCALL, BenchError, Run, cpu_ns, in_turns, measured_run
from podman import Counter, Podman
from report import Table
from watching import Fold, Watcher

CONTAINERS = 100
STARTS = 10
QUIET_S = 20
COLUMNS = ("containers", "program", "wall ms", "CPU ms", "peak MiB", "rollcall ÷ it", "requests", "engine CPU ms")
OURS = "rollcall ls -q"
AGAIN = "rollcall again"
PEER = "podman --remote ps -q"
FLOOR = "curl, Podman's list"


def _programs(path: str) -> dict[str, list[str]]:
    ls = [ROLLCALL, "ls", "-q", "--runtime", "podman", "--endpoint", f"unix://{path}"]
    return {
        OURS: ls,
        FLOOR: ["curl", "--silent", "--show-error", "--fail", "--unix-socket", path,
                "http://podman/v4.0.0/libpod/containers/json"],
        PEER: ["podman", "--remote", "--url", f"unix://{path}", "ps", "-q"],
        AGAIN: ls,
    }


def _check_complete(programs: dict[str, list[str]]) -> None:
    for name, command in programs.items():
        told = measured_run(command, subprocess.PIPE)[1].count(b'"Id":' if name == FLOOR else b"\n")
        if told != CONTAINERS:
            raise BenchError(f"{name} lists {told} containers of {CONTAINERS}")


def _lists(engine: Podman, counter: Counter, table: Table, pairs: int) -> None:
    programs = _programs(engine.socket)
    _check_complete(programs)
    runs: dict[str, list[Run]] = {name: [] for name in programs}
    engine_ms: dict[str, list[float]] = {name: [] for name in programs}
    for name, command in in_turns(programs, pairs):
        before = cpu_ns(engine.pid)
        runs[name].append(measured_run(command)[0])
        engine_ms[name].append((cpu_ns(engine.pid) - before) / 1e6)
    requests = {}
    for name, command in _programs(counter.socket).items():
        before = len(counter.asked)
        measured_run(command)
        requests[name] = len(counter.asked) - before
    ours = [run.wall_ms for run in runs[OURS]]
    for name, of_it in runs.items():
        walls = [run.wall_ms for run in of_it]
        table.add(CONTAINERS, name, statistics.median(walls), statistics.median(run.cpu_ms for run in of_it),
                  statistics.median(run.peak_mib for run in of_it), None if name == OURS else ratios(ours, walls),
                  requests[name], statistics.median(engine_ms[name]))


def _watch(engine: Podman, counter: Counter, table: Table) -> None:
    command = [ROLLCALL, "watch", "-o", "jsonl", "--runtime", "podman", "--endpoint", f"unix://{counter.socket}"]
    with Watcher(command) as watcher:
        fold = Fold(watcher)
        fold.wait_for(running_ids(engine.socket), 60, "the first list of podman")
        before = len(counter.asked)
        for number in range(STARTS):
            engine.run(f"late{number}")
            fold.wait_for(running_ids(engine.socket), 60, "a start")
        asked = len(counter.asked) - before
        end = time.monotonic() + QUIET_S
        before = len(counter.asked)
        while time.monotonic() < end:
            fold.take(0.5)
        quiet = len(counter.asked) - before
    table.bars += [
        Bar("podman with 100: requests a start", interval_of([asked / STARTS]), "requests", at_most=2),
        Bar(f"podman with 100: requests of a watch in {QUIET_S} s in which nothing happens", interval_of([quiet]),
            "requests", at_most=0),
    ]


def podman_row(_: pathlib.Path, __: list[int], pairs: int) -> Table:
    table = Table("podman", f"a real Podman with {CONTAINERS} containers: start to the complete list", COLUMNS)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rc-podman-"))
    with contextlib.closing(Podman(folder)) as engine, \
            contextlib.closing(Counter(str(folder / "counted.sock"), engine.socket)) as counter:
        for number in range(CONTAINERS):
            engine.run(f"base{number}")
        _lists(engine, counter, table, pairs)
        _watch(engine, counter, table)
    return table
