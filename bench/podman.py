"""A private Podman service in a sandbox, and a count of its requests."""

import json
import pathlib
import resource
import socket
import threading
import time

from http_unix import call
from private_engine import IMAGE, PrivateEngine

START_DEADLINE_S = 60
# The first process of the sandbox: the kernel ends all others with it, and it ends at the end of its input. crun
# refuses a hybrid layout of control groups, in which version 2 has no controllers.
FIRST = (
    "mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /dev/shm && ip link set lo up && "
    "{ ! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified; } && echo ready && read -r _"
)
CONTAINERS_CONF = """[containers]
default_ulimits = ["nofile={files}:{files}", "nproc=32768:32768"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
[network]
network_backend = "netavark"
"""


class Podman(PrivateEngine):
    """`podman system service`."""

    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__(folder, "podman", ["podman", "crun", "conmon"], FIRST)
        self._configure()
        self._start()
        self._import_image()

    def _configure(self) -> None:
        at = self._folder
        (at / "net").mkdir()
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        (at / "containers.conf").write_text(CONTAINERS_CONF.format(files=files), encoding="ascii")
        (at / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{at}/data"\nrunroot = "{at}/exec"\n', encoding="ascii")

    def _start(self) -> None:
        at = self._folder
        self._process = self._spawn(
            "env", "XDG_RUNTIME_DIR=", "DISABLE_HC_SYSTEMD=true", f"CONTAINERS_CONF={at}/containers.conf",
            f"CONTAINERS_STORAGE_CONF={at}/storage.conf",
            "podman", f"--root={at}/data", f"--runroot={at}/exec", f"--tmpdir={at}/tmp", f"--volumepath={at}/vol",
            f"--network-config-dir={at}/net", "--storage-driver=overlay", "--runtime=crun",
            "--cgroup-manager=cgroupfs", "--events-backend=file",
            "system", "service", "--time=0", f"unix://{self.socket}")
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                call(self.socket, "GET", "/_ping")
                return
            except (OSError, RuntimeError):
                time.sleep(0.01)
        raise self._mute()

    def run(self, name: str) -> str:
        body = {
            "Image": IMAGE, "Cmd": ["/bin/busybox", "sleep", "1000000"], "StopSignal": "SIGKILL",
            "HostConfig": {"CgroupParent": f"/{self.cgroup}"},
        }
        answer = call(self.socket, "POST", f"/containers/create?name={name}", json.dumps(body).encode(),
                      "application/json")
        identity = json.loads(answer)["Id"]
        call(self.socket, "POST", f"/containers/{identity}/start")
        return identity


class Counter:
    """A socket that forwards to another one and counts the requests, which have no body."""

    def __init__(self, path: str, engine: str) -> None:
        self.socket = path
        self._engine = engine
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        self._listener.listen(64)
        self._asked: list[str] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def asked(self) -> list[str]:
        """The targets of the requests, in order."""
        return list(self._asked)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            engine.connect(self._engine)
            threading.Thread(target=self._pass_on, args=(client, engine, True), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(engine, client, False), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, count: bool) -> None:
        rest = b""
        try:
            while piece := source.recv(1 << 18):
                if count:
                    *heads, rest = (rest + piece).split(b"\r\n\r\n")
                    self._asked += [head.split(b" ", 2)[1].decode() for head in heads]
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            sink.close()

    def close(self) -> None:
        self._listener.close()
