"""What an operator deals with: special files in the place of files, secrets, the log, local users, tokens for other servers."""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import harness

SECRET = "hunter2Zq"
TOKEN = b"0123456789abcdef" * 2
NOBODY = 65534
PIPE_SIZE = 1031  # F_SETPIPE_SZ of <linux/fcntl.h>
KUBECONFIG = """apiVersion: v1
kind: Config
current-context: x
clusters: [{name: c, cluster: {server: "%s"}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
users: [{name: u, user: {%s}}]
"""


def write(path, content, mode=0o600):
    """Writes in place, so that a reader may see it empty for a moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    os.write(descriptor, content)
    os.close(descriptor)


class Catcher:
    """Listens, and keeps the bytes that it receives."""

    def __init__(self, host):
        self.got = b""
        self._socket = socket.create_server((host, 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(2)
                    self.got += connection.recv(8192)

    def close(self):
        self._socket.close()


class Secrets(harness.AttackCase):
    def test_a_token_file_that_is_being_written_lets_nobody_in(self):
        token = self.folder / "token"
        write(token, TOKEN)
        daemon = self.daemon("--token-file", token)
        done = threading.Event()

        def flip():
            while not done.is_set():
                write(token, b"")
                write(token, TOKEN)

        writer = threading.Thread(target=flip)
        writer.start()
        try:
            for _ in range(300):
                daemon.signal(signal.SIGHUP)
                self.assertEqual(daemon.get("/v1/status", tcp=True).status, 401)
        finally:
            done.set()
            writer.join()

    def test_a_token_that_cannot_be_read_leaves_all_as_it_was(self):
        token = self.folder / "token"
        write(token, TOKEN)
        daemon = self.daemon("--token-file", token)
        known = [f"Authorization: Bearer {TOKEN.decode()}"]
        bad = {
            "empty": lambda: write(token, b""),
            "blank": lambda: write(token, b" \n\t\n"),
            "short": lambda: write(token, b"abc"),
            "long": lambda: write(token, b"a" * 5000),
            "open": lambda: (write(token, TOKEN), os.chmod(token, 0o644)),
            "missing": lambda: None,
            "folder": lambda: token.mkdir(),
            "fifo": lambda: os.mkfifo(token, 0o600),
            "device": lambda: token.symlink_to("/dev/zero"),
            "null": lambda: token.symlink_to("/dev/null"),
        }
        for name, make in bad.items():
            with self.subTest(name):
                if token.is_dir() and not token.is_symlink():
                    token.rmdir()
                else:
                    token.unlink(missing_ok=True)
                make()
                before = daemon.log().count("stays as it was")
                daemon.signal(signal.SIGHUP)
                self.assertTrue(self.eventually(lambda: daemon.log().count("stays as it was") > before), daemon.log())
                self.assertEqual(daemon.get("/v1/status", tcp=True).status, 401)
                self.assertEqual(daemon.get("/v1/status", known, tcp=True).status, 200)
                fresh = self.daemon("--token-file", token, wait=False)
                self.assertEqual(fresh.process.wait(20), 2, "a start is refused, too")

    def test_a_key_that_others_may_read_is_refused(self):
        certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        subprocess.run([*words, "-subj", "/CN=x", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        options = ["--tls-certificate", certificate, "--tls-key", key, "--socket", self.folder / "s.sock"]
        for mode in (0o644, 0o604, 0o660):
            os.chmod(key, mode)
            daemon = self.daemon("--tls-certificate", certificate, "--tls-key", key, wait=False)
            self.assertNotEqual(daemon.process.wait(20), 0, oct(mode))
            self.assertIn("chmod 0600", daemon.log())
            checked = self.command("serve", "--check-config", "--config", "/dev/null", *options)
            self.assertEqual(checked.returncode, 2, oct(mode))
        os.chmod(key, 0o600)
        self.assertTrue(self.daemon("--tls-certificate", certificate, "--tls-key", key).alive())

    def test_no_password_is_printed(self):
        config = self.folder / "c.yaml"
        config.write_text(f'engines:\n  - {{runtime: docker, endpoint: "tcp://bob:{SECRET}@h:1"}}\n')
        cases = [
            (["serve", "--check-config", "--config", config], {}),
            (["serve", "--check-config"], {"ROLLCALL_CONFIG": "/dev/null", "ROLLCALL_ENGINES": f"bob:{SECRET}@h"}),
            (["serve", "--check-config", "--config", "/dev/null", "--token-file", SECRET], {}),
            (["serve", "--check-config", "--config", "/dev/null", "--listen", f"http://bob:{SECRET}@h:1"], {}),
            (["serve", "--check-config", "--config", "/dev/null", "-e", f"docker=https://h:1/?token={SECRET}"], {}),
            (["doctor", "systemd"], {"DBUS_SYSTEM_BUS_ADDRESS": f"tcp:host=h,port=1,guid={SECRET}"}),
            (["ls", "--server", f"ssh://bob:{SECRET}@h"], {}),
            (["doctor", "-e", f"tcp://bob:x/%40{SECRET}%40h:1"], {}),
        ]
        for words, environment in cases:
            done = self.command(*words, environment=environment)
            self.assertNotIn(SECRET.encode(), done.stdout + done.stderr, words)

    def test_a_token_is_not_sent_in_the_clear(self):
        host = "192.0.2.1"
        with harness.network_namespace([f"{host}/24"]):
            self.send_no_token_to(host)

    def send_no_token_to(self, host):
        token = self.folder / "token"
        write(token, TOKEN)
        catcher = Catcher(host)
        self.addCleanup(catcher.close)
        for name in (host, "0x7f.1", "localhost.example.invalid"):
            for words in (["ls"], ["watch", "-o", "jsonl"], ["doctor"]):
                done = self.command(*words, "--server", f"http://{name}:{catcher.port}", "--token-file", token)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(b"without TLS", done.stderr + done.stdout)
        self.assertNotIn(TOKEN, catcher.got)
        kubeconfig = self.folder / "kubeconfig"
        for user in (f"token: {SECRET}", f"tokenFile: {token}"):
            for place in (host, "127.0.0.1"):
                local = Catcher(place)
                kubeconfig.write_text(KUBECONFIG % (f"http://{place}:{local.port}", user))
                self.command("ls", "kubernetes", "--kubeconfig", kubeconfig, "-t", "2s")
                local.close()
                self.assertNotEqual(local.got, b"", "it was asked")
                self.assertNotIn(SECRET.encode(), local.got)
                self.assertNotIn(TOKEN, local.got)


class LocalUsers(harness.AttackCase):
    def status_as(self, user, port, target):
        """The status that a user of this host gets by TCP."""
        program = (
            "import encodings.idna,os,socket\n"  # the user may not be able to read the modules
            f"os.setgroups([]); os.setgid({user}); os.setuid({user})\n"
            f"s=socket.create_connection(('127.0.0.1',{port}),5)\n"
            f"s.sendall(b'GET {target} HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n')\n"
            "print(s.recv(64).split()[1].decode())"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
        return int(done.stdout or 0)

    def test_an_address_answers_those_alone_whom_the_socket_answers(self):
        daemon = self.daemon()
        self.assertEqual(daemon.get("/v1/instances", tcp=True).status, 200)
        for user in (NOBODY, 4242):
            for target in ("/v1/instances", "/v1/events", "/v1/status", "/metrics", "/v1/sd/prometheus"):
                self.assertEqual(self.status_as(user, daemon.port, target), 403, target)
            self.assertEqual(self.status_as(user, daemon.port, "/livez"), 200)
        opened = self.daemon(config="local_users: all\n")
        self.assertEqual(self.status_as(NOBODY, opened.port, "/v1/instances"), 200)

    def test_it_listens_on_no_address_by_itself(self):
        daemon = self.daemon(tcp=False)
        self.assertNotIn("http://", daemon.log())


class Files(harness.AttackCase):
    @staticmethod
    def make_socket(path):
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))

    def test_a_reload_waits_for_no_file(self):
        daemon = self.daemon()
        good = daemon.config.read_text()
        kinds = {
            "fifo": os.mkfifo,
            "folder": os.mkdir,
            "zero": lambda path: os.symlink("/dev/zero", path),
            "loop": lambda path: os.symlink(path, path),
            "socket": self.make_socket,
        }
        for name, make in kinds.items():
            with self.subTest(name):
                daemon.config.unlink()
                make(daemon.config)
                before = daemon.log().count("stays as it was")
                daemon.signal(signal.SIGHUP)
                self.assertTrue(self.eventually(lambda: daemon.log().count("stays as it was") > before), daemon.log())
                self.assertLess(daemon.latency(timeout=5), 2)
                if name == "folder":
                    daemon.config.rmdir()
                else:
                    daemon.config.unlink()
                daemon.config.write_text(good)

    def test_a_command_waits_for_no_file(self):
        home = self.folder
        context = ".docker/contexts/meta/" + hashlib.sha256(b"evil").hexdigest() + "/meta.json"
        places = [
            (["doctor", "docker"], ".docker/config.json", {}),
            (["doctor", "docker"], context, {"DOCKER_CONTEXT": "evil"}),
            (["doctor", "-e", "docker=tcp://127.0.0.1:1"], ".docker/ca.pem", {"DOCKER_TLS_VERIFY": "1"}),
            (["doctor", "podman"], ".config/containers/podman-connections.json", {}),
            (["doctor", "podman"], ".config/containers/containers.conf", {}),
            (["doctor", "-e", "incus=https://127.0.0.1:1"], ".config/incus/config.yml", {}),
            (["doctor", "-e", "incus=https://127.0.0.1:1"], ".config/incus/client.crt", {}),
            (["doctor", "kubernetes"], ".kube/config", {}),
            (["doctor", "-e", "docker=https://127.0.0.1:1"], "authorities", {"SSL_CERT_FILE": str(home / "authorities")}),
        ]
        for words, place, environment in places:
            path = home / place
            path.parent.mkdir(parents=True, exist_ok=True)
            for make in (os.mkfifo, lambda path: os.symlink("/dev/zero", path), os.mkdir):
                make(path)
                done = self.command(*words, "-t", "3s", environment=environment, timeout=15)
                self.assertIn(done.returncode, (0, 1, 2), (words, place))
                path.rmdir() if path.is_dir() else path.unlink()

    def test_a_plugin_has_one_end_and_leaves_nothing(self):
        plugin = self.folder / "plugin"
        kubeconfig = self.folder / "kubeconfig"
        user = f"exec: {{apiVersion: client.authentication.k8s.io/v1, command: {plugin}, interactiveMode: Never}}"
        kubeconfig.write_text(KUBECONFIG % ("https://127.0.0.1:1", user))
        mark = f"{self.folder.name}-left"
        script = self.folder / mark
        write(script, b"#!/bin/sh\nexec sleep 300\n", 0o700)
        for body in (f"{script} </dev/null >/dev/null 2>&1 & exit 1", f"{script} & echo '{{}}'", "while :; do printf x; done"):
            write(plugin, f"#!/bin/sh\n{body}\n".encode(), 0o700)
            os.chmod(plugin, 0o700)
            began = time.monotonic()
            self.command("doctor", "kubernetes", "--kubeconfig", kubeconfig, "-t", "2s", timeout=20)
            self.assertLess(time.monotonic() - began, 10)
        left = [
            path.parent.name
            for path in pathlib.Path("/proc").glob("[0-9]*/environ")
            if self.reads(path).find(str(self.folder).encode()) >= 0 and b"sleep" in self.reads(path.parent / "cmdline")
        ]
        self.assertEqual(left, [])

    @staticmethod
    def reads(path):
        with contextlib.suppress(OSError):
            return path.read_bytes()
        return b""


class Log(harness.AttackCase):
    def stuck_pipe(self):
        reader, writer = os.pipe()
        fcntl.fcntl(writer, PIPE_SIZE, 4096)
        self.addCleanup(os.close, reader)
        stream = os.fdopen(writer, "wb")
        self.addCleanup(stream.close)
        return reader, stream

    def test_a_log_that_nobody_reads_delays_nothing_and_is_told_of(self):
        reader, writer = self.stuck_pipe()
        daemon = self.daemon("--log-level", "debug", "--log-format", "logfmt", stderr=writer)
        daemon.config.write_text("".join(f"{'k' * 60}{number}: 1\n" for number in range(200)))
        for _ in range(150):
            daemon.signal(signal.SIGHUP)
            self.assertLess(daemon.latency(timeout=5), 2)
        daemon.config.write_text("{}\n")
        daemon.signal(signal.SIGHUP)
        self.assertFalse(fcntl.fcntl(writer, fcntl.F_GETFL) & os.O_NONBLOCK, "others share it")
        text = b""
        os.set_blocking(reader, False)

        def read_on():
            nonlocal text
            with contextlib.suppress(BlockingIOError):
                while part := os.read(reader, 65536):
                    text += part
            daemon.signal(signal.SIGHUP)
            return b"read anew" in text

        self.assertTrue(self.eventually(read_on), text[-300:])
        self.assertRegex(text, rb"[1-9]\d* lines of the log were lost")
        for line in text.splitlines():
            self.assertLessEqual(len(line), 4096)

    def test_it_ends_with_a_log_that_nobody_reads(self):
        _, writer = self.stuck_pipe()
        daemon = self.daemon("--log-format", "logfmt", stderr=writer)
        for _ in range(100):
            daemon.signal(signal.SIGHUP)
            daemon.latency(timeout=5)
        self.assertEqual(daemon.stop(deadline=8), 0)

    def test_a_bad_file_says_twenty_things_and_how_many_more(self):
        daemon = self.daemon()
        daemon.config.write_text("".join(f"k{number}: 1\n" for number in range(9000)))
        daemon.signal(signal.SIGHUP)
        self.assertTrue(self.eventually(lambda: "8980 more" in daemon.log(), deadline=20), daemon.log()[-500:])
        daemon.config.write_text(f'reveal: "{"a" * 60000}"\nlog: {{level: {"b" * 60000}}}\n')
        daemon.signal(signal.SIGHUP)
        self.assertTrue(self.eventually(lambda: daemon.log().count("stays as it was") > 1))
        self.assertLess(len(daemon.log()), 64 << 10)

    def test_the_largest_file_costs_a_moment_and_a_larger_one_is_refused(self):
        most = 128 << 10
        daemon = self.daemon()
        flat = "".join(f"{number}: 1\n" for number in range(20000))[: most - 8].rpartition("\n")[0] + "\n"
        nested = "a: " + "[" * 200 + "]" * 200 + "\n"
        for text in (flat, "- " * (most // 2 - 8), "{" * 400, nested * 100, "a: &a [x]\nb: [" + "*a," * (most // 4) + "]\n"):
            daemon.config.write_text(text)
            self.assertLessEqual(len(text), most)
            said, before = daemon.log().count("stays as it was"), daemon.cpu()
            daemon.signal(signal.SIGHUP)
            self.assertTrue(self.eventually(lambda: daemon.log().count("stays as it was") > said), text[:50])
            self.assertLess(daemon.cpu() - before, 0.2, text[:50])
        daemon.config.write_text("# " + "x" * most + "\n")
        daemon.signal(signal.SIGHUP)
        self.assertTrue(self.eventually(lambda: "larger than" in daemon.log()), daemon.log()[-500:])
        self.assertTrue(daemon.alive())

    def test_closed_standard_streams_are_not_given_to_other_files(self):
        folder = self.fresh_folder()
        (folder / "c.yaml").write_text("{}\n")
        words = [harness.PROGRAM, "serve", "--config", folder / "c.yaml", "--socket", folder / "s.sock", "-r", "host"]
        command = " ".join(map(str, words))
        process = subprocess.Popen(["sh", "-c", f"exec {command} <&- >&- 2>&-"], env=harness.ENVIRONMENT)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertTrue(self.eventually(lambda: (folder / "s.sock").exists()))
        for number in range(3):
            self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{number}"), "/dev/null")

    def test_a_watch_with_a_stuck_log_ends_by_a_signal(self):
        _, writer = self.stuck_pipe()
        os.set_blocking(writer.fileno(), False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer.fileno(), b"x" * 4096)
        os.set_blocking(writer.fileno(), True)
        words = [harness.PROGRAM, "watch", "-v", "-e", "docker=unix:///nowhere.sock"]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=writer, env=harness.ENVIRONMENT)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)


        def handles_the_signal():
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            caught = int(re.search(r"^SigCgt:\s*(\w+)", status, re.M).group(1), 16)
            return caught >> (signal.SIGTERM - 1) & 1

        self.assertTrue(self.eventually(handles_the_signal))
        process.send_signal(signal.SIGTERM)
        process.wait(12)


class Check(harness.AttackCase):
    def check(self, text):
        config = self.folder / "c.yaml"
        config.write_text(text)
        return self.command("serve", "--check-config", "--config", config, environment={"XDG_RUNTIME_DIR": str(self.folder)})

    def test_what_a_start_refuses_is_refused(self):
        plain = self.folder / "plain"
        plain.write_text("")
        socket_in = f"socket: {self.folder}/r.sock\n"
        for text in (
            "listen: ['0.0.0.0:7655']\n",
            "listen: ['192.0.2.1:7655']\n",
            "listen: []\nsocket: none\n",
            f"socket: {plain}\n",
            f"socket: {plain}/r.sock\n",
            f"socket: /{'x' * 120}\n",
            "tls: {certificate: /nowhere/c.pem, key: /nowhere/k.pem}\n",
            f"tls: {{certificate: {plain}, key: {plain}}}\n",
            "token_file: /nowhere\n",
            "listen: ['127.0.0.1:7655', '0.0.0.0:7655']\n",
            "limits: {connections: 100000000}\n",
            "engines: [{runtime: docker, endpoint: 'ftp://h'}]\n",
            "hosts: ['']\n",
        ):
            done = self.check(text if "socket" in text else socket_in + text)
            self.assertEqual(done.returncode, 2, text)
            self.assertTrue(done.stderr, text)
        self.assertEqual(self.check(socket_in + "listen: ['127.0.0.1:0']\n").returncode, 0)


if __name__ == "__main__":
    harness.main()
