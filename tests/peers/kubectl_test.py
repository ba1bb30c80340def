"""kubeconfigs: Rollcall asks the server that kubectl asks, as the same user, or both refuse.

The names of accepted differences are those of src/backends/kubernetes/README.md.
"""

import base64
import collections
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import unittest

import peer

KUBECTL = peer.required("kubectl")
TRUTHS = ["true", "True", "TRUE", "yes", "on", "y", "false", "No", "off", "n", "~", "", "maybe", '"true"', "1", "0", "tRUE", "!!str true", "[]"]
TEXTS = ["t0", '"t1"', "'123'", "123", "1e3", "0x1f", "1_0", "2026-11-30", "12:30", "yes", "No", "~", "''", "!!str 7", "[a]", "{a: b}", "1.2.3", "null", ".5"]


PROMPT = "a question for a username"


class Case:
    """The fields of a cluster and of a user, as lines of YAML in braces."""

    def __init__(self, rng, test):
        self.rng = rng
        self.test = test
        self.cluster = [f"server: {test.url}"]
        self.user = []
        self.choose_cluster()
        self.choose_user()

    def sometimes(self, chance):
        return self.rng.random() < chance

    def choose_cluster(self):
        folder = self.test.folder
        data = base64.b64encode((folder / "ca.pem").read_bytes()).decode()
        if self.sometimes(0.25):
            self.cluster.append("insecure-skip-tls-verify: " + self.rng.choice(TRUTHS))
        else:
            self.cluster.append("certificate-authority: ca.pem")
        if self.sometimes(0.06):
            self.cluster.append(self.rng.choice([f"certificate-authority-data: {data}", "certificate-authority: none.pem", "certificate-authority-data: '*'"]))
        if self.sometimes(0.1):
            self.cluster.append("tls-server-name: " + self.rng.choice(["localhost", "other.example", "7", "''"]))

    def choose_user(self):
        if self.sometimes(0.8):
            self.user.append("token: " + (self.rng.choice(TEXTS) if self.sometimes(0.3) else "t0"))
        if self.sometimes(0.15):
            self.user.append("token: " + self.rng.choice(["t2", "'t3'"]))
        if self.sometimes(0.2):
            self.user.append("tokenFile: " + self.rng.choice(["token", "none", f"{self.test.folder}/token"]))
        if self.sometimes(0.05):
            self.user.append(self.rng.choice(["username: u", "password: p", "Username: u"]))
        if self.sometimes(0.05):
            self.user.append(self.rng.choice(["client-certificate: user.pem, client-key: user.key", "client-certificate: user.pem", "client-key: user.key"]))
        for field, values in {
            "as": ["jane", "7", "''", "yes"],
            "as-uid": ["'7'", "7", "x"],
            "as-groups": ["[dev, ops]", "[7]", "dev", "[]"],
            "as-user-extra": ["{a/b: [c]}", "{a: c}", "[]"],
        }.items():
            if self.sometimes(0.07):
                self.user.append(f"{field}: {self.rng.choice(values)}")
        if self.sometimes(0.25):
            self.user.append("exec: {" + ", ".join(self.plugin()) + "}")
        if self.sometimes(0.05):
            self.user.append(self.rng.choice(["auth-provider: {name: gcp}", "auth-provider: ~"]))
        self.rng.shuffle(self.user)

    def plugin(self):
        version = self.rng.choice(["v1", "v1", "v1beta1", "v1beta1", "v7"])
        fields = [f"apiVersion: client.authentication.k8s.io/{version}"]
        if not self.sometimes(0.1):
            fields.append("command: " + self.rng.choice(["./plugin", "./plugin", f"{self.test.folder}/plugin", "./none"]))
        if self.sometimes(0.6):
            fields.append("interactiveMode: " + self.rng.choice(["Never", "IfAvailable", "Never", "Sometimes", "''", "yes"]))
        if self.sometimes(0.3):
            fields.append("args: " + self.rng.choice(["[a, b]", "['7']", "[7]", "a", "~"]))
        if self.sometimes(0.3):
            fields.append("env: " + self.rng.choice(["[{name: A, value: b}]", "[{value: b}]", "[{name: A, value: 7}]", "~"]))
        if self.sometimes(0.2):
            fields.append("provideClusterInfo: " + self.rng.choice(TRUTHS))
        return fields

    def text(self):
        return f"""apiVersion: v1
kind: Config
current-context: here
clusters:
- name: c
  cluster: {{{", ".join(self.cluster)}}}
contexts:
- name: here
  context: {{cluster: c, user: u}}
users:
- name: u
  user: {{{", ".join(self.user)}}}
"""


def judged(case, theirs, ours):
    """The name of an accepted difference; None for any other."""
    user = " ".join(case.user)
    if theirs and not ours and ("username:" in user or "password:" in user):
        return "basic authentication"
    if ours is not None and theirs == PROMPT:
        return "without a credential"
    if theirs and not ours and "client-key:" in user and "client-certificate:" not in user:
        return "a key without its certificate"
    return None


class Kubectl(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rollcall-peer-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.issue()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        empty = b'{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}'
        head = {"Content-Type": "application/json"}
        self.server = peer.Recorder(lambda path: (200, head, empty), wrap=lambda s: context.wrap_socket(s, server_side=True))
        self.addCleanup(self.server.close)
        self.url = f"https://127.0.0.1:{self.server.address[1]}"
        (self.folder / "token").write_text("from-file\n")
        plugin = self.folder / "plugin"
        plugin.write_text(
            "#!/bin/sh\nversion=$(printf %s \"$KUBERNETES_EXEC_INFO\" | sed 's/.*\"apiVersion\":\"\\([^\"]*\\)\".*/\\1/')\n"
            'printf \'{"apiVersion":"%s","kind":"ExecCredential","status":{"token":"from-plugin"}}\' "$version"\n'
        )
        plugin.chmod(0o755)

    def issue(self):
        """Makes an authority, the server's certificate and a user's."""

        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=authority")
        (self.folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        for name in ("server", "user"):
            openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
            openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", f"{name}.pem", "-days", "2", "-extfile", "names")

    def shown(self, words):
        """The identity with which the server was asked; None if it was not asked."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        _, out, _ = peer.run(words, environment, timeout=60)
        requests = self.server.take()
        if not requests:
            return PROMPT if "enter Username" in out else None
        headers = sorted((name.lower(), value) for name, value in requests[0][1])
        return [header for header in headers if header[0] == "authorization" or header[0].startswith("impersonate-")]

    def test_kubeconfigs_mean_the_same(self):
        rng = peer.chance("kubeconfigs")
        seen = collections.Counter()
        file = self.folder / "config"
        for _ in range(int(os.environ.get("PEER_ROUNDS") or 80)):
            case = Case(rng, self)
            file.write_text(case.text())
            theirs = self.shown([KUBECTL, "--kubeconfig", str(file), "get", "--raw", "/probe"])
            ours = self.shown([peer.PROGRAM, "ls", "kubernetes", "--kubeconfig", str(file)])
            same = theirs == ours or (theirs == PROMPT and ours is None)
            name = "same" if same else judged(case, theirs, ours)
            seen[f"{name}, {'asked' if isinstance(theirs, list) else 'refused'}"] += 1
            with self.subTest(cluster=case.cluster, user=case.user):
                self.assertIsNotNone(name, f"kubectl asks as {theirs}, Rollcall as {ours}")
        print(dict(seen), flush=True)
        self.assertGreater(seen["same, asked"], 5)
        self.assertGreater(seen["same, refused"], 5)


if __name__ == "__main__":
    peer.main()
