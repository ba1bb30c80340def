"""A private Podman service in a room of its own, and what it is asked."""

import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import tarfile
import threading
import time

from http_unix import call
from measure import BenchError
from rooms import children, remove_cgroups

IMAGE = "bench/busybox"
START_DEADLINE_S = 60
PROGRAMS = ("podman", "crun", "conmon", "unshare", "nsenter", "ip", "busybox")
# The first process of the room: the kernel ends all others with it, and it ends when its input does. crun refuses a
# hybrid layout of control groups, where version 2 has no controllers.
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


class Podman:
    """`podman system service` with storage, network and processes of its own; `close` ends and removes all of it."""

    def __init__(self, folder: pathlib.Path) -> None:
        for program in PROGRAMS:
            if shutil.which(program) is None:
                raise BenchError(f"{program} is not installed; scripts/setup --bench installs it")
        if os.geteuid() != 0:
            raise BenchError("row podman starts an engine of its own, which takes root; run scripts/bench as root")
        self._folder = folder
        self.socket = str(folder / "podman.sock")
        self._configure()
        self._log = (folder / "podman.log").open("wb")
        self._room = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
             "--propagation", "private", "sh", "-c", FIRST],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log)
        assert self._room.stdout is not None
        if self._room.stdout.readline() != b"ready\n":
            raise BenchError("cannot open a room for podman: unshare fails here")
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
        self._process = subprocess.Popen(
            ["nsenter", "--target", str(children(self._room.pid)[0]), "--mount", "--net", "--pid", "--",
             "env", "XDG_RUNTIME_DIR=", "DISABLE_HC_SYSTEMD=true", f"CONTAINERS_CONF={at}/containers.conf",
             f"CONTAINERS_STORAGE_CONF={at}/storage.conf",
             "podman", f"--root={at}/data", f"--runroot={at}/exec", f"--tmpdir={at}/tmp", f"--volumepath={at}/vol",
             f"--network-config-dir={at}/net", "--storage-driver=overlay", "--runtime=crun",
             "--cgroup-manager=cgroupfs", "--events-backend=file",
             "system", "service", "--time=0", f"unix://{self.socket}"],
            stdout=self._log, stderr=self._log)
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                call(self.socket, "GET", "/_ping")
                return
            except (OSError, RuntimeError):
                time.sleep(0.01)
        log = (self._folder / "podman.log").read_text(errors="replace")
        raise BenchError(f"podman does not answer. It said:\n{log[-1500:]}")

    @property
    def pid(self) -> int:
        return children(self._process.pid)[0]

    def _import_image(self) -> None:
        archive = self._folder / "root.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(str(shutil.which("busybox")), "bin/busybox")
        call(self.socket, "POST", f"/images/create?fromSrc=-&repo={IMAGE}&tag=latest", archive.read_bytes(),
             "application/x-tar")

    def run(self, name: str) -> str:
        body = {
            "Image": IMAGE, "Cmd": ["/bin/busybox", "sleep", "1000000"], "StopSignal": "SIGKILL",
            "HostConfig": {"CgroupParent": f"/{self._folder.name}"},
        }
        answer = call(self.socket, "POST", f"/containers/create?name={name}", json.dumps(body).encode(),
                      "application/json")
        identity = json.loads(answer)["Id"]
        call(self.socket, "POST", f"/containers/{identity}/start")
        return identity

    def close(self) -> None:
        """Ends everything inside, then removes what it left on disk and among the control groups."""
        assert self._room.stdin is not None
        self._room.stdin.close()
        self._room.wait()
        self._process.wait()
        self._log.close()
        remove_cgroups(self._folder.name)
        shutil.rmtree(self._folder, ignore_errors=True)


class Counter:
    """A socket before another that counts what is asked through it; requests have no body."""

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
        """The targets, in the order in which they came."""
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
