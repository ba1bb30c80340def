"""Processes that listen, in a network namespace of their own: no socket of the machine itself is counted."""

import contextlib
import os
import pathlib
import subprocess

from measure import BIN, BenchError


class Crowd(contextlib.AbstractContextManager):
    """`processes` processes, each with `sockets` TCP sockets; all end with the block."""

    def __init__(self, processes: int, sockets: int) -> None:
        if os.geteuid() != 0:
            raise BenchError("row sockets opens a network namespace, which takes root; run scripts/bench as root")
        script = 'ip link set lo up && exec "$@"'
        command = [str(BIN / "crowd"), str(processes), str(sockets)]
        self._process = subprocess.Popen(["unshare", "--net", "sh", "-c", script, "sh", *command],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.listening = processes * sockets
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            self.close()
            raise BenchError(f"{processes} processes with {sockets} listening sockets each cannot be started here")

    def inside(self, *command: str) -> list[str]:
        """The command, to be run in that namespace; all processes of the machine stay visible."""
        return ["nsenter", f"--net={pathlib.Path('/proc') / str(self._process.pid) / 'ns' / 'net'}", *command]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def __exit__(self, *_: object) -> None:
        self.close()
