"""Hosts, contexts and headers: Rollcall finds the engine that the docker command finds, or both refuse.

The names of accepted differences are those of src/backends/docker/README.md.
"""

import hashlib
import json
import os
import pathlib
import posixpath
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

import peer

DOCKER = peer.required("docker")
HOSTS = ["", "localhost", "127.0.0.1", "[::1]", "::1", "[::1", "a_b", "-x", "u@127.0.0.1", "u:p@localhost", "127.0.0.1 ", ".", "%41"]
PORTS = ["", ":", ":1", ":0", ":99999", ":65535", ":x", ":1:2", ":-1", ":01"]
PATHS = ["", "/", "//", "/p", "/p/q/", "/p/../q", "?x=1", "#f", "/a b", "/%20", "x"]
SCHEMES = ["", "tcp://", "tcp://", "tcp://tcp://", "unix://", "unix://unix://", "TCP://", "http://", "fd://", "npipe://", "://", "unix:", "tcp:"]
SOCKETS = ["", "/x.sock", "/a/b c.sock", "x.sock", "./x", "//x", "/" + "x" * 200, "tcp://h"]


def some_host(rng):
    """A host such as DOCKER_HOST may hold, valid or broken."""
    scheme = rng.choice(SCHEMES)
    if scheme.startswith("unix") and rng.random() < 0.8:
        text = scheme + rng.choice(SOCKETS)
    else:
        text = scheme + rng.choice(HOSTS) + rng.choice(PORTS) + rng.choice(PATHS)
    around = ["", "", "", " ", "\n", "\t ", "\r\n"]
    return rng.choice(around) + text + rng.choice(around)


def canonical(url):
    """The docker command's value in Rollcall's spelling."""
    if not url.startswith("tcp://"):
        return url
    authority, slash, path = url[len("tcp://") :].partition("/")
    host, _, port = authority.rpartition(":")
    path = posixpath.normpath("/" + path) if slash else "/"
    path = "" if path in ("/", "//") else re.sub("^//", "/", path)
    return f"tcp://{host}:{int(port)}{urllib.parse.quote(urllib.parse.unquote(path))}"


def judged(host, theirs, ours):
    """The name of an accepted difference; None for any other. `theirs` and `ours` are URLs, or None where the host is refused."""
    text = host.strip()
    # The scheme may be written twice, and "://" may also be an empty port and a path.
    scheme, rest = re.fullmatch(r"((?:[a-zA-Z]+://)*)(.*)", text, re.DOTALL).groups()
    scheme = scheme.removesuffix("://")
    if text.startswith("/") or text.startswith("unix:/") and not text.startswith("unix://"):
        return "a path is a socket"
    if ours and not theirs and text.startswith(("http://", "https://")):
        return "http and https"
    if ours and not theirs and re.search(r"\[[^]]*\](/.*)?$", text):
        return "IPv6 without a port"
    if theirs and not ours:
        if scheme.startswith("unix") or text.endswith(".sock") or text.startswith("."):
            if not rest.startswith("/") or len(rest) > 107:
                return "sockets that cannot be"
        if scheme in ("fd", "npipe"):
            return "schemes that no engine is reached by"
        authority = re.split("[/?#]", rest)[0]
        if re.search("[?#]", rest) or "@" in authority:
            return "queries and users"
        port = canonical(theirs)[6:].split("/")[0].rpartition(":")[2]
        if not 1 <= int(port) <= 65535:
            return "ports that cannot be"
        if re.search("[^A-Za-z0-9._:\\[\\]-]", authority) or authority.startswith("-") or authority.count(":") > 1:
            return "hosts that cannot be"
    return None


class DockerCommand(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rollcall-peer-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "config").mkdir()
        (self.folder / "bin").mkdir()

    def environment(self, **variables):
        path = f"{self.folder}/bin:" + os.environ["PATH"]
        return {"PATH": path, "HOME": str(self.folder), "DOCKER_CONFIG": str(self.folder / "config")} | variables

    def theirs(self, host):
        command = [DOCKER, "context", "inspect", "default", "--format", "{{.Endpoints.docker.Host}}"]
        status, out, _ = peer.run(command, self.environment(DOCKER_HOST=host))
        return out.rstrip("\n") if status == 0 else None

    def ours(self, host):
        words = [peer.PROGRAM, "doctor", "docker", "-o", "json", "--timeout", "1s"]
        _, out, err = peer.run(words, self.environment(DOCKER_HOST=host))
        place = json.loads(out)["places"][0]
        if place["result"] == "invalid_config":
            self.assertIn("DOCKER_HOST", place["error"], err)
            return None
        return place["endpoint"]

    def test_hosts_are_the_same(self):
        rng = peer.chance("hosts")
        seen = {}
        for _ in range(int(os.environ.get("PEER_ROUNDS") or 150)):
            host = some_host(rng)
            theirs, ours = self.theirs(host), self.ours(host)
            same = ours == theirs if None in (ours, theirs) else ours == canonical(theirs)
            name = "same" if same else judged(host, theirs, ours)
            seen.setdefault(name, []).append(host)
            with self.subTest(host=host):
                self.assertIsNotNone(name, f"DOCKER_HOST={host!r}: the docker command says {theirs!r}, Rollcall {ours!r}")
        print({name: len(hosts) for name, hosts in seen.items()}, flush=True)
        self.assertGreater(len(seen.get("same", [])), 20)

    def ssh_words(self, words, host):
        """The arguments with which ssh is started: user, port, host and socket."""
        log = self.folder / "ssh.log"
        log.unlink(missing_ok=True)
        peer.run(words, self.environment(DOCKER_HOST=host))
        if not log.exists():
            return None
        words = log.read_text().split("\x1e")[0].rstrip("\x1f").split("\x1f")
        end = words.index("--")
        options = {words[i]: words[i + 1] for i in range(end - 1) if words[i] in ("-l", "-p")}
        command = " ".join(words[end + 2 :]).replace("'", "")
        socket = re.search("--host[ =]unix://(.*) system dial-stdio", command)
        path = socket.group(1) if socket else ""
        return options.get("-l"), options.get("-p"), words[end + 1], path if path.strip("/") else ""

    def test_ssh_is_started_the_same_way(self):
        ssh = self.folder / "bin/ssh"
        ssh.write_text(f"#!/bin/sh\nprintf '%s\\037' \"$@\" >>{self.folder}/ssh.log\nprintf '\\036' >>{self.folder}/ssh.log\nexit 1\n")
        ssh.chmod(0o755)
        rng = peer.chance("ssh")
        ours = [peer.PROGRAM, "doctor", "docker", "--timeout", "5s"]
        version = peer.run([DOCKER, "--version"], os.environ)[1]
        paths = ["", "/", "//", "/x.sock", "/a/b"] if int(re.search(r"\d+", version).group()) >= 23 else [""]
        for _ in range(25):
            user = rng.choice(["", "", "u@", "u:p@"])
            host = rng.choice(["h", "h.example", "[::1]", "10.0.0.7"])
            url = f"ssh://{user}{host}{rng.choice(['', ':22', ':'])}{rng.choice([*paths, '?x', '#x'])}"
            with self.subTest(url=url):
                self.assertEqual(self.ssh_words(ours, url), self.ssh_words([DOCKER, "ps"], url))

    def add_context(self, rng, name, host):
        endpoint = {peer.mixed_case(rng, "Host"): host}
        if rng.random() < 0.3:
            endpoint[peer.mixed_case(rng, "SkipTLSVerify")] = rng.choice([False, None])
        if rng.random() < 0.1:
            endpoint[peer.mixed_case(rng, "Host")] = rng.choice([7, [], host])
        meta = {"Name": name, "Metadata": {}, peer.mixed_case(rng, "Endpoints"): {"docker": endpoint}}
        folder = self.folder / "config/contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "meta.json").write_text(json.dumps(meta))

    def some_config(self, rng):
        config = {}
        for _ in range(rng.choice([0, 1, 1, 2])):
            config[peer.mixed_case(rng, "currentContext")] = rng.choice(["a", "b", "default", "", "none", None])
        if rng.random() < 0.5:
            headers = {peer.mixed_case(rng, f"X-{n}"): rng.choice(["1", "two words", " x "]) for n in "ab"[: rng.randrange(3)]}
            config[peer.mixed_case(rng, "HttpHeaders")] = headers
        return json.dumps(config)

    def test_contexts_and_headers_lead_to_the_same_engine(self):
        engines = {name: peer.docker_engine(name, self.folder / f"{name}.sock") for name in ("a", "b", "c")}
        for engine in engines.values():
            self.addCleanup(engine.close)
        rng = peer.chance("contexts")
        for _ in range(40):
            for name in ("a", "b"):
                self.add_context(rng, name, f"unix://{self.folder}/{name}.sock")
            config = self.some_config(rng)
            (self.folder / "config/config.json").write_text(config)
            variables = {}
            if rng.random() < 0.3:
                variables["DOCKER_CONTEXT"] = rng.choice(["a", "b", "default", "none"])
            if rng.random() < 0.3:
                variables["DOCKER_HOST"] = f"unix://{self.folder}/c.sock" + rng.choice(["", "\n"])
            with self.subTest(config=config, variables=variables):
                theirs = self.reached(engines, [DOCKER, "ps", "-q"], variables)
                ours = self.reached(engines, [peer.PROGRAM, "ls", "docker"], variables)
                self.assertEqual(ours, theirs)

    def reached(self, engines, words, variables):
        """The engine that got the request, and the user's headers in it."""
        subprocess.run(words, env=self.environment(**variables), capture_output=True, timeout=30, check=False)
        asked = {}
        for name, engine in engines.items():
            for _, headers in engine.take():
                own = {key.title(): value for key, value in headers if key.lower().startswith("x-") and "registry" not in key.lower()}
                asked.setdefault(name, own)
        return asked


if __name__ == "__main__":
    peer.main()
