"""Row `systemd`: 2,000 services of a real manager, listed beside systemctl; and the effect of a reload on a watch."""

import json
import pathlib
import select
import statistics
import subprocess
import time

from intervals import Bar, interval_of, ratios
from measure import ROLLCALL, BenchError, Run, in_turns, measured_run
from report import Table
from systemd_manager import SystemdManager
from watching import Watcher

COLUMNS = ("units", "they", "program", "wall ms", "CPU ms", "peak MiB", "wall: it ÷ rollcall")
UNITS = 2000
CHANGED = 50           # units that are restarted together
OURS = "rollcall ls -q"
AGAIN = "rollcall again"
SHOW = "systemctl show"
FLOOR = "systemctl list-units"
NAMES = [f"many@{number}.service" for number in range(1, UNITS + 1)]
KINDS = {
    "run": "[Unit]\nDescription=Number %i\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep infinity\n",
    "have exited": "[Unit]\nDescription=Number %i\nStartLimitIntervalSec=0\n"
                   "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n",
}


def _programs(manager: SystemdManager) -> dict[str, list[str]]:
    ls = manager.inside(ROLLCALL, "ls", "systemd", "--user", "--all-units", "-q")
    return {
        OURS: ls,
        SHOW: manager.systemctl("show", "many@*"),
        AGAIN: ls,
        FLOOR: manager.systemctl("list-units", "--full", "--plain", "--no-legend", "many@*"),
    }


def _start_all(manager: SystemdManager, text: str) -> None:
    manager.write_unit("many@.service", text)
    manager.run("daemon-reload")
    manager.run("start", *NAMES)


def _check_complete(manager: SystemdManager) -> None:
    """Checks that each program lists all units."""
    words = {OURS: b"\nmany@", SHOW: b"\nId=many@", AGAIN: b"\nmany@", FLOOR: b"\nmany@"}
    for name, command in _programs(manager).items():
        count = (b"\n" + measured_run(command, subprocess.PIPE)[1]).count(words[name])
        if count != UNITS:
            raise BenchError(f"{name} tells {count} units of {UNITS}")


def _measure(manager: SystemdManager, pairs: int) -> dict[str, list[Run]]:
    _check_complete(manager)
    runs: dict[str, list[Run]] = {name: [] for name in _programs(manager)}
    for name, command in in_turns(_programs(manager), pairs):
        runs[name].append(measured_run(command)[0])
    return runs


def _walls(runs: list[Run]) -> list[float]:
    return [run.wall_ms for run in runs]


def _add_lines(table: Table, kind: str, runs: dict[str, list[Run]]) -> None:
    for name, of_it in runs.items():
        table.add(UNITS, kind, name, statistics.median(_walls(of_it)),
                  statistics.median(run.cpu_ms for run in of_it), statistics.median(run.peak_mib for run in of_it),
                  None if name == OURS else ratios(_walls(of_it), _walls(runs[OURS])))
    table.bars.append(Bar(f"2,000 services that {kind}: systemctl show ÷ rollcall ls",
                          ratios(_walls(runs[SHOW]), _walls(runs[OURS])), "", at_least=3))


class _Lines:
    """The output of a program, line by line."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._rest = b""

    def until(self, enough, seconds: float, what: str) -> list[bytes]:
        """Collects lines until `enough` is true of them."""
        lines: list[bytes] = []
        deadline = time.monotonic() + seconds
        while not enough(lines):
            if time.monotonic() > deadline:
                raise BenchError(f"{what} has not come within {seconds:g} s")
            if select.select([self._watcher], [], [], 0.5)[0]:
                *more, self._rest = (self._rest + self._watcher.read()).split(b"\n")
                lines += more
        return lines


def _ids(lines: list[bytes], kind: str) -> list[str]:
    events = [json.loads(line) for line in lines]
    return [event["instance"]["key"]["id"] for event in events if event["type"] == kind]


def _started(names: list[str]):
    wanted = set(names)
    return lambda lines: wanted <= set(_ids(lines, "started"))


def _events_of_a_reload(manager: SystemdManager, watch: _Lines) -> float:
    """Counts the events of unchanged units. The restart after the reload shows that the watch has seen all of it."""
    manager.run("daemon-reload")
    manager.run("restart", NAMES[0])
    lines = watch.until(_started(NAMES[:1]), 60, "a restart after a reload")
    return sum(f'"{NAMES[0]}"'.encode() not in line for line in lines)


def _calls_a_unit(manager: SystemdManager, watch: _Lines, calls: _Lines) -> float:
    """The watch's calls to systemd per restarted unit, when several are restarted; only the watch uses the bus."""
    changed = NAMES[1:CHANGED + 1]
    manager.run("restart", *changed)
    watch.until(_started(changed), 60, "a restart")
    # A call that only this program makes marks the end of the watch's calls.
    mark = manager.inside("dbus-send", f"--bus={manager.bus}", "--dest=org.freedesktop.systemd1", "--print-reply",
                          "/org/freedesktop/systemd1", "org.freedesktop.DBus.Peer.Ping")
    subprocess.run(mark, stdout=subprocess.DEVNULL, check=True)
    lines = calls.until(lambda seen: any(b"member=Ping" in line for line in seen), 30, "a call to systemd")
    asked = [line for line in lines if line.startswith(b"method call ") and b"member=Ping" not in line]
    return len(asked) / len(changed)


def _watch(manager: SystemdManager, rounds: int) -> list[Bar]:
    command = manager.inside(ROLLCALL, "watch", "systemd", "--user", "--all-units", "-o", "jsonl")
    monitor = manager.inside("dbus-monitor", "--address", manager.bus,
                             "type='method_call',destination='org.freedesktop.systemd1'")
    with Watcher(command) as watcher:
        watch = _Lines(watcher)
        watch.until(_started(NAMES), 60, "the beginning of a watch")
        events = [_events_of_a_reload(manager, watch) for _ in range(rounds)]
        with Watcher(monitor) as listening:
            calls = _Lines(listening)
            calls.until(len, 30, "the first line of dbus-monitor")
            asked = [_calls_a_unit(manager, watch, calls) for _ in range(rounds)]
    return [
        Bar("a reload of 2,000 units: events of what did not change", interval_of(events), "events", at_most=0),
        Bar(f"{CHANGED} units restarted together: calls for each", interval_of(asked), "calls", at_most=1),
    ]


def systemd_row(_: pathlib.Path, __: list[int], pairs: int) -> Table:
    table = Table("systemd", "2,000 services of a `systemd --user`: start to the complete list", COLUMNS)
    for kind, text in KINDS.items():
        with SystemdManager() as manager:
            _start_all(manager, text)
            _add_lines(table, kind, _measure(manager, pairs))
            if kind == "run":
                watched = _watch(manager, pairs)
    table.bars += watched
    return table
