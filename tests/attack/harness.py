"""Common parts of the attacks: an engine that a test scripts, the daemon under attack, and raw HTTP.

Each file of this folder is a unittest program whose first argument is the `rollcall` to attack. It must be a release build: these tests
measure memory and time, and sanitizers take both.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

PROGRAM = ""
ENVIRONMENT = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG")}
MIB = 1 << 20
CLONE_NEWNET = 0x40000000  # of <linux/sched.h>


def main():
    """Runs the tests of the calling file on the program that the command line names."""
    global PROGRAM
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} ROLLCALL [TEST ...]")
    if os.geteuid() != 0:
        sys.exit("these tests act as other users and make network namespaces, which takes root")
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))
    unittest.main(module="__main__", verbosity=2)


@contextlib.contextmanager
def network_namespace(addresses):
    """A network of this thread's own, whose loopback device has these addresses; what the thread starts is in there, too."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        if libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "no network namespace can be made")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for address in addresses:
            # Duplicate detection would make an IPv6 address unusable for a second.
            nodad = ["nodad"] if ":" in address else []
            subprocess.run(["ip", "addr", "add", address, "dev", "lo", *nodad], check=True)
        yield
    finally:
        libc.setns(home, 0)
        os.close(home)


def chunk(data):
    """One chunk of a chunked body (RFC 9112, 7.1)."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def answer(body=b"", status="200 OK", headers=()):
    """An answer of a Docker Engine with a body of known length; a body of None is left to the caller, chunked."""
    lines = [
        f"HTTP/1.1 {status}",
        "Api-Version: 1.41",
        "Server: Docker/20.10.24 (linux)",
        "Date: " + time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()),
        "Content-Type: application/json",
        "Transfer-Encoding: chunked" if body is None else f"Content-Length: {len(body)}",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


def container(number, **fields):
    """An item of GET /containers/json (Engine API 1.41)."""
    item = {
        "Id": f"{number + 1:064x}",
        "Names": [f"/c{number}"],
        "Image": "demo:1",
        "ImageID": "sha256:" + "0" * 64,
        "Command": "sleep",
        "Created": 1795297380,
        "Ports": [],
        "Labels": {},
        "State": "running",
        "Status": "Up 3 seconds",
        "HostConfig": {"NetworkMode": "default"},
        "NetworkSettings": {"Networks": {"bridge": {"IPAddress": f"172.17.{number // 250 % 250}.{number % 250 + 2}"}}},
        "Mounts": [],
    }
    return item | fields


def event(action, identity, at=None):
    """A line of GET /events (Engine API 1.41)."""
    at = time.time() if at is None else at
    actor = {"ID": identity, "Attributes": {}}
    line = {"Type": "container", "Action": action, "Actor": actor, "time": int(at), "timeNano": int(at * 1e9)}
    return json.dumps(line).encode() + b"\n"


class Engine:
    """A Docker Engine on a Unix socket.

    `ping`, `list`, `events` and `inspect` may be replaced by functions of (connection, target) that write raw bytes and return
    whether the connection is kept.
    """

    def __init__(self, path, containers=(), **handlers):
        self.path = str(path)
        self.containers = list(containers)
        self.handlers = handlers
        self.requests = []
        self.stopped = threading.Event()
        self._subscribers = []
        self._connections = []
        self._lock = threading.Lock()
        self._server = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self._server.bind(self.path)
        self._server.listen(256)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def endpoint(self):
        return f"docker=unix://{self.path}"

    def tell(self, data):
        """Sends bytes to all subscribers of the events."""
        with self._lock:
            for subscriber in list(self._subscribers):
                try:
                    subscriber.sendall(chunk(data))
                except OSError:
                    self._subscribers.remove(subscriber)

    def stop(self):
        self.stopped.set()
        for one in [self._server, *self._connections]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def list(self, connection, target):
        """The present list, filtered by ids if the target asks for that."""
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query)
        filters = json.loads(query.get("filters", ["{}"])[0])
        ids = filters.get("id")
        items = [item for item in self.containers if ids is None or item["Id"] in ids]
        connection.sendall(answer(json.dumps(items).encode()))
        return True

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        read = b""
        with contextlib.suppress(OSError), connection:
            while True:
                while b"\r\n\r\n" not in read:
                    more = connection.recv(65536)
                    if not more:
                        return
                    read += more
                head, read = read.split(b"\r\n\r\n", 1)
                target = head.split(b" ", 2)[1].decode("latin1")
                self.requests.append(target)
                if not self._handler(target)(connection, target):
                    return

    def _handler(self, target):
        path = target.split("?")[0]
        endings = {"/_ping": "ping", "/events": "events", "/containers/json": "list"}
        name = next((name for ending, name in endings.items() if path.endswith(ending)), "inspect")
        return self.handlers.get(name) or getattr(self, name)

    def ping(self, connection, target):
        connection.sendall(answer(b"OK"))
        return True

    def events(self, connection, target):
        connection.sendall(answer(None))
        with self._lock:
            self._subscribers.append(connection)
        self.stopped.wait()
        return False

    def inspect(self, connection, target):
        identity = target.split("/containers/")[-1].split("/")[0]
        known = any(item["Id"] == identity for item in self.containers)
        if known:
            connection.sendall(answer(json.dumps({"Id": identity, "Config": {"Env": []}}).encode()))
        else:
            connection.sendall(answer(b'{"message":"No such container"}', "404 Not Found"))
        return True


class Reply:
    """The reply to one request; `status` is None if it was no HTTP answer."""

    def __init__(self, raw):
        self.raw = raw
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin1").split("\r\n")
        words = lines[0].split(" ")
        self.status = int(words[1]) if len(words) > 1 and words[1].isdigit() else None
        pairs = (line.split(":", 1) for line in lines[1:] if ":" in line)
        self.headers = {name.lower(): value.strip() for name, value in pairs}

    def json(self):
        return json.loads(self.body)


def read_all(connection, timeout):
    """Reads until the peer closes, or is silent for `timeout` seconds."""
    parts = []
    connection.settimeout(timeout)
    with contextlib.suppress(TimeoutError, ConnectionResetError):
        while part := connection.recv(1 << 20):
            parts.append(part)
    return b"".join(parts)


class Daemon:
    """`rollcall serve` in a folder of its own, on a Unix socket and, if `tcp`, on a free port of 127.0.0.1.

    `limits` are resource limits (as for setrlimit), such as {resource.RLIMIT_AS: 2 << 30}.
    """

    def __init__(self, folder, *arguments, engines=(), config="{}\n", tcp=True, limits=None, stderr=None, environment=None):
        self.folder = pathlib.Path(folder)
        self.socket = str(self.folder / "rollcall.sock")
        self.config = self.folder / "rollcall.yaml"
        self.config.write_text(config)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.command = [PROGRAM, "serve", "--config", str(self.config), "--socket", self.socket]
        if tcp:
            self.command += ["--listen", f"127.0.0.1:{self.port}"]
        for engine in engines:
            self.command += ["--endpoint", engine if isinstance(engine, str) else engine.endpoint]
        self.command += [str(argument) for argument in arguments]

        def limit():
            for kind, most in (limits or {}).items():
                resource.setrlimit(kind, (most, most))

        self._log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log if stderr is None else stderr,
            env=ENVIRONMENT | {"HOME": str(folder)} | (environment or {}),
            preexec_fn=limit,
        )

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def alive(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, deadline=5):
        """Sends SIGTERM; returns the exit code, or None if the daemon had to be killed."""
        if self.alive():
            self.signal(signal.SIGTERM)
        try:
            code = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = None
        self._log.close()
        return code

    def connect(self, tcp=False, timeout=5):
        if tcp:
            return socket.create_connection(("127.0.0.1", self.port), timeout)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        try:
            connection.connect(self.socket)
        except OSError:
            connection.close()
            raise
        return connection

    def raw(self, data, tcp=False, timeout=5):
        """Sends bytes, and returns what comes back until the daemon closes."""
        with self.connect(tcp, timeout) as connection:
            try:
                connection.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return read_all(connection, timeout)

    def get(self, target, headers=(), tcp=False, timeout=5):
        lines = [f"GET {target} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
        return Reply(self.raw(("\r\n".join(lines) + "\r\n\r\n").encode("latin1"), tcp, timeout))

    def instances(self, timeout=5):
        return self.get("/v1/instances", timeout=timeout).json()["instances"]

    def latency(self, target="/livez", timeout=30):
        """Seconds until an answer; `timeout` if none came."""
        began = time.monotonic()
        try:
            answered = self.get(target, timeout=timeout).status is not None
        except OSError:
            answered = False
        return time.monotonic() - began if answered else timeout

    def _status(self, key):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1]) << 10
        raise KeyError(key)

    def resident(self):
        """Bytes that it holds in memory now."""
        return self._status("VmRSS")

    def peak(self):
        """The most bytes that it ever held in memory."""
        return self._status("VmHWM")

    def cpu(self):
        """Seconds of processor time that it has used."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class AttackCase(unittest.TestCase):
    """A test with a folder of its own; engines and daemons that it starts end with it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rollcall-attack-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self._made = 0

    def fresh_folder(self):
        self._made += 1
        folder = self.folder / str(self._made)
        folder.mkdir()
        return folder

    def engine(self, containers=(), **handlers):
        engine = Engine(self.fresh_folder() / "engine.sock", containers, **handlers)
        self.addCleanup(engine.stop)
        return engine

    def daemon(self, *arguments, wait=True, **options):
        """Starts a daemon, and waits until it answers unless `wait` is false."""
        daemon = Daemon(options.pop("folder", None) or self.fresh_folder(), *arguments, **options)
        self.addCleanup(daemon.stop)
        if wait:
            up = self.eventually(lambda: not daemon.alive() or daemon.latency(timeout=1) < 1)
            self.assertTrue(up and daemon.alive(), f"the daemon does not answer: {daemon.log()}")
        return daemon

    def daemon_with(self, *engines, instances, **options):
        """A daemon that lists that many instances of these engines."""
        daemon = self.daemon(engines=engines, **options)
        found = self.eventually(lambda: len(daemon.instances(timeout=20)) == instances, deadline=30)
        self.assertTrue(found, f"{len(daemon.instances())} instances of {instances}: {daemon.log()}")
        return daemon

    def eventually(self, condition, deadline=10):
        """Checks a condition repeatedly until it holds; false at the deadline."""
        end = time.monotonic() + deadline
        while time.monotonic() < end:
            with contextlib.suppress(OSError, ValueError, KeyError):
                if condition():
                    return True
            time.sleep(0.02)
        return False

    def command(self, *arguments, environment=None, timeout=20):
        """Runs `rollcall` with these arguments to its end."""
        words = [PROGRAM, *map(str, arguments)]
        everything = ENVIRONMENT | {"HOME": str(self.folder)} | (environment or {})
        return subprocess.run(words, capture_output=True, timeout=timeout, env=everything, stdin=subprocess.DEVNULL)
