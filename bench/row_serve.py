"""Row `serve`: `rollcall serve` with a scripted engine: its list beside nginx, its changes to many subscribers."""

import contextlib
import pathlib
import resource
import socket
import time

from containers import container_id
from intervals import Bar, interval_of, ratios
from measure import BenchError, cpu_ns, status_kib
from report import Table
from scripted import ScriptedEngine
from serving import Daemon, Subscribers, nginx, wrk

COLUMNS = ("what", "p50 ms", "p99 ms", "longest ms", "answers/s", "nginx ÷ rollcall", "KiB a subscriber", "resident MiB",
           "CPU %")
SECONDS_OF_LOAD = 2.0
SETTLED_S = 0.5
IDLE_S = 20.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _change(engine: ScriptedEngine, first: int, count: int, a_second: float) -> list[tuple[str, int]]:
    """Starts `count` containers at that rate; returns each id and the time of its signal."""
    changes = []
    begin = time.monotonic()
    for number in range(first, first + count):
        ahead = begin + (number - first) / a_second - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
        engine.send_start(number)
        changes.append((container_id(engine.seed, number), engine.take_answer()))
    return changes


def _told(engine: ScriptedEngine, subscribers: Subscribers, first: int, count: int, a_second: float) -> dict:
    changes = _change(engine, first, count, a_second)
    figures = subscribers.figures_of(changes)
    for number in range(first, first + count):
        engine.end(number)
    subscribers.wait_until_quiet()  # the ends are delivered before the next starts
    if figures["missing"] > 0:
        raise BenchError(f"{figures['missing']} changes were not told to a subscriber")
    return figures


def _crowd(table: Table, folder: pathlib.Path, rounds: int, count: int, a_second: float, stalled: int) -> list[dict]:
    """Changes for many subscribers: one line of the table."""
    told = []
    with ScriptedEngine(folder, "crowd", range(100)) as engine, \
            contextlib.closing(Daemon(folder, engine)) as daemon:
        before = status_kib(daemon.pid, "VmRSS")[0]
        with contextlib.closing(Subscribers(daemon.port, count, stalled)) as subscribers:
            time.sleep(SETTLED_S)
            each = (status_kib(daemon.pid, "VmRSS")[0] - before) / (count + stalled)
            cpu, begin = cpu_ns(daemon.pid), time.monotonic()
            for round_ in range(rounds):
                changes = int(a_second)  # a second of it
                told.append(_told(engine, subscribers, 1000 + round_ * changes, changes, a_second))
            load = (cpu_ns(daemon.pid) - cpu) / 1e7 / (time.monotonic() - begin)
            resident = status_kib(daemon.pid, "VmRSS")[0] / 1024
    name = f"{count:,} subscribers, {a_second:g} changes/s" + (f", {stalled} stalled" if stalled else "")
    table.add(name, *(interval_of([figures[key] for figures in told]).median for key in
                      ("p50_ms", "p99_ms", "longest_ms")), None, None, each, resident, load)
    return told


def _list(table: Table, folder: pathlib.Path, size: int, pairs: int) -> None:
    with ScriptedEngine(folder, "list", range(size)) as engine, \
            contextlib.closing(Daemon(folder, engine)) as daemon:
        port = _free_port()
        text = daemon.list_text()
        ours, theirs, again = [], [], []
        with nginx(folder, port, text):
            for _ in range(pairs):
                ours.append(wrk(daemon.port, "/v1/instances", SECONDS_OF_LOAD))
                theirs.append(wrk(port, "/list", SECONDS_OF_LOAD))
                again.append(wrk(daemon.port, "/v1/instances", SECONDS_OF_LOAD))
        resident, peak = status_kib(daemon.pid, "VmRSS", "VmHWM")
    name = f"list of {size:,}, {len(text) / (1 << 20):.1f} MiB"
    table.add(name, None, None, None, interval_of(ours), ratios(theirs, ours), None, resident / 1024, None)
    table.add(f"{name}: nginx", None, None, None, interval_of(theirs), None, None, None, None)
    table.add(f"{name}: again", None, None, None, interval_of(again), ratios(again, ours), None, None, None)
    table.bars += [
        Bar(f"list of {size:,} over HTTP: nginx ÷ rollcall, answers a second", ratios(theirs, ours), "", at_most=1.5),
        Bar(f"a daemon of {size:,} after that: peak", interval_of([peak / 1024]), "MiB", at_most=40),
    ]


def _idle(table: Table, folder: pathlib.Path, size: int, rounds: int) -> None:
    """A daemon and ten subscribers, while nothing happens."""
    with ScriptedEngine(folder, "idle", range(size)) as engine, \
            contextlib.closing(Daemon(folder, engine)) as daemon, \
            contextlib.closing(Subscribers(daemon.port, 10)):
        time.sleep(SETTLED_S)
        loads = []
        for _ in range(max(1, rounds // 5)):
            cpu, begin = cpu_ns(daemon.pid), time.monotonic()
            time.sleep(IDLE_S)
            loads.append((cpu_ns(daemon.pid) - cpu) / 1e7 / (time.monotonic() - begin))
        resident = status_kib(daemon.pid, "VmRSS")[0] / 1024
    table.add(f"nothing happens, {size:,} instances, 10 subscribers", None, None, None, None, None, None, resident,
              interval_of(loads))
    table.bars.append(Bar("a daemon while nothing happens", interval_of(loads), "% of a core", at_most=0.1))


def serve_row(folder: pathlib.Path, sizes: list[int], pairs: int) -> Table:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, limit[1]), limit[1]))
    table = Table("serve", "rollcall serve of one scripted engine", COLUMNS)
    one = _crowd(table, folder, pairs, 1, 50, 0)
    table.bars.append(Bar("serve: a start's signal to the line of one subscriber, p50",
                          interval_of([figures["p50_ms"] for figures in one]), "ms", at_most=1))
    many = _crowd(table, folder, pairs, 1000, 100, 0)
    beside = _crowd(table, folder, pairs, 1000, 100, 1)
    table.bars.append(Bar("serve: p99 of 1,000 subscribers with one stalled beside them ÷ without",
                          ratios([f["p99_ms"] for f in beside], [f["p99_ms"] for f in many]), "", at_most=1.2))
    _crowd(table, folder, pairs, 50, 2000, 0)
    _crowd(table, folder, pairs, 50, 2000, 1)
    _list(table, folder, sizes[-1], pairs)
    _idle(table, folder, sizes[-1], pairs)
    return table
