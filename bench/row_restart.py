"""Row `restart`: the engine is killed and returns with another state; how long until the fold equals it."""

import pathlib
import random
import time

from intervals import Bar, interval_of, percentile
from report import Table
from scripted import ScriptedEngine
from watching import Fold, Watcher, watch_command

BACKOFF_STEP_MS = 2000  # the longest of a local socket
COLUMNS = ("containers", "restarts", "p50 ms", "p99 ms", "longest ms")


def _restart(engine: ScriptedEngine, fold: Fold, numbers: list[int], away_s: float) -> float:
    engine.kill()
    deadline = time.monotonic() + away_s
    while time.monotonic() < deadline:
        fold.take(max(0.0, deadline - time.monotonic()))
    engine.start(engine.seed, numbers)
    equal = fold.wait_for(engine.ids, 30, "after the engine's restart")
    return (equal - engine.stats()["first_answer_ns"]) / 1e6


def restart_row(folder: pathlib.Path, sizes: list[int], restarts: int) -> Table:
    table = Table("restart", "the engine's first answer after its restart to fold = state", COLUMNS)
    chance = random.Random(11)
    for size in sizes:
        with ScriptedEngine(folder, "restart", range(size)) as engine, \
                Watcher(watch_command(engine.socket)) as watcher:
            fold = Fold(watcher)
            fold.wait_for(engine.ids, 30, "a watch does not tell all that runs")
            took = []
            for round_ in range(1, restarts + 1):
                first = round_ * size // 2  # half of the containers are gone, and as many are new
                took.append(_restart(engine, fold, list(range(first, first + size)), chance.uniform(0.05, 3)))
        table.add(size, restarts, percentile(took, 0.5), percentile(took, 0.99), max(took))
        table.bars.append(Bar(f"restart with {size:,}: to equality, within one back-off step", interval_of(took),
                              "ms", at_most=BACKOFF_STEP_MS))
    return table


