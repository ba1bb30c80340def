"""Row `sockets`: the listening sockets of this host beside `ss`, and the cost of repeated looks."""

import pathlib
import statistics
import subprocess
import time

from crowd import Crowd
from intervals import Bar, interval_of, ratios
from measure import BIN, ROLLCALL, BenchError, Run, cpu_ns, in_turns, measured_run
from report import Table

COLUMNS = ("sockets", "processes", "program", "wall ms", "CPU ms", "peak MiB", "wall: it ÷ ss", "CPU: it ÷ ss")
MANY = (2000, 5)       # processes, sockets of each
FEW = (40, 5)
LOOK = "one look"
AGAIN = "one look again"
SS = "ss -lntup"
LS = "rollcall ls host -q"
PERIOD_S = 5           # the default between two looks
IDLE_LIMIT = 0.1       # per cent of a core


def _programs() -> dict[str, list[str]]:
    return {
        LOOK: [str(BIN / "look")],
        SS: ["ss", "-lntup"],
        AGAIN: [str(BIN / "look")],
        LS: [ROLLCALL, "ls", "host", "-q"],
    }


def _check_complete(crowd: Crowd) -> None:
    """Checks that each program lists all sockets, each with an owner."""
    def told(word: bytes, *command: str) -> int:
        return measured_run(crowd.inside(*command), subprocess.PIPE)[1].count(word)

    for name, count in ((LOOK, told(b" crowd", str(BIN / "look"))), (SS, told(b'"crowd",pid=', "ss", "-lntup")),
                        (LS, told(b'"host_port"', ROLLCALL, "ls", "host", "-o", "json"))):
        if count != crowd.listening:
            raise BenchError(f"{name} tells {count} sockets with their owner of {crowd.listening}")


def _measure(crowd: Crowd, pairs: int) -> dict[str, list[Run]]:
    _check_complete(crowd)
    runs: dict[str, list[Run]] = {name: [] for name in _programs()}
    for name, command in in_turns(_programs(), pairs):
        runs[name].append(measured_run(crowd.inside(*command))[0])
    return runs


def _add_lines(table: Table, size: tuple[int, int], runs: dict[str, list[Run]]) -> None:
    def walls(name: str) -> list[float]:
        return [run.wall_ms for run in runs[name]]

    def cpus(name: str) -> list[float]:
        return [run.cpu_ms for run in runs[name]]

    for name in runs:
        median = statistics.median
        table.add(size[0] * size[1], size[0], name, median(walls(name)), median(cpus(name)),
                  median(run.peak_mib for run in runs[name]),
                  None if name == SS else ratios(walls(name), walls(SS)),
                  None if name == SS else ratios(cpus(name), cpus(SS)))


def _idle_percent(crowd: Crowd, windows: int) -> list[float]:
    """CPU of a watch while nothing changes, in per cent of one core, for each period."""
    command = crowd.inside(ROLLCALL, "watch", "host", "-o", "jsonl")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as watch:
        try:
            assert watch.stdout is not None
            for _ in range(FEW[0]):
                if b'"started"' not in watch.stdout.readline():
                    raise BenchError("a watch of the host does not begin with what listens there")
            time.sleep(PERIOD_S)
            percents = []
            for _ in range(windows):
                before = cpu_ns(watch.pid)
                time.sleep(PERIOD_S)
                percents.append((cpu_ns(watch.pid) - before) / (PERIOD_S * 1e9) * 100)
            return percents
        finally:
            watch.kill()


def sockets_row(_: pathlib.Path, __: list[int], pairs: int) -> Table:
    table = Table("sockets", "who listens on this host, and who holds the socket: whole processes", COLUMNS)
    with Crowd(*MANY) as crowd:
        runs = _measure(crowd, pairs)
        _add_lines(table, MANY, runs)
    with Crowd(*FEW) as crowd:
        _add_lines(table, FEW, _measure(crowd, pairs))
        idle = _idle_percent(crowd, pairs)
    ours, theirs = runs[LOOK], runs[SS]
    table.bars = [
        Bar("10,000 sockets of 2,000 processes: a look ÷ ss, wall",
            ratios([run.wall_ms for run in ours], [run.wall_ms for run in theirs]), "", at_most=1),
        Bar("10,000 sockets of 2,000 processes: a look ÷ ss, CPU",
            ratios([run.cpu_ms for run in ours], [run.cpu_ms for run in theirs]), "", at_most=1),
        Bar("200 listeners: a watch of the host while nothing changes", interval_of(idle), "% of a core",
            at_most=IDLE_LIMIT),
    ]
    return table
