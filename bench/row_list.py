"""Rows `list` and `growth`: from the start of a program to its end with the complete list."""

import dataclasses
import pathlib
import statistics
import subprocess
from collections.abc import Callable

import peers
from intervals import Bar, interval_of, ratios
from measure import BenchError, Run, in_turns, measured_run
from report import Table
from scripted import ScriptedEngine, engines_of, requests_between

BASE = "rollcall ls -q"
COLUMNS = ("containers", "program", "wall ms", "CPU ms", "peak MiB", "rollcall ÷ it", "requests", "engine CPU ms")
PEAK_LIMIT_MIB = 30


@dataclasses.dataclass
class Samples:
    """All runs of one program."""

    runs: list[Run] = dataclasses.field(default_factory=list)
    requests: list[int] = dataclasses.field(default_factory=list)
    engine_ms: list[float] = dataclasses.field(default_factory=list)

    def walls(self) -> list[float]:
        return [run.wall_ms for run in self.runs]


def _lines_of(name: str, output: bytes) -> int:
    if name == peers.CURL:
        return output.count(b'"Id":')
    if name == peers.JSON:
        return output.count(b'"backend":')
    return output.count(b"\n")


def check_complete(name: str, command: list[str], expected: int) -> None:
    """Checks that the program lists everything: one that is fast because it lists less is no peer."""
    told = _lines_of(name, measured_run(command, subprocess.PIPE)[1])
    if told != expected:
        raise BenchError(f"{name} lists {told} containers of {expected}")


def measure(socket: str, expected: int, pairs: int, stats: Callable[[], dict]) -> dict[str, Samples]:
    """Runs every program once per round, so that each pair meets the machine in the same state."""
    samples = {name: Samples() for name in peers.LISTERS}
    for name, command in peers.LISTERS.items():
        check_complete(name, command(socket), expected)
    for name, command in in_turns(peers.LISTERS, pairs):
        before = stats()
        samples[name].runs.append(measured_run(command(socket))[0])
        after = stats()
        samples[name].requests.append(requests_between(before, after))
        samples[name].engine_ms.append((after["cpu_ns"] - before["cpu_ns"]) / 1e6)
    return samples


def add_lines(table: Table, containers: int, samples: dict[str, Samples]) -> None:
    ours = samples[BASE].walls()
    for name, sample in samples.items():
        median = statistics.median
        table.add(containers, name, median(sample.walls()), median(run.cpu_ms for run in sample.runs),
                  median(run.peak_mib for run in sample.runs),
                  None if name == BASE else ratios(ours, sample.walls()),
                  median(sample.requests), median(sample.engine_ms))


def bars(samples: dict[str, Samples]) -> list[Bar]:
    ours = samples[BASE]
    return [
        Bar("list of 5,000: rollcall ÷ curl", ratios(ours.walls(), samples[peers.CURL].walls()), "", at_most=4),
        Bar("list of 5,000: docker ps ÷ rollcall", ratios(samples[peers.DOCKER].walls(), ours.walls()), "",
            at_least=3),
        Bar("list of 5,000: peak", interval_of([run.peak_mib for run in ours.runs]), "MiB",
            at_most=PEAK_LIMIT_MIB),
        Bar("list of 5,000 as JSON: peak", interval_of([run.peak_mib for run in samples[peers.JSON].runs]), "MiB",
            at_most=PEAK_LIMIT_MIB),
    ]


def list_row(folder: pathlib.Path, sizes: list[int], pairs: int) -> Table:
    table = Table("list", "start to the complete list, whole process, scripted engine", COLUMNS)
    for size in sizes:
        with ScriptedEngine(folder, "list", range(size)) as engine:
            samples = measure(engine.socket, size, pairs, engine.stats)
        add_lines(table, size, samples)
    table.bars = bars(samples)
    return table


def growth_row(folder: pathlib.Path, sizes: list[int], pairs: int) -> Table:
    """Linear growth means that a container of the last thousands costs no more than one of the first."""
    table = Table("growth", "CPU of rollcall ls -q at sizes that are measured in turn", ("containers", "CPU ms"))
    command = peers.LISTERS[BASE]
    cpu: dict[int, list[float]] = {size: [] for size in sizes}
    with engines_of(folder, "growth", sizes) as engines:
        for _ in range(pairs):
            for size, engine in zip(sizes, engines):
                runs = [measured_run(command(engine.socket))[0].cpu_ms for _ in range(3)]
                cpu[size].append(statistics.median(runs))
    for size in sizes:
        table.add(size, interval_of(cpu[size]))
    small, middle, large = sizes[0], sizes[-2], sizes[-1]
    slopes = [(cpu[large][at] - cpu[middle][at]) / (large - middle) / ((cpu[middle][at] - cpu[small][at]) /
              (middle - small)) for at in range(pairs) if cpu[middle][at] > cpu[small][at]]
    table.bars = [Bar("growth: cost of one of the last 4,000 ÷ of the first 900", interval_of(slopes), "",
                      at_most=1.5)]
    return table
