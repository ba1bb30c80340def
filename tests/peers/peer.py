"""Common parts of the comparisons with other programs: the program under test, a scripted engine, and seeds.

Each file of this folder is a unittest program whose first argument is the `rollcall` to compare. Inputs are random, from a seed that is
printed; PEER_SEED repeats a run. An accepted difference must have a name in the README of the reader, and be in the table of its
test.
"""

import contextlib
import http.server
import json
import os
import random
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import unittest

PROGRAM = ""
SEED = 0


def main():
    """Runs the tests of the calling file on the program that the command line names."""
    global PROGRAM, SEED
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} ROLLCALL [TEST ...]")
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    SEED = int(os.environ.get("PEER_SEED") or random.randrange(1 << 32))
    print(f"PEER_SEED={SEED}", flush=True)
    unittest.main(module="__main__", verbosity=2)


def required(name):
    """The path of a program that Rollcall is compared with."""
    path = shutil.which(name)
    return path or sys.exit(f"{name} is missing: ./scripts/setup --test installs it")


def chance(name):
    """Random choices of one test, the same for the same seed."""
    return random.Random(f"{SEED} {name}")


def mixed_case(rng, word):
    """The word in random case; mostly unchanged."""
    if rng.random() < 0.6:
        return word
    return "".join(rng.choice((c.lower(), c.upper())) for c in word)


def run(words, environment, timeout=30):
    """Status, standard output and standard error of a program."""
    done = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    return done.returncode, done.stdout, done.stderr


class _Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", 0


class _UnixThreads(_Threads):
    address_family = socket.AF_UNIX

    def get_request(self):
        connection, _ = super().get_request()
        return connection, ("local", 0)


class Recorder:
    """An HTTP server that answers by `answer(path)` -> (status, headers, body) and keeps (path, headers) of each request."""

    def __init__(self, answer, path=None, wrap=None):
        self.requests = []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                recorder.requests.append((self.path, self.headers.items()))
                status, headers, body = answer(self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        kind = _UnixThreads if path else _Threads
        self.server = kind(str(path) if path else ("127.0.0.1", 0), Handler)
        if wrap:
            self.server.socket = wrap(self.server.socket)
        self.address = self.server.socket.getsockname()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self):
        """The requests since the last call."""
        taken, self.requests = self.requests, []
        return taken

    def close(self):
        with contextlib.suppress(OSError):
            self.server.shutdown()
            self.server.server_close()


def docker_container(name, labels):
    """A container as a Docker Engine lists it."""
    return {
        "Id": f"{abs(hash(name)):064x}"[-64:],
        "Names": ["/" + name],
        "Image": "demo",
        "ImageID": "sha256:" + "0" * 64,
        "Command": "sleep",
        "Created": 1795297380,
        "Ports": [],
        "Labels": labels,
        "State": "running",
        "Status": "Up 3 seconds",
        "HostConfig": {"NetworkMode": "default"},
        "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}}},
        "Mounts": [],
    }


def docker_engine(names, path=None, labels=None):
    """A Docker Engine with one container of each name, and its labels."""
    names = [names] if isinstance(names, str) else names
    items = [docker_container(name, (labels or {}).get(name, {})) for name in names]
    head = {"Api-Version": "1.41", "Server": "Docker/20.10.24 (linux)", "Content-Type": "application/json", "Ostype": "linux"}

    def answer(target):
        if target.split("?")[0].endswith("/containers/json"):
            return 200, head, json.dumps(items).encode()
        return 200, head, b"OK"

    return Recorder(answer, path)
