"""Row `memory`: the memory of a watch that holds many instances, above that of one that holds none."""

import pathlib
import statistics

from intervals import Bar, interval_of
from measure import pss_kib, status_kib
from report import Table
from row_list import PEAK_LIMIT_MIB
from scripted import ScriptedEngine, engines_of
from watching import Fold, Watcher, watch_command

SETTLED_S = 0.15


def _one(engine: ScriptedEngine) -> tuple[float, float, float]:
    """Resident, proportional and peak memory of a watch that has reported everything, in KiB."""
    with Watcher(watch_command(engine.socket)) as watcher:
        fold = Fold(watcher)
        fold.wait_for(engine.ids, 30, "a watch does not tell all that runs")
        while engine.stats()["listeners"] == 0:  # without instances, only this shows that it is connected
            fold.take(0.01)
        fold.take(SETTLED_S)
        resident, peak = status_kib(watcher.pid, "VmRSS", "VmHWM")
        return resident, pss_kib(watcher.pid), peak


def memory_row(folder: pathlib.Path, sizes: list[int], rounds: int) -> Table:
    table = Table("memory", "rollcall watch -o jsonl, holding N instances",
                  ("containers", "resident MiB", "proportional MiB", "peak MiB", "KiB an instance"))
    measured: dict[int, list[tuple[float, float, float]]] = {size: [] for size in [0, *sizes]}
    with engines_of(folder, "memory", measured) as engines:
        for _ in range(rounds):
            for figures, engine in zip(measured.values(), engines):
                figures.append(_one(engine))
    empty = [resident for resident, _, _ in measured[0]]
    for size, figures in measured.items():
        resident, proportional, peak = (statistics.median(column) / 1024 for column in zip(*figures))
        each = [(figure[0] - base) / size for figure, base in zip(figures, empty)] if size else None
        table.add(size, resident, proportional, peak, interval_of(each) if each else None)
    largest = measured[sizes[-1]]
    table.bars = [
        Bar("memory: an instance over the empty program",
            interval_of([(figure[0] - base) / sizes[-1] for figure, base in zip(largest, empty)]), "KiB",
            at_most=1.5),
        Bar("memory: peak of a watch of 5,000", interval_of([figure[2] / 1024 for figure in largest]), "MiB",
            at_most=PEAK_LIMIT_MIB),
    ]
    return table
