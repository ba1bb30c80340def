"""Kubernetes API servers, scripted and real, as processes; and the programs that list their pods."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable

import pods
from measure import BIN, ROLLCALL, BenchError

HERE = pathlib.Path(__file__).resolve().parent
CONFIG = """apiVersion: v1
kind: Config
current-context: bench
contexts: [{{name: bench, context: {{cluster: bench, user: bench}}}}]
clusters: [{{name: bench, cluster: {cluster}}}]
users: [{{name: bench, user: {user}}}]
"""
START_DEADLINE_S = 60
LISTS = ["/api/v1/pods", "/api/v1/services"]
LANES = 4


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def wait_until(ready: Callable[[], bool], process: subprocess.Popen, what: str) -> None:
    deadline = time.monotonic() + START_DEADLINE_S
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if ready():
                return
        if time.monotonic() > deadline or process.poll() is not None:
            raise BenchError(f"{what} does not start")
        time.sleep(0.01)


def end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()


def ls_command(config: pathlib.Path, *more: str) -> list[str]:
    return [ROLLCALL, "ls", "--runtime", "kubernetes", "--kubeconfig", str(config), *more]


def watch_command(config: pathlib.Path) -> list[str]:
    return [ROLLCALL, "watch", "-o", "jsonl", "--runtime", "kubernetes", "--kubeconfig", str(config)]


def informer_command(config: pathlib.Path, *more: str) -> list[str]:
    return ["env", f"KUBECONFIG={config}", "node", str(HERE / "peers" / "pods.js"), *more]


class ScriptedKubernetes:
    """Pods of one template; see engine/scripted_kubernetes.cpp."""

    def __init__(self, folder: pathlib.Path, count: int) -> None:
        self.count = count
        self.port = free_ports(1)[0]
        self.config = folder / f"kubeconfig{self.port}"
        # Kubernetes' client for node accepts a server without TLS only if certificates need not be verified.
        cluster = f"{{server: http://127.0.0.1:{self.port}, insecure-skip-tls-verify: true}}"
        self.config.write_text(CONFIG.format(cluster=cluster, user="{}"))
        template = folder / "pod"
        template.write_text(pods.template())
        self._process = subprocess.Popen([str(BIN / "scripted_kubernetes"), str(self.port), str(template), str(count)])
        self._control = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        wait_until(self._is_there, self._process, "the scripted API server")

    def _is_there(self) -> bool:
        self._control.close()  # retry a refused connection with a new one
        return bool(self.stats())

    def _ask(self, method: str, path: str, body: str = "") -> dict:
        self._control.request(method, path, body)
        return json.loads(self._control.getresponse().read())

    def stats(self) -> dict:
        return self._ask("GET", "/bench/stats")

    def change(self, count: int) -> None:
        self._ask("POST", "/bench/change", str(count))

    def expire(self, what: str) -> None:
        self._ask("POST", "/bench/expire", what)

    def curl(self) -> list[str]:
        """Fetches the bytes of a list, and nothing else."""
        base = f"http://127.0.0.1:{self.port}"
        paths = [*LISTS, "/apis/discovery.k8s.io/v1/endpointslices"]
        return ["curl", "--silent", "--fail", *(base + path for path in paths)]

    def __enter__(self) -> "ScriptedKubernetes":
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process)


def apiserver() -> str:
    folder = os.environ.get("ROLLCALL_KUBE_CACHE", "/var/cache/rollcall/kube-apiserver")
    path = os.environ.get("ROLLCALL_KUBE_APISERVER", f"{folder}/kube-apiserver")
    if not os.access(path, os.X_OK):
        raise BenchError(f"{path} is not there; scripts/kube-apiserver builds it, once")
    for program in ("etcd", "kubectl"):
        if shutil.which(program) is None:
            raise BenchError(f"{program} is not installed; scripts/setup --bench installs it")
    return path


class RealKubernetes:
    """A real API server and its etcd on free ports of the loopback, with a certificate that it makes itself."""

    def __init__(self, folder: pathlib.Path) -> None:
        program = apiserver()
        self._folder = folder
        client, peer, self.port = free_ports(3)
        self._log = (folder / "log").open("wb")
        (folder / "tokens").write_text('secret,bench,1,"system:masters"\n')
        self._etcd = self._spawn(
            "etcd", f"--data-dir={folder}/etcd", f"--listen-client-urls=http://127.0.0.1:{client}",
            f"--advertise-client-urls=http://127.0.0.1:{client}", f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}", "--log-level=error")
        self._server = self._spawn(
            program, f"--etcd-servers=http://127.0.0.1:{client}", "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1", f"--secure-port={self.port}", "--insecure-port=0",
            "--endpoint-reconciler-type=none", "--anonymous-auth=false", f"--token-auth-file={folder}/tokens",
            f"--cert-dir={folder}/certificates", "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={folder}/certificates/apiserver.key",
            f"--service-account-signing-key-file={folder}/certificates/apiserver.key", "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/12", "--disable-admission-plugins=ServiceAccount")
        self.authority = folder / "certificates" / "apiserver.crt"
        wait_until(lambda: self.authority.exists() and self.call("GET", "/readyz") is not None, self._server,
                   f"the API server (its log is {folder}/log)")
        wait_until(lambda: bool(self.call("GET", "/api/v1/namespaces/default")), self._server, "the default namespace")
        self.config = folder / "kubeconfig"
        cluster = f"{{server: 'https://127.0.0.1:{self.port}', certificate-authority: {self.authority}}}"
        self.config.write_text(CONFIG.format(cluster=cluster, user="{token: secret}"))

    def _spawn(self, *command: str) -> subprocess.Popen:
        return subprocess.Popen(command, stdout=self._log, stderr=self._log, start_new_session=True)

    def connection(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.authority))
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=60)

    def call(self, method: str, path: str, body: object = None, kind: str = "application/json",
             over: http.client.HTTPSConnection | None = None) -> bytes:
        """Sends a request; raises if it does not succeed."""
        connection = over or self.connection()
        connection.request(method, path, None if body is None else json.dumps(body),
                           {"Authorization": "Bearer secret", "Content-Type": kind, "Accept": "application/json"})
        answer = connection.getresponse()
        told = answer.read()
        if answer.status >= 300:
            raise http.client.HTTPException(f"{method} {path}: {answer.status} {told[:300]!r}")
        return told

    def fill(self, count: int) -> None:
        """Makes running pods, in parallel."""
        for group in range(pods.GROUPS):
            self.call("POST", "/api/v1/namespaces", {"metadata": {"name": f"team-{group:02}"}})
        failures: list[Exception] = []

        def lane(first: int) -> None:
            connection = self.connection()
            try:
                for number in range(first, count, LANES):
                    words = pods.words_of(number)
                    path = f"/api/v1/namespaces/{pods.group_of(words)}/pods"
                    self.call("POST", path, pods.created(words), over=connection)
                    self.call("PATCH", f"{path}/{pods.name_of(words)}/status", {"status": pods.status(words)},
                              "application/merge-patch+json", over=connection)
            except (OSError, http.client.HTTPException) as error:
                failures.append(error)

        threads = [threading.Thread(target=lane, args=(first,)) for first in range(LANES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise BenchError(f"the API server does not take the pods: {failures[0]}")

    def curl(self) -> list[str]:
        """Fetches the bytes of a list. The server indents JSON for curl's own user agent, so curl gets another."""
        paths = [*LISTS, "/apis/discovery.k8s.io/v1beta1/endpointslices"]
        return ["curl", "--silent", "--fail", "--cacert", str(self.authority), "--user-agent", "bench",
                "--header", "Authorization: Bearer secret",
                *(f"https://127.0.0.1:{self.port}{path}?resourceVersion=0" for path in paths)]

    @property
    def pid(self) -> int:
        return self._server.pid

    def close(self) -> None:
        end(self._server)
        end(self._etcd)
        self._log.close()
