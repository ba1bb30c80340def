"""Row `kubernetes-watch`: the cost of a watch of many pods: memory, repeated lists, events."""

import pathlib
import statistics
import time

import kubernetes
from intervals import Bar, interval_of
from measure import BenchError, cpu_ns, status_kib
from report import Table
from watching import Fold, Watcher

SIZES = [5_000, 20_000, 100_000]
COLUMNS = ("pods", "resident MiB", "KiB a pod", "peak ÷ resident, nothing changed", "peak ÷ resident, all changed",
           "CPU µs an event", "events/s followed")
SETTLED_S = 0.3
TOLD_S = 120
PERIOD_S = 0.01
RATE = 5_000  # events a second
BURST_S = 3
BEHIND_S = 0.5  # how late the last may be reported


class _Watch:
    """A watch that has reported all pods."""

    def __init__(self, server: kubernetes.ScriptedKubernetes, watcher: Watcher) -> None:
        self.server = server
        self.watcher = watcher
        self.fold = Fold(watcher)
        deadline = time.monotonic() + TOLD_S
        while len(self.fold.ids) < server.count or server.stats()["watches"] == 0:
            if time.monotonic() > deadline:
                raise BenchError(f"a watch tells {len(self.fold.ids)} pods of {server.count}")
            self.fold.take(0.05)
        self.settle()

    def settle(self) -> None:
        end = time.monotonic() + SETTLED_S
        while time.monotonic() < end:
            self.fold.take(0.05)

    def drain(self) -> None:
        """Reads the remaining events. Two changes of one pod may collapse, so their number is not checked."""
        deadline = time.monotonic() + TOLD_S
        before = -1
        while self.fold.events != before:
            if time.monotonic() > deadline:
                raise BenchError("a watch does not come to rest")
            before = self.fold.events
            self.settle()

    def resident_kib(self) -> float:
        return status_kib(self.watcher.pid, "VmRSS")[0]

    def peak_of_relist(self, what: str) -> float:
        """The peak memory while everything is listed again, above the memory held before."""
        pathlib.Path(f"/proc/{self.watcher.pid}/clear_refs").write_text("5")
        before, asked = self.resident_kib(), self.server.stats()["requests"]["/api/v1/pods"]
        told = self.fold.events
        self.server.expire(what)
        deadline = time.monotonic() + TOLD_S
        wanted = self.server.count if what == "all" else 0
        # Waits for another list, another watch, and the events of the changes.
        while (self.server.stats()["requests"]["/api/v1/pods"] < asked + 2 or self.server.stats()["watches"] == 0
               or self.fold.events - told < wanted):
            if time.monotonic() > deadline:
                raise BenchError("a watch that was told 410 has not listed again")
            self.fold.take(0.02)
        self.settle()
        if self.fold.events - told != wanted:
            raise BenchError(f"after a list of which {what} changed a watch tells {self.fold.events - told} events")
        return status_kib(self.watcher.pid, "VmHWM")[0] / before

    def follow(self) -> tuple[float, float]:
        """CPU µs per event, and the events per second that were reported in time."""
        told, cpu, sent = self.fold.events, cpu_ns(self.watcher.pid), 0
        began = time.monotonic()
        while sent < RATE * BURST_S:
            due = min(int((time.monotonic() - began) * RATE), RATE * BURST_S)
            if due > sent:
                self.server.change(due - sent)
                sent = due
            self.fold.take(PERIOD_S)
        deadline = time.monotonic() + BEHIND_S
        while self.fold.events - told < sent and time.monotonic() < deadline:
            self.fold.take(PERIOD_S)
        followed = (self.fold.events - told) / sent * RATE
        self.drain()  # a watch that lags
        return (cpu_ns(self.watcher.pid) - cpu) / 1000 / sent, followed


def _measure(server: kubernetes.ScriptedKubernetes) -> tuple[float, float, float, float, float]:
    with Watcher(kubernetes.watch_command(server.config)) as watcher:
        watch = _Watch(server, watcher)
        resident = watch.resident_kib()
        cpu_us, followed = watch.follow() if server.count else (0, 0)
        if not server.count:
            return resident, 0, 0, 0, 0
        return resident, watch.peak_of_relist("none"), watch.peak_of_relist("all"), cpu_us, followed


def kubernetes_watch_row(folder: pathlib.Path, _sizes: list[int], rounds: int) -> Table:
    table = Table("kubernetes-watch", "rollcall watch -o jsonl of a scripted API server", COLUMNS)
    with kubernetes.ScriptedKubernetes(folder, 0) as server:
        empty = statistics.median(_measure(server)[0] for _ in range(rounds))
    for count in SIZES:
        with kubernetes.ScriptedKubernetes(folder, count) as server:
            figures = [_measure(server) for _ in range(rounds)]
        resident, same, changed, cpu_us, followed = (list(column) for column in zip(*figures))
        each = interval_of([(it - empty) / count for it in resident])
        table.add(count, statistics.median(resident) / 1024, each, interval_of(same), interval_of(changed),
                  interval_of(cpu_us), interval_of(followed))
        table.bars += [
            Bar(f"{count:,} pods: a pod over the empty program", each, "KiB", at_most=1.5),
            Bar(f"{count:,} pods: peak of a list made again of which nothing changed", interval_of(same), "", at_most=1.3),
            Bar(f"{count:,} pods: peak of one of which all changed", interval_of(changed), "", at_most=2.2),
            Bar(f"{count:,} pods: an event of a watch", interval_of(cpu_us), "µs", at_most=50),
            Bar(f"{count:,} pods: events a second that are followed", interval_of(followed), "", at_least=RATE),
        ]
    return table
