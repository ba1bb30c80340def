"""Row `latency`: from the engine's signal of a start to the line of a program, and the cost of a start.

A raw reader of the engine's events listens at the same time: each event gives a pair of its line and the program's.
Both are stamped by small processes of their own. A second raw reader is the self-comparison.
"""

import contextlib
import dataclasses
import pathlib
import random
import statistics
import time
from collections.abc import Iterator

import peers
from containers import container_id
from intervals import Bar, interval_of, percentile
from measure import BenchError, cpu_ns
from report import Table
from scripted import ScriptedEngine, requests_between
from watching import Stamped, watch_command

STARTS = 20  # in a round
OURS = "rollcall watch"
FLOOR = "raw /events (floor)"
SELF = "raw /events again"
COLUMNS = ("containers", "program", "p50 ms", "p99 ms", "p50 over the raw line, ms", "requests a start",
           "CPU ms a start", "engine CPU ms a start")


@dataclasses.dataclass
class Round:
    """Twenty starts as one program reported them."""

    raw_ms: list[float] = dataclasses.field(default_factory=list)
    told_ms: list[float] = dataclasses.field(default_factory=list)
    requests: float = 0
    cpu_ms: float = 0
    engine_ms: float = 0

    def over_raw(self) -> float:
        return statistics.median(told - raw for told, raw in zip(self.told_ms, self.raw_ms))


def _start(engine: ScriptedEngine, number: int, raw: Stamped, program: Stamped) -> tuple[float, float]:
    """Starts a container; returns how long after the signal the raw reader and the program reported it, in ms."""
    engine.send_start(number)
    signalled = engine.take_answer()
    identity = container_id(engine.seed, number)
    return (raw.moment_of(identity) - signalled) / 1e6, (program.moment_of(identity) - signalled) / 1e6


@contextlib.contextmanager
def _reader(engine: ScriptedEngine, name: str) -> Iterator[Stamped]:
    """The program, once it listens."""
    listeners = engine.stats()["listeners"]
    commands = {SELF: None, OURS: watch_command(engine.socket)}
    command = commands[name] if name in commands else peers.EVENT_PRINTERS[name](engine.socket)
    with contextlib.closing(Stamped(command, engine.socket)) as program:
        if name == OURS:
            program.wait_for(engine.ids, 30)
        deadline = time.monotonic() + 30
        while engine.stats()["listeners"] <= listeners:
            if time.monotonic() > deadline:
                raise BenchError(f"{name} does not listen to the engine's events")
            time.sleep(0.005)
        yield program


def one_round(engine: ScriptedEngine, program: str, chance: random.Random) -> Round:
    result = Round()
    numbers = range(len(engine.ids), len(engine.ids) + STARTS)
    with contextlib.closing(Stamped(None, engine.socket)) as raw, _reader(engine, program) as reader:
        before, cpu = engine.stats(), cpu_ns(reader.pid)
        for number in numbers:
            time.sleep(chance.uniform(0.003, 0.012))
            raw_ms, told_ms = _start(engine, number, raw, reader)
            result.raw_ms.append(raw_ms)
            result.told_ms.append(told_ms)
        after = engine.stats()
        result.cpu_ms = (cpu_ns(reader.pid) - cpu) / 1e6 / STARTS
    result.requests = requests_between(before, after) / STARTS
    result.engine_ms = (after["cpu_ns"] - before["cpu_ns"]) / 1e6 / STARTS
    for number in numbers:
        engine.end(number)
    return result


def _add_lines(table: Table, size: int, rounds: dict[str, list[Round]]) -> None:
    raw = [value for result in rounds[OURS] for value in result.raw_ms]
    table.add(size, FLOOR, percentile(raw, 0.5), percentile(raw, 0.99), None, None, None, None)
    for program, results in rounds.items():
        told = [value for result in results for value in result.told_ms]
        median = statistics.median
        table.add(size, program, percentile(told, 0.5), percentile(told, 0.99),
                  interval_of([result.over_raw() for result in results]),
                  median(result.requests for result in results),
                  median(result.cpu_ms for result in results),
                  median(result.engine_ms for result in results))


def latency_row(folder: pathlib.Path, sizes: list[int], pairs: int) -> Table:
    table = Table("latency", f"a start's signal to its line, {pairs} rounds of {STARTS} starts", COLUMNS)
    chance = random.Random(7)
    for size in sizes:
        programs = [OURS, SELF, *(peers.EVENT_PRINTERS if size == sizes[-1] else ())]
        rounds: dict[str, list[Round]] = {program: [] for program in programs}
        with ScriptedEngine(folder, "latency", range(size)) as engine:
            for _ in range(pairs):
                for program, results in rounds.items():
                    results.append(one_round(engine, program, chance))
        _add_lines(table, size, rounds)
        ours = rounds[OURS]
        table.bars += [
            Bar(f"latency with {size:,}: p50 over the raw line", interval_of([r.over_raw() for r in ours]), "ms",
                at_most=1.5),
            Bar(f"requests a start with {size:,}", interval_of([r.requests for r in ours]), "", at_most=1),
        ]
    return table
