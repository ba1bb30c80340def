"""HTTP over a Unix socket, and a raw reader of an engine's events."""

import http.client
import json
import socket
import urllib.parse


class UnixConnection(http.client.HTTPConnection):
    """An http.client connection to a Unix socket."""

    def __init__(self, path: str, timeout: float = 60) -> None:
        super().__init__("docker", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def call(path: str, method: str, target: str, body: bytes | None = None, kind: str = "text/plain") -> bytes:
    """One request on a connection of its own. Raises RuntimeError unless the answer is a success."""
    connection = UnixConnection(path)
    try:
        connection.request(method, target, body, {"Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {target}: status {answer.status}: {text[:300].decode(errors='replace')}")
    return text


def running_ids(path: str) -> set[str]:
    """The ids of the instances that an engine lists as running."""
    return {item["Id"] for item in json.loads(call(path, "GET", "/containers/json"))}


class RawEvents:
    """An engine's own events about its containers, as they are read from the socket."""

    def __init__(self, path: str, actions: tuple[str, ...]) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        filters = urllib.parse.quote(json.dumps({"type": ["container"], "event": actions}))
        self._socket.sendall(f"GET /events?filters={filters} HTTP/1.1\r\nHost: docker\r\n\r\n".encode())
        self._socket.recv(65536)  # the head
        self._socket.setblocking(False)

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self) -> bytes:
        try:
            return self._socket.recv(1 << 20)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        self._socket.close()
