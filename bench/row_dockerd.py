"""Row `dockerd`: the same measurements on a real, private dockerd with 200 containers, and a consumer that stops."""

import contextlib
import pathlib
import signal
import tempfile
import threading

from dockerd import Dockerd, in_parallel
from http_unix import RawEvents, running_ids
from intervals import Bar, interval_of
from measure import BenchError, cpu_ns
from report import Table
from row_list import BASE, COLUMNS, add_lines, measure
from row_restart import BACKOFF_STEP_MS
from watching import Fold, Stamped, Watcher, watch_command

CONTAINERS = 200
CHURN = 200      # created, started and removed while the consumer is stopped
RING = 256       # events that dockerd keeps for clients that resume
MORE = 400       # more than the ring holds
RESTARTS = 3
ALL_ACTIONS = ("create", "start", "kill", "die", "destroy")


def _stats(engine: Dockerd) -> dict:
    # A real engine does not count its requests; the rows of the scripted engine show them.
    return {"cpu_ns": cpu_ns(engine.pid), "requests": {}}


def _lists(engine: Dockerd, table: Table, pairs: int) -> None:
    samples = measure(engine.socket, CONTAINERS, pairs, lambda: _stats(engine))
    add_lines(table, CONTAINERS, samples)
    for line in table.lines:
        line["requests"] = None
    ours = samples[BASE]
    table.bars.append(Bar("dockerd with 200: peak of a list", interval_of([run.peak_mib for run in ours.runs]),
                          "MiB", at_most=30))


def _latency(engine: Dockerd, table: Table, starts: int) -> None:
    over = []
    with contextlib.closing(Stamped(None, engine.socket)) as raw, \
            contextlib.closing(Stamped(watch_command(engine.socket))) as program:
        program.wait_for(running_ids(engine.socket), 30)
        for number in range(starts):
            identity = engine.run(f"late{number}")
            over.append((program.moment_of(identity) - raw.moment_of(identity)) / 1e6)
            engine.remove(identity)
    table.bars.append(Bar("dockerd with 200: a start over the raw line, p50", interval_of(over), "ms", at_most=1.5))


def _settle(engine: Dockerd, fold: Fold, what: str) -> int:
    return fold.wait_for(running_ids(engine.socket), 60, what)


def _churn(engine: Dockerd, base: list[str]) -> list[str]:
    """Runs and removes 200 containers, and replaces 20 of the running ones."""
    in_parallel(lambda number: engine.remove(engine.run(f"churn{number}")), range(CHURN))
    in_parallel(engine.remove, base[:20])
    return base[20:] + in_parallel(lambda number: engine.run(f"new{number}"), range(20))


def _count_events(raw: RawEvents, stop: threading.Event, counted: list[int]) -> None:
    lines = 0
    while not stop.wait(0.02):
        lines += raw.read().count(b'"timeNano"')
    counted.append(lines + raw.read().count(b'"timeNano"'))


def _stopped_consumer(engine: Dockerd, table: Table, fold: Fold, watcher: Watcher, base: list[str]) -> list[str]:
    stop, counted = threading.Event(), list[int]()
    with contextlib.closing(RawEvents(engine.socket, ALL_ACTIONS)) as raw:
        counter = threading.Thread(target=_count_events, args=(raw, stop, counted))
        counter.start()
        watcher.signal(signal.SIGSTOP)
        try:
            base = _churn(engine, base)
        finally:
            watcher.signal(signal.SIGCONT)
            stop.set()
            counter.join()
    if counted[0] < RING + MORE:
        raise BenchError(f"{counted[0]} events are too few to overflow the ring of {RING} by {MORE}")
    _settle(engine, fold, f"after {counted[0]} events that the stopped consumer missed")
    table.bars.append(Bar(f"dockerd: events beyond the ring while the consumer was stopped, then fold = list",
                          interval_of([counted[0] - RING]), "events", at_least=MORE))
    return base


def _restarts(engine: Dockerd, table: Table, fold: Fold, count: int) -> None:
    took = []
    for _ in range(count):
        engine.terminate()
        first_answer = engine.start()
        while not fold.lost:
            fold.take(0.05)
            if fold.ids == running_ids(engine.socket):
                break
        took.append(max(0.0, (_settle(engine, fold, "after dockerd's restart") - first_answer) / 1e6))
    table.bars.append(Bar("dockerd with 200: from its first answer to equality", interval_of(took), "ms",
                          at_most=BACKOFF_STEP_MS))


def dockerd_row(_: pathlib.Path, __: list[int], pairs: int) -> Table:
    table = Table("dockerd", "a real dockerd with 200 containers: start to the complete list", COLUMNS)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rc-dockerd-"))
    with contextlib.closing(Dockerd(folder)) as engine:
        base = in_parallel(lambda number: engine.run(f"base{number}"), range(CONTAINERS))
        _lists(engine, table, pairs)
        _latency(engine, table, pairs)
        with Watcher(watch_command(engine.socket)) as watcher:
            fold = Fold(watcher)
            _settle(engine, fold, "the first list of dockerd")
            _stopped_consumer(engine, table, fold, watcher, base)
            _restarts(engine, table, fold, min(RESTARTS, pairs))
    return table
