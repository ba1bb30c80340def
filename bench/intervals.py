"""Medians and their 90 % intervals, and the bars that are judged by them."""

import dataclasses
import math
import random
import statistics
from collections.abc import Sequence

PAIRS_TO_JUDGE = 15  # fewer are too few on a machine whose speed varies


@dataclasses.dataclass(frozen=True)
class Interval:
    """A median and the interval that holds it in 90 of 100 resamplings."""

    median: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.median:.3g} [{self.low:.3g}–{self.high:.3g}]"


def interval_of(values: Sequence[float]) -> Interval:
    """By bootstrap, from a fixed random seed."""
    chance = random.Random(len(values))
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(2000))
    return Interval(statistics.median(values), medians[100], medians[1899], len(values))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """The ratio within pairs that were measured one after the other."""
    return interval_of([a / b for a, b in zip(ours, theirs, strict=True)])


def percentile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(part * len(ordered)) - 1)]


@dataclasses.dataclass(frozen=True)
class Bar:
    """A promised limit. It fails only if the whole interval is on the wrong side of the limit."""

    name: str
    measured: Interval
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def holds(self) -> bool:
        if self.at_most is not None:
            return self.measured.low <= self.at_most
        return self.at_least is not None and self.measured.high >= self.at_least

    @property
    def limit(self) -> str:
        if self.at_most is not None:
            return f"≤ {self.at_most:g} {self.unit}".rstrip()
        return f"≥ {self.at_least:g} {self.unit}".rstrip()
