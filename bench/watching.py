"""Programs that print what starts, and the fold of the output of `rollcall watch`."""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence

from measure import BIN, ROLLCALL, BenchError


def watch_command(socket: str) -> list[str]:
    return [ROLLCALL, "watch", "-o", "jsonl", "--runtime", "docker", "--endpoint", f"unix://{socket}"]


class Watcher:
    """A running program whose output is read without waiting."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._out = self._process.stdout.fileno()
        os.set_blocking(self._out, False)

    @property
    def pid(self) -> int:
        return self._process.pid

    def fileno(self) -> int:
        return self._out

    def read(self) -> bytes:
        try:
            piece = os.read(self._out, 1 << 20)
        except BlockingIOError:
            return b""
        if not piece:
            raise BenchError(f"'{self._process.args[0]}' ended while it was measured")
        return piece

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def close(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Stamped:
    """When ids are reported, by a program or by the engine's own events; stamped by a separate process."""

    def __init__(self, program: Sequence[str] | None, socket: str = "") -> None:
        stamp = str(BIN / "stamp")
        self._processes: list[subprocess.Popen] = []
        if program is None:
            self._processes.append(subprocess.Popen([stamp, socket], stdout=subprocess.PIPE))
        else:
            self._processes.append(subprocess.Popen(program, stdout=subprocess.PIPE))
            behind = subprocess.Popen([stamp], stdin=self._processes[0].stdout, stdout=subprocess.PIPE)
            self._processes.append(behind)
        self._rest = b""
        self._told: dict[str, int] = {}
        if program is None:
            self.wait_for({"ready"}, 30)

    @property
    def pid(self) -> int:
        return self._processes[0].pid

    def wait_for(self, ids: set[str], seconds: float) -> None:
        """Waits until all of these were reported."""
        out = self._processes[-1].stdout
        assert out is not None
        deadline = time.monotonic() + seconds
        while not ids <= self._told.keys():
            if time.monotonic() > deadline:
                raise BenchError(f"{self._processes[0].args[0]} has not told all within {seconds:g} s")
            if select.select([out], [], [], 0.5)[0]:
                self._take(os.read(out.fileno(), 1 << 20))

    def _take(self, piece: bytes) -> None:
        if not piece:
            raise BenchError(f"{self._processes[0].args[0]} ended while it was measured")
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            at, identity = line.decode().split()
            self._told.setdefault(identity, int(at))

    def moment_of(self, identity: str) -> int:
        """When the id was first reported, in ns of the monotonic clock; waits for it."""
        self.wait_for({identity}, 10)
        return self._told[identity]

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


class Fold:
    """The running instances according to the lines of a watch: started and updated put, stopped erases."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._rest = b""
        self.ids: set[str] = set()
        self.events = 0  # of instances
        self.lost = False

    def take(self, timeout: float) -> None:
        """Reads the output that comes within the time."""
        if not select.select([self._watcher], [], [], timeout)[0]:
            return
        *lines, self._rest = (self._rest + self._watcher.read()).split(b"\n")
        for line in lines:
            self._apply(json.loads(line))

    def _apply(self, event: dict) -> None:
        match event["type"]:
            case "started" | "updated":
                self.events += 1
                self.ids.add(event["instance"]["key"]["id"])
            case "stopped":
                self.events += 1
                self.ids.discard(event["id"])
            case "backend_disconnected":
                self.lost = True
            case "backend_reconnected":
                self.lost = False

    def wait_for(self, ids: set[str], seconds: float, what: str) -> int:
        """Waits until the fold equals these ids and is connected; returns the time by the monotonic clock, in ns."""
        deadline = time.monotonic() + seconds
        while self.ids != ids or self.lost:
            if time.monotonic() > deadline:
                missing, extra = len(ids - self.ids), len(self.ids - ids)
                raise BenchError(f"{what}: after {seconds:g} s {missing} are missing and {extra} too many")
            self.take(0.5)
        return time.monotonic_ns()
