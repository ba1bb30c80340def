"""Sites and upstreams: Rollcall reads the same hosts, paths and ports from labels as Caddy's adapter, or both refuse.

The names of accepted differences are those of src/core/labels/readers/README.md.
"""

import contextlib
import ipaddress
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import peer

CADDY = peer.required("caddy")
ADDRESS = "10.0.0.1"
HOSTS = ["a.example", "b.example", "A.Example", "*.c.example", "localhost", "10.0.0.7", "[::1]", "::1", "[fd00::7]", "x", "", "*", "a_b.example"]
PORTS = ["", "", "", ":", ":80", ":443", ":8443", ":080", ":0", ":65536", ":http", ":-1", ":80:81"]
PATHS = ["", "", "", "", "/", "/shop", "/shop*", "/shop/*"]
SCHEMES = ["", "", "", "http://", "https://", "HTTP://", "ws://", "ftp://"]
BETWEEN = [" ", " ", ", ", ", ", ",", " , ", "\t"]
UPSTREAMS = [
    "{{upstreams}}", "{{upstreams 80}}", "{{ upstreams   8080 }}", "{{upstreams https}}", "{{upstreams https 443}}", "{{upstreams https 80}}",
    "{{upstreams http 443}}", "{{upstreams h2c 9000}}", "{{upstreams h2c 443}}", "{{upstreams 8443 https}}", "{{- upstreams 80 -}}", "{{upstreams}}:8080",
    "http://{{upstreams}}", "https://{{upstreams 8443}}", "https://{{upstreams 80}}", "h2c://{{upstreams}}:81", "http://{{upstreams 80}}/", "{{upstreams 70000}}",
    "http://{{upstreams https}}",
]
MATCHERS = ["", "", "", "* ", "/api/* ", "/api ", '"/api/*" ', "`/api/*` ", "/a\\b* "]
ENDS = ["", "", "", " # all", " #all", "#b", "\n"]


def quoted(rng, word):
    return rng.choice([word, word, word, f'"{word}"', f"`{word}`"])


def some_site(rng):
    words = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        words.append(quoted(rng, rng.choice(SCHEMES) + rng.choice(HOSTS) + rng.choice(PORTS) + rng.choice(PATHS)))
    text = words[0]
    for word in words[1:]:
        text += rng.choice(BETWEEN) + word
    return (text if text.strip("\"` ") else "a.example") + rng.choice(["", "", "", "", ","])


def some_proxy(rng):
    text = rng.choice(MATCHERS) + quoted(rng, rng.choice(UPSTREAMS))
    if rng.random() < 0.2:
        text += " other.example:80"
    return text + rng.choice(ENDS)


def filled_in(text):
    """The text that the proxy makes from a template of UPSTREAMS."""
    out = ""
    while "{{" in text:
        before, _, rest = text.partition("{{")
        inside, _, text = rest.partition("}}")
        if inside.startswith("- "):
            before, inside = before.rstrip(), inside[2:]
        if inside.endswith(" -"):
            text, inside = text.lstrip(), inside[:-2]
        target = ADDRESS
        for word in inside.split()[1:]:
            target = f"{target}:{word}" if word.isdigit() else f"{word}://{target}"
        out += before + target
    return out + text


class CaddyTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}

    def adapted(self, site, proxy):
        """(hosts, paths, dial, TLS to the upstream) of a Caddyfile; the error, if Caddy refuses it."""
        file = self.folder / "Caddyfile"
        file.write_text(f"{{\n\tauto_https off\n}}\n{site} {{\n\treverse_proxy {proxy}\n}}\n")
        words = [CADDY, "adapt", "--adapter", "caddyfile", "--config", str(file)]
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            return done.stderr
        hosts, paths, dials, tls = set(), set(), set(), set()

        def walk(node):
            if isinstance(node, list):
                for item in node:
                    walk(item)
            elif isinstance(node, dict):
                if node.get("handler") == "reverse_proxy":
                    dials.update(one["dial"] for one in node.get("upstreams", []))
                    tls.add("tls" in node.get("transport", {}))
                for match in node.get("match", []):
                    hosts.update(match.get("host", []))
                    paths.update(match.get("path", []))
                for value in node.values():
                    walk(value)

        walk(json.loads(done.stdout))
        return hosts, paths, dials, tls

    def read(self, cases):
        """The instance that Rollcall reads from each case."""
        items = []
        for number, (site, proxy) in enumerate(cases):
            items.append({
                "Id": f"{number:064x}", "Names": [f"/c{number}"], "Image": "demo", "ImageID": "sha256:" + "0" * 64, "Command": "sleep", "Created": 1795297380,
                "Ports": [], "Labels": {"caddy": site, "caddy.reverse_proxy": proxy}, "State": "running", "Status": "Up 3 seconds",
                "HostConfig": {"NetworkMode": "default"}, "NetworkSettings": {"Networks": {"bridge": {"IPAddress": ADDRESS}}}, "Mounts": [],
            })
        head = {"Api-Version": "1.41", "Server": "Docker/20.10.24 (linux)", "Content-Type": "application/json", "Ostype": "linux"}
        body = json.dumps(items).encode()
        engine = peer.Recorder(lambda path: (200, head, body if path.split("?")[0].endswith("/containers/json") else b"OK"), self.folder / "d.sock")
        self.addCleanup(engine.close)
        words = [peer.PROGRAM, "ls", "docker", "-e", f"docker=unix://{self.folder}/d.sock", "-o", "json"]
        status, out, errors = peer.run(words, self.environment)
        self.assertEqual(status, 0, errors)
        found = {instance["key"]["id"]: instance for instance in json.loads(out)["instances"]}
        return [found[item["Id"]] for item in items]

    def compare(self, cases):
        agreed = {"taken": 0, "refused": 0}
        for (site, proxy), instance in zip(cases, self.read(cases)):
            with self.subTest(site=site, proxy=proxy):
                theirs = self.adapted(site, filled_in(proxy).rstrip("\n"))
                routes = instance.get("metadata", {}).get("routes", [])
                problems = [problem["what"] for problem in instance.get("problems", [])]
                if judged(theirs, problems):
                    continue
                if isinstance(theirs, str):
                    self.assertTrue(problems, f"Rollcall reads {routes}, and Caddy says {theirs}")
                    agreed["refused"] += 1
                    continue
                self.assertEqual(problems, [], f"Caddy reads {theirs}")
                self.assert_same(theirs, routes)
                agreed["taken"] += 1
        print(agreed, flush=True)
        self.assertGreater(min(agreed.values()), len(cases) // 8, "the cases are too much alike")

    def assert_same(self, theirs, routes):
        hosts, paths, dials, tls = theirs
        self.assertTrue(routes)
        ours = {one_spelling(host) for route in routes for host in route.get("hosts", [])}
        # If one address matches any host, Caddy omits the hosts of the others.
        if all(route.get("hosts") for route in routes):
            self.assertEqual(ours, {one_spelling(host) for host in hosts})
        for path in (path for route in routes for path in route.get("paths", [])):
            self.assertTrue(any(theirs.startswith(path.split("*")[0]) for theirs in paths), f"{path} of {paths}")
        dial = next(dial for dial in dials if dial.startswith(ADDRESS))
        port, scheme = routes[0].get("port"), routes[0].get("scheme", "http")
        self.assertEqual(int(dial.rpartition(":")[2]), port or (443 if scheme == "https" else 80))
        self.assertEqual(tls, {scheme == "https"})

    def test_addresses_of_sites(self):
        rng = peer.chance("sites")
        self.compare([(some_site(rng), "{{upstreams 80}}") for _ in range(150)])

    def test_upstreams(self):
        rng = peer.chance("upstreams")
        self.compare([("a.example", some_proxy(rng)) for _ in range(150)])


def one_spelling(host):
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).exploded
    return host.lower()


def judged(theirs, problems):
    """Whether a difference is an accepted one, which has a name."""
    refused = theirs if isinstance(theirs, str) else ""
    named = {
        "names": not refused and any("is not a host name" in problem for problem in problems),
        "schemes": not refused and any("is not the scheme of a site" in problem for problem in problems),
        "texts of upstreams": not refused and any(part in problem for problem in problems for part in ("is not the last word", "write a port behind", "is no port", "is no scheme")),
        "directives without upstreams": not refused and any("is part of a path here" in problem for problem in problems),
        "sites together": "multiplex HTTP and HTTPS" in refused or "ambiguous site definition" in refused,
    }
    return any(named.values())


if __name__ == "__main__":
    peer.main()
