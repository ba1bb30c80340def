"""The common base of private container engines: a sandbox, an image, and an end that leaves nothing behind."""

import os
import pathlib
import shutil
import subprocess
import tarfile
from collections.abc import Sequence

from http_unix import call
from measure import BenchError
from rooms import children, remove_cgroups

IMAGE = "bench/busybox"


class PrivateEngine:
    """An engine with data, network and processes of its own; `close` ends and removes all of it."""

    _process: subprocess.Popen  # the engine, behind nsenter

    def __init__(self, folder: pathlib.Path, name: str, programs: Sequence[str], first: str) -> None:
        """Opens the sandbox, whose first process runs the script `first`; does not start the engine yet."""
        for program in (*programs, "unshare", "nsenter", "ip", "busybox"):
            if shutil.which(program) is None:
                raise BenchError(f"{program} is not installed; scripts/setup --bench installs it")
        if os.geteuid() != 0:
            raise BenchError(f"row {name} starts an engine of its own, which takes root; run scripts/bench as root")
        self._folder = folder
        self._name = name
        self.socket = str(folder / "engine.sock")
        self.cgroup = folder.name
        self._log = (folder / "log").open("wb")
        self._room = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
             "--propagation", "private", "sh", "-c", first],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log)
        assert self._room.stdout is not None
        if self._room.stdout.readline() != b"ready\n":
            raise BenchError(f"cannot open a room for {name}: unshare fails here")

    def _spawn(self, *command: str) -> subprocess.Popen:
        """Starts a program in the sandbox."""
        first = children(self._room.pid)[0]
        return subprocess.Popen(["nsenter", "--target", str(first), "--mount", "--net", "--pid", "--", *command],
                                stdout=self._log, stderr=self._log)

    def _mute(self) -> BenchError:
        log = (self._folder / "log").read_text(errors="replace")
        return BenchError(f"{self._name} does not answer. It said:\n{log[-1500:]}")

    @property
    def pid(self) -> int:
        return children(self._process.pid)[0]

    def _import_image(self) -> None:
        archive = self._folder / "root.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(str(shutil.which("busybox")), "bin/busybox")
        call(self.socket, "POST", f"/images/create?fromSrc=-&repo={IMAGE}&tag=latest", archive.read_bytes(),
             "application/x-tar")

    def close(self) -> None:
        """Ends everything inside, then removes its files and control groups."""
        assert self._room.stdin is not None
        self._room.stdin.close()
        self._room.wait()
        self._process.wait()
        self._log.close()
        remove_cgroups(self.cgroup)
        shutil.rmtree(self._folder, ignore_errors=True)
