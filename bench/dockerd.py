"""A private dockerd in a room of its own: namespaces, folders and control groups that leave nothing behind."""

import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tarfile
import time

from http_unix import call
from measure import BenchError
from rooms import children, remove_cgroups

IMAGE = "bench/busybox"
START_DEADLINE_S = 90
START_ATTEMPTS = 3  # with hundreds of containers to find again, it may lose patience with its own containerd
# The first process of the room: the kernel ends all others with it, and it ends when its input does.
FIRST = "mount -t tmpfs tmpfs /run && ip link set lo up && echo ready && read -r _"


class Dockerd:
    """dockerd with data, network and processes of its own; `close` ends and removes all of it."""

    def __init__(self, folder: pathlib.Path) -> None:
        for program in ("dockerd", "unshare", "nsenter", "ip", "busybox"):
            if shutil.which(program) is None:
                raise BenchError(f"{program} is not installed; scripts/setup --bench installs it")
        if os.geteuid() != 0:
            raise BenchError("row dockerd starts an engine of its own, which takes root; run scripts/bench as root")
        self._folder = folder
        self.socket = str(folder / "docker.sock")
        self.cgroup = folder.name
        (folder / "daemon.json").write_text("{}", encoding="ascii")
        self._log = (folder / "dockerd.log").open("wb")
        self._room = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
             "--propagation", "private", "sh", "-c", FIRST],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log)
        assert self._room.stdout is not None
        if self._room.stdout.readline() != b"ready\n":
            raise BenchError("cannot open a room for dockerd: unshare fails here")
        self.start()
        self._import_image()

    def start(self) -> int:
        """Starts dockerd; the moment of its first answer, in ns of the monotonic clock."""
        for _ in range(START_ATTEMPTS):
            answered = self._start_once()
            if answered is not None:
                return answered
        log = (self._folder / "dockerd.log").read_text(errors="replace")
        raise BenchError(f"dockerd does not answer. It said:\n{log[-1500:]}")

    def _start_once(self) -> int | None:
        (self._folder / "pid").unlink(missing_ok=True)
        first = children(self._room.pid)[0]
        at = self._folder
        self._process = subprocess.Popen(
            ["nsenter", "--target", str(first), "--mount", "--net", "--pid", "--",
             "dockerd", "--config-file", str(at / "daemon.json"), "--host", f"unix://{self.socket}",
             "--pidfile", str(at / "pid"), "--data-root", str(at / "data"), "--exec-root", str(at / "exec"),
             "--cgroup-parent", f"/{self.cgroup}", "--exec-opt", "native.cgroupdriver=cgroupfs", "--live-restore"],
            stdout=self._log, stderr=self._log)
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                call(self.socket, "GET", "/_ping")
                return time.monotonic_ns()
            except (OSError, RuntimeError):
                time.sleep(0.002)
        return None

    def terminate(self) -> None:
        """Ends dockerd and its containerd; the containers live on."""
        os.kill(self.pid, signal.SIGTERM)
        self._process.wait()

    @property
    def pid(self) -> int:
        return children(self._process.pid)[0]

    def _import_image(self) -> None:
        archive = self._folder / "root.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(str(shutil.which("busybox")), "bin/busybox")
        call(self.socket, "POST", f"/images/create?fromSrc=-&repo={IMAGE}&tag=latest", archive.read_bytes(),
             "application/x-tar")

    def create(self, name: str) -> str:
        body = {
            "Image": IMAGE, "Cmd": ["/bin/busybox", "sleep", "1000000"], "StopSignal": "SIGKILL",
            "Labels": {"com.docker.compose.project": "bench", "com.docker.compose.service": "sleep"},
            "ExposedPorts": {"80/tcp": {}},
        }
        answer = call(self.socket, "POST", f"/containers/create?name={name}", json.dumps(body).encode(),
                      "application/json")
        return json.loads(answer)["Id"]

    def start_container(self, identity: str) -> None:
        call(self.socket, "POST", f"/containers/{identity}/start")

    def run(self, name: str) -> str:
        identity = self.create(name)
        self.start_container(identity)
        return identity

    def remove(self, identity: str) -> None:
        call(self.socket, "DELETE", f"/containers/{identity}?force=1")

    def close(self) -> None:
        """Ends everything inside, then removes what it left on disk and among the control groups."""
        assert self._room.stdin is not None
        self._room.stdin.close()
        self._room.wait()
        self._process.wait()
        self._log.close()
        remove_cgroups(self.cgroup)
        shutil.rmtree(self._folder, ignore_errors=True)


def in_parallel(work, items) -> list:
    """Four at a time: more does not make dockerd faster."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return list(pool.map(work, items))
