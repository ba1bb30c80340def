"""`rollcall serve` with one scripted engine, nginx beside it, and subscribers in a process of their own."""

import contextlib
import http.client
import json
import pathlib
import re
import subprocess
import time
from collections.abc import Iterator

from measure import BIN, ROLLCALL, BenchError
from scripted import ScriptedEngine

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  default_type application/json;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/www;
  }}
}}
"""


def get(port: int, target: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _wait_for(port: int, target: str, process: subprocess.Popen, what: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError):
            if get(port, target)[0] == 200:
                return
        if time.monotonic() > deadline or process.poll() is not None:
            raise BenchError(f"{what} does not answer")
        time.sleep(0.01)


class Daemon:
    """A daemon that watches the engine, and has listed it."""

    def __init__(self, folder: pathlib.Path, engine: ScriptedEngine) -> None:
        config = folder / "serve.yaml"
        config.write_text("", encoding="ascii")
        command = [ROLLCALL, "serve", "--config", str(config), "--listen", "127.0.0.1:0", "--socket", "none",
                   "--runtime", "docker", "--endpoint", f"unix://{engine.socket}", "--log-format", "logfmt"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE)
        self.port = self._read_port()
        _wait_for(self.port, "/readyz", self._process, "rollcall serve")

    def _read_port(self) -> int:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            found = re.search(rb"listening on http://127\.0\.0\.1:(\d+)", line)
            if found:
                return int(found[1])
        raise BenchError("rollcall serve ended before it listened")

    @property
    def pid(self) -> int:
        return self._process.pid

    def list_text(self) -> bytes:
        return get(self.port, "/v1/instances")[1]

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()


@contextlib.contextmanager
def nginx(folder: pathlib.Path, port: int, text: bytes) -> Iterator[subprocess.Popen]:
    """One worker that serves the text from a file, as /list."""
    (folder / "www").mkdir(exist_ok=True)
    (folder / "www" / "list").write_bytes(text)
    folder.chmod(0o755)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port), encoding="ascii")
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")],
                               stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, "/list", process, "nginx")
        yield process
    finally:
        process.terminate()
        process.wait()


def wrk(port: int, target: str, seconds: float) -> float:
    """Answers per second, to eight connections of one thread."""
    ended = subprocess.run(["wrk", "-t1", "-c8", f"-d{seconds:g}s", f"http://127.0.0.1:{port}{target}"],
                           capture_output=True, check=False, text=True)
    found = re.search(r"Requests/sec:\s+([\d.]+)", ended.stdout)
    if ended.returncode != 0 or not found or "Non-2xx" in ended.stdout:
        raise BenchError(f"wrk failed: {(ended.stdout + ended.stderr).strip()[-500:]}")
    return float(found[1])


class Subscribers:
    """Many subscribers, some of which never read."""

    def __init__(self, port: int, count: int, stalled: int = 0) -> None:
        self._process = subprocess.Popen([str(BIN / "subscribers"), str(port), str(count), str(stalled)],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._read_line() != "ready":
            raise BenchError("the subscribers were not answered")

    def _read_line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def figures_of(self, changes: list[tuple[str, int]]) -> dict:
        """How late these changes, each an id and its time, were received. Ends the count."""
        assert self._process.stdin is not None
        self._process.stdin.write("".join(f"{identity} {at}\n" for identity, at in changes) + "end\n")
        self._process.stdin.flush()
        line = self._read_line()
        if not line:
            raise BenchError("the subscribers ended while they were measured")
        return json.loads(line)

    def wait_until_quiet(self) -> None:
        """Waits until all changes have been received."""
        assert self._process.stdin is not None
        self._process.stdin.write("quiet\n")
        self._process.stdin.flush()
        if self._read_line() != "quiet":
            raise BenchError("the subscribers ended while they were told")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
