"""A private dockerd in a sandbox: namespaces, folders and control groups that leave nothing behind."""

import concurrent.futures
import json
import os
import pathlib
import signal
import time

from http_unix import call
from private_engine import IMAGE, PrivateEngine

START_DEADLINE_S = 90
START_ATTEMPTS = 3  # with hundreds of containers to restore, it may time out waiting for its own containerd
# The first process of the sandbox: the kernel ends all others with it, and it ends at the end of its input.
FIRST = "mount -t tmpfs tmpfs /run && ip link set lo up && echo ready && read -r _"


class Dockerd(PrivateEngine):
    """dockerd, whose containers outlive it."""

    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__(folder, "dockerd", ["dockerd"], FIRST)
        (folder / "daemon.json").write_text("{}", encoding="ascii")
        self.start()
        self._import_image()

    def start(self) -> int:
        """Starts dockerd; returns the time of its first answer, in ns of the monotonic clock."""
        for _ in range(START_ATTEMPTS):
            answered = self._start_once()
            if answered is not None:
                return answered
        raise self._mute()

    def _start_once(self) -> int | None:
        (self._folder / "pid").unlink(missing_ok=True)
        at = self._folder
        self._process = self._spawn(
            "dockerd", "--config-file", str(at / "daemon.json"), "--host", f"unix://{self.socket}",
            "--pidfile", str(at / "pid"), "--data-root", str(at / "data"), "--exec-root", str(at / "exec"),
            "--cgroup-parent", f"/{self.cgroup}", "--exec-opt", "native.cgroupdriver=cgroupfs", "--live-restore")
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                call(self.socket, "GET", "/_ping")
                return time.monotonic_ns()
            except (OSError, RuntimeError):
                time.sleep(0.002)
        return None

    def terminate(self) -> None:
        """Ends dockerd and its containerd; the containers keep running."""
        os.kill(self.pid, signal.SIGTERM)
        self._process.wait()

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


def in_parallel(work, items) -> list:
    """Runs four items at a time: more does not make dockerd faster."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return list(pool.map(work, items))
