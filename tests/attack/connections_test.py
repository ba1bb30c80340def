"""Clients that send little, slowly, or invalid bytes: they cost no more than their budget, and keep no other client out."""

import contextlib
import os
import resource
import socket
import ssl
import subprocess
import time

import harness
from harness import AttackCase, Reply, container, read_all

HOST = b"Host: localhost\r\n"
TOKEN = "0123456789abcdef0123456789abcdef"
BEARER = f"Authorization: Bearer {TOKEN}"


class ConnectionCase(AttackCase):
    def setUp(self):
        super().setUp()
        self._strangers = []
        self.addCleanup(self.leave)

    def leave(self):
        for stranger in self._strangers:
            stranger.close()
        self._strangers.clear()

    def token_file(self):
        path = self.fresh_folder() / "token"
        path.write_text(TOKEN)
        path.chmod(0o600)
        return path

    def certificate(self):
        """The files of a certificate and its key, as options."""
        folder = self.fresh_folder()
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
        subprocess.run([*words.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
        key.chmod(0o600)
        return ["--tls-certificate", certificate, "--tls-key", key]

    def crowd(self, daemon, count, data, connect=None):
        """Connects strangers by TCP, each of which sends `data`; those that are not let in are ignored."""
        for _ in range(count):
            with contextlib.suppress(OSError):
                stranger = connect() if connect else daemon.connect(tcp=True)
                stranger.sendall(data)
                self._strangers.append(stranger)

    def drip(self, seconds, between=None):
        """Lets each stranger send a byte now and then; collects what `between` returns."""
        seen = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for stranger in self._strangers:
                with contextlib.suppress(OSError):
                    stranger.send(b"a", socket.MSG_DONTWAIT)
            time.sleep(0.1)
            if between:
                seen.append(between())
        return seen


def status_of(daemon, target="/v1/instances", headers=(), tcp=False):
    try:
        return daemon.get(target, headers, tcp=tcp, timeout=3).status
    except OSError as error:
        return repr(error)


class Dripping(ConnectionCase):
    """Each phase of a connection has one deadline, however steadily bytes come."""

    LIMITS = "limits: {request: 1s, idle: 2s, drain: 300ms}\n"

    def let_go(self, daemon, before, data, deadline):
        self.crowd(daemon, 100, data)
        end = time.monotonic() + deadline
        while time.monotonic() < end:
            self.drip(0.2)
            if daemon.descriptors() <= before + 5:
                return True
        return False

    def test_in_every_phase_it_ends(self):
        daemon = self.daemon(config=self.LIMITS)
        before = daemon.descriptors()
        phases = {
            "a head": b"GET /livez HTTP/1.1\r\n" + HOST + b"X: ",
            "a body": b"GET /livez HTTP/1.1\r\n" + HOST + b"Content-Length: 4000\r\n\r\n",
            "chunks": b"GET /livez HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n",
            "after what is no HTTP": b"BAD\r\n\r\n",
            "after an expectation": b"GET /livez HTTP/1.1\r\n" + HOST + b"Expect: x\r\nContent-Length: 4000\r\n\r\n",
            "after a body too long": b"GET /livez HTTP/1.1\r\n" + HOST + b"Content-Length: 9999\r\n\r\n",
        }
        for name, data in phases.items():
            with self.subTest(name):
                self.assertTrue(self.let_go(daemon, before, data, 4), f"{daemon.descriptors() - before} are held")
            self.leave()

    def test_a_handshake_ends(self):
        daemon = self.daemon(*self.certificate(), config=self.LIMITS)
        before = daemon.descriptors()
        hello = b"\x16\x03\x01\x40\x00"  # the record never ends
        self.assertTrue(self.let_go(daemon, before, hello, 4), f"{daemon.descriptors() - before} are held")

    def test_refused_ones_hold_no_place(self):
        daemon = self.daemon(config="limits: {connections: 50, request: 60s, idle: 60s}\n")
        self.crowd(daemon, 150, b"BAD\r\n\r\n")
        statuses = self.drip(2, lambda: (status_of(daemon), status_of(daemon, "/livez", tcp=True)))
        self.assertEqual({(200, 200)}, set(statuses))

    def test_expecting_ones_hold_no_place(self):
        daemon = self.daemon("--token-file", self.token_file(), config="limits: {requests_in_flight: 20}\n")
        for expectation in (b"x", b"100-continue"):
            request = b"POST /none HTTP/1.1\r\n" + HOST + b"Expect: " + expectation + b"\r\nContent-Length: 9\r\n\r\n"
            self.crowd(daemon, 60, request)
        statuses = self.drip(2, lambda: (status_of(daemon), status_of(daemon, headers=[BEARER], tcp=True)))
        self.assertEqual({(200, 200)}, set(statuses))

    def test_admission_comes_before_the_body(self):
        daemon = self.daemon("--token-file", self.token_file())
        request = b"POST /v1/instances HTTP/1.1\r\n" + HOST + b"Content-Length: 4000\r\nExpect: x\r\n\r\n"
        self.assertEqual(401, Reply(daemon.raw(request, tcp=True)).status)


class SlowReaders(ConnectionCase):
    def full_engine(self):
        labels = {"note": "x" * 1500}
        return self.engine([container(number, Labels=labels) for number in range(1500)])

    def connection_asking(self, daemon, tcp=False):
        connection = daemon.connect(tcp)
        if tcp:
            connection.close()
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(5)
            connection.connect(("127.0.0.1", daemon.port))
        connection.sendall(b"GET /v1/instances?runtime=docker HTTP/1.1\r\n" + HOST + b"\r\n")
        self._strangers.append(connection)
        return connection

    def test_an_answer_ends_however_steadily_it_is_read(self):
        daemon = self.daemon_with(self.full_engine(), instances=1500, config="limits: {answer: 1s}\n")
        reader = self.connection_asking(daemon)
        self.assertTrue(reader.recv(1))
        read, end = 0, time.monotonic() + 8
        with contextlib.suppress(ConnectionResetError):
            while time.monotonic() < end and (part := reader.recv(8192)):
                read += len(part)
                time.sleep(0.05)
        self.assertLess(time.monotonic(), end, "it is still being told")
        self.assertLess(read, 1_500_000, "of the whole list of more than 2 MB")
        self.assertIn("stalled_total 1", daemon.get("/metrics").body.decode())

    def test_those_of_strangers_leave_room(self):
        # More than the kernel buffers for a client that does not read.
        labels = {"note": "x" * 4000}
        engine = self.engine([container(number, Labels=labels) for number in range(2500)])
        daemon = self.daemon_with(engine, instances=2500, config="limits: {requests_in_flight: 4}\n")
        for _ in range(4):
            self.connection_asking(daemon, tcp=True)

        def full():
            return status_of(daemon, "/v1/status", tcp=True) == 503

        self.assertTrue(self.eventually(full), "the limit of strangers is not reached")
        self.assertEqual(200, status_of(daemon, "/livez", tcp=True))
        self.assertEqual(200, status_of(daemon, "/v1/status"), "of the socket")


class Crowds(ConnectionCase):
    HALF = b"GET /livez HTTP/1.1\r\nHost: loc"

    def test_that_fill_tcp_keep_nobody_out(self):
        daemon = self.daemon("--token-file", self.token_file(), config="limits: {connections: 60}\n")
        self.crowd(daemon, 200, self.HALF)
        for _ in range(5):
            self.assertEqual(200, status_of(daemon), "of the socket")
            self.assertEqual(200, status_of(daemon, headers=[BEARER], tcp=True), "with the token")
            self.assertEqual(200, status_of(daemon, "/livez", tcp=True), "of the probe")
        self.assertLess(daemon.descriptors(), 110)

    def test_that_read_nothing_keep_nobody_out(self):
        daemon = self.daemon("--token-file", self.token_file(), config="limits: {connections: 20}\n")

        def deaf():
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(5)
            client.connect(("127.0.0.1", daemon.port))
            return client

        # An answer that needs no token, more often than the kernel buffers it for a client that does not read.
        self.crowd(daemon, 20, (b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n") * 300, deaf)
        full = self.eventually(lambda: b"in_flight 1\n" not in daemon.get("/metrics").body, deadline=5)
        self.assertTrue(full, "none of them is being answered")
        for _ in range(5):
            self.assertEqual(200, status_of(daemon, headers=[BEARER], tcp=True), "with the token")
            self.assertEqual(200, status_of(daemon, "/livez", tcp=True), "of the probe")

    def test_of_subscribers_leave_the_socket_its_own(self):
        daemon = self.daemon(config="limits: {subscribers: 5, connections: 20}\n")
        self.crowd(daemon, 20, b"GET /v1/events HTTP/1.1\r\n" + HOST + b"\r\n")
        self.assertTrue(self.eventually(lambda: daemon.get("/v1/events", tcp=True, timeout=1).status == 503))
        with daemon.connect() as subscriber:
            subscriber.sendall(b"GET /v1/events HTTP/1.1\r\n" + HOST + b"\r\n")
            self.assertIn(b" 200 ", subscriber.recv(200))

    def test_in_handshakes_keep_nobody_out(self):
        daemon = self.daemon(*self.certificate(), "--token-file", self.token_file(), config="limits: {connections: 100}\n")
        self.crowd(daemon, 300, b"\x16")
        self.assertEqual(200, status_of(daemon), "of the socket")
        context = ssl._create_unverified_context()
        with context.wrap_socket(daemon.connect(tcp=True)) as secure:
            secure.sendall(f"GET /v1/instances HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{BEARER}\r\n\r\n".encode())
            self.assertEqual(200, Reply(read_all(secure, 5)).status)

    def test_leave_descriptors_for_the_socket(self):
        engine = self.engine([container(1)])
        limits = {resource.RLIMIT_NOFILE: 64}
        daemon = self.daemon_with(engine, instances=1, limits=limits)
        self.crowd(daemon, 200, self.HALF)
        for _ in range(5):
            self.assertEqual(200, status_of(daemon))
        self.assertEqual(200, status_of(daemon, "/livez", tcp=True))
        before = daemon.cpu()
        self.drip(1)
        self.assertLess(daemon.cpu() - before, 0.5, "seconds of processor time in one")
        self.assertLess(len(daemon.log()), 10_000)

    def test_of_a_network_of_ipv6_are_one_peer(self):
        addresses = [f"fd00:1::{number:x}" for number in range(1, 12)]
        with harness.network_namespace(f"{address}/64" for address in addresses):
            here = addresses[0]
            options = ["--listen", f"[{here}]:7799", *self.certificate(), "--token-file", self.token_file()]
            daemon = self.daemon(*options, config="limits: {connections_of_peer: 30, request: 60s}\n", tcp=False)
            before = daemon.descriptors()
            for address in addresses[1:]:
                source = (address, 0)
                self.crowd(daemon, 20, b"\x16", lambda: socket.create_connection((here, 7799), 5, source))
            self.assertEqual(200, len(self._strangers))
            self.assertTrue(self.eventually(lambda: daemon.descriptors() <= before + 35), daemon.descriptors() - before)
            self.assertEqual(200, status_of(daemon))


class Smuggling(ConnectionCase):
    def test_no_body_is_of_doubtful_length(self):
        daemon = self.daemon()
        end = b"GET /livez HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
        for field in (
            b"Transfer-Encoding: xchunked",
            b"Transfer-Encoding: identity",
            b"Transfer-Encoding:",
            b"Transfer-Encoding: gzip",
            b"Transfer-Encoding: gzip, chunked",
            b"Transfer-Encoding: chunked, gzip",
            b"Transfer-Encoding: chunked, chunked",
            b"Transfer-Encoding: chunked;q=1",
            b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            b"Transfer-Encoding: identity\r\nContent-Length: 5",
            b"Content-Length: 5\r\nTransfer-Encoding: chunked",
            b"Content-Length: 5\r\nContent-Length: 5",
        ):
            with self.subTest(field):
                raw = daemon.raw(b"GET /livez HTTP/1.1\r\n" + HOST + field + b"\r\n\r\n" + end, tcp=True)
                self.assertEqual(1, raw.count(b"HTTP/1.1 "), raw)
                self.assertIn(Reply(raw).status, (400, 501))
        old = daemon.raw(b"GET /livez HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + end)
        self.assertEqual((1, 400), (old.count(b"HTTP/1.1 "), Reply(old).status))

    def test_expectations_are_those_of_the_standard(self):
        daemon = self.daemon()
        for version, field, expected in (
            ("1.1", "Expect: 100-continue", 200),
            ("1.1", "Expect: 100-Continue\r\nContent-Length: 0", 200),
            ("1.1", "Expect: 100-continue\r\nContent-Length: 3", 417),
            ("1.1", "Expect: chocolate", 417),
            ("1.0", "Expect: 100-continue", 200),
            ("1.0", "Expect: chocolate", 200),
        ):
            with self.subTest(f"HTTP/{version} {field}"):
                request = f"GET /livez HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n{field}\r\n\r\n"
                self.assertEqual(expected, Reply(daemon.raw(request.encode(), tcp=True)).status)


class Pages(ConnectionCase):
    def test_of_other_sites_are_not_answered(self):
        daemon = self.daemon()
        image = ["Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"]
        link = ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"]
        for site, how, target, expected in (
            ("cross-site", image, "/v1/instances", 403),
            ("same-site", image, "/v1/instances", 403),
            ("cross-site", link, "/v1/instances", 403),
            ("cross-site", image, "/docs", 403),
            ("cross-site", link, "/docs", 200),
            ("same-origin", image, "/v1/instances", 200),
            ("none", link, "/v1/instances", 200),
        ):
            with self.subTest(f"{site} {target} {how}"):
                headers = [f"Sec-Fetch-Site: {site}", *how]
                self.assertEqual(expected, daemon.get(target, headers, tcp=True).status)

    def test_of_others_hold_no_answer(self):
        daemon = self.daemon()
        answers = [daemon.get(target, tcp=True) for target in ("/v1/instances", "/livez", "/docs", "/none")]
        answers.append(Reply(daemon.raw(b"BAD\r\n\r\n", tcp=True)))
        for answer in answers:
            self.assertEqual("same-origin", answer.headers.get("cross-origin-resource-policy"))
            self.assertEqual("nosniff", answer.headers.get("x-content-type-options"))
            self.assertIn("frame-ancestors 'none'", answer.headers.get("content-security-policy", ""))


class Neighbours(ConnectionCase):
    """Other users of this host."""

    NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)

    def test_their_lock_keeps_no_daemon_from_starting(self):
        folder = self.fresh_folder()
        folder.chmod(0o755)
        lock = subprocess.Popen([*self.NOBODY, "flock", folder, "sh", "-c", "echo held; exec sleep 60"], stdout=subprocess.PIPE)
        self.addCleanup(lock.wait)
        self.addCleanup(lock.kill)
        self.addCleanup(lock.stdout.close)
        self.assertEqual(b"held\n", lock.stdout.readline())
        daemon = self.daemon(folder=folder)
        self.assertEqual({"log", "rollcall.sock", "rollcall.yaml"}, set(os.listdir(folder)), "no lock is left")
        self.assertEqual(0, daemon.stop())

    def test_their_lock_file_keeps_no_daemon_from_starting(self):
        folder = self.fresh_folder()
        folder.chmod(0o1777)
        command = "umask 0; : > rollcall.sock.lock; flock rollcall.sock.lock sh -c 'echo held; exec sleep 60'"
        lock = subprocess.Popen([*self.NOBODY, "sh", "-c", command], cwd=folder, stdout=subprocess.PIPE, start_new_session=True)
        self.addCleanup(lock.wait)
        self.addCleanup(os.killpg, lock.pid, 9)
        self.addCleanup(lock.stdout.close)
        self.assertEqual(b"held\n", lock.stdout.readline())
        self.assertEqual(200, status_of(self.daemon(folder=folder)))

    def test_an_abstract_socket_is_open_to_them_only_with_a_token(self):
        with socket.socket(socket.AF_UNIX) as listening:
            name = f"\0rollcall-attack-{os.getpid()}"
            listening.bind(name)
            listening.listen(5)
            refused = self.serve_passed(listening)
            self.assertEqual(1, refused.wait(10))
            self.assertIn("abstract socket", (self.folder / "passed.log").read_text())
            self.serve_passed(listening, "--token-file", self.token_file())
            self.assertTrue(self.eventually(lambda: b"" != self.ask_abstract(name).raw))
            self.assertEqual(401, self.ask_abstract(name).status)
            self.assertEqual(200, self.ask_abstract(name, BEARER).status)

    def serve_passed(self, listening, *arguments):
        """A daemon to which this socket is passed, as by a service manager."""
        config = self.folder / "passed.yaml"
        config.write_text("{}\n")
        activate = 'exec 3<&"$1"; shift; LISTEN_FDS=1 LISTEN_PID=$$; export LISTEN_FDS LISTEN_PID; exec "$@"'
        serve = [harness.PROGRAM, "serve", "--config", config, *arguments]
        with open(self.folder / "passed.log", "wb") as log:
            daemon = subprocess.Popen(
                ["bash", "-c", activate, "bash", str(listening.fileno()), *map(str, serve)],
                pass_fds=[listening.fileno()],
                env=harness.ENVIRONMENT | {"HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.kill)
        return daemon

    def ask_abstract(self, name, *headers):
        lines = ["GET /v1/instances HTTP/1.1", "Host: localhost", "Connection: close", *headers]
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(name)
            client.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            return Reply(read_all(client, 5))


if __name__ == "__main__":
    harness.main()
