"""Label selectors: Rollcall accepts those that kubectl accepts, with the same meaning.

kubectl parses a selector with Kubernetes' own parser and sends it, in canonical spelling, when it asks for the load of pods. No
difference is accepted.
"""

import collections
import json
import os
import pathlib
import re
import shutil
import tempfile
import unittest
import urllib.parse

import peer

KUBECTL = peer.required("kubectl")
LABELS = {
    "a": {"app": "web", "size": "10", "tier": "front"},
    "b": {"app": "api", "size": "9", "example.com/app": "web"},
    "c": {"app": "", "size": "+11", "in": "notin"},
    "d": {"size": "ten", "notin": ""},
    "e": {"size": "-3", "app": "in"},
    "f": {},
}
KEYS = ["app", "app", "size", "size", "tier", "in", "notin", "example.com/app", "Example.com/app", "a/b/c", "-app", "app-", "a" * 63, "a" * 64, "x_y.z", "/app", "app/", "ä"]
VALUES = ["web", "api", "front", "in", "notin", "10", "9", "-3", "+11", "0x1", "007", "9223372036854775807", "9223372036854775808", "1.5", "w/b", "-web", "web-", "a" * 63, "a" * 64, '"web"', "*"]
SIGNS = ["=", "==", "!=", ">", "<", ">=", "===", "=!", " ", "!"]
BITS = [*KEYS, *VALUES, *SIGNS, ",", ",", "(", ")", " in ", " notin ", "in(", "!", " ", "\t", "\n", "()", "(,", ",)", ",,"]


def blank(rng):
    return rng.choice(["", "", "", "", " ", "\t", "\r\n "])


def some_list(rng):
    values = [rng.choice([*VALUES[:8], ""]) for _ in range(rng.choice([0, 1, 1, 2, 2, 3]))]
    return "(" + (blank(rng) + "," + blank(rng)).join(values) + ")"


def some_requirement(rng):
    """A requirement that is mostly valid."""
    key = rng.choice(KEYS if rng.random() < 0.2 else KEYS[:8])
    value = rng.choice(VALUES if rng.random() < 0.3 else VALUES[:7])
    kind = rng.random()
    if kind < 0.15:
        return key
    if kind < 0.3:
        return "!" + blank(rng) + key
    if kind < 0.6:
        return key + blank(rng) + rng.choice(SIGNS if rng.random() < 0.15 else SIGNS[:5]) + blank(rng) + rng.choice([value, value, value, ""])
    return key + rng.choice([" ", " ", "\n", ""]) + rng.choice(["in", "in", "notin", "In"]) + blank(rng) + some_list(rng)


def some_selector(rng):
    """A selector that is valid, has a fault or two, or consists of random pieces."""
    if rng.random() < 0.2:
        return "".join(rng.choice(BITS) for _ in range(rng.randint(1, 6)))
    text = (blank(rng) + "," + blank(rng)).join(some_requirement(rng) for _ in range(rng.choice([1, 1, 2, 3])))
    if rng.random() < 0.3:
        at = rng.randint(0, len(text))
        text = text[:at] + rng.choice(BITS) + text[at + rng.choice([0, 0, 1]) :]
    return blank(rng) + text + blank(rng)


def number(text):
    """The number, if Go's ParseInt accepts the text as one of 64 bits."""
    value = int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else None
    return value if value is not None and -(2**63) <= value < 2**63 else None


def holds(requirement, labels):
    """Whether a requirement in kubectl's spelling holds."""
    key, sign, value = re.fullmatch(r"(!?[^=!<> ]+)(==|=|!=|<|>| in | notin |)(.*)", requirement, re.DOTALL).groups()
    if not sign:
        return key[1:] not in labels if key.startswith("!") else key in labels
    if sign in ("<", ">"):
        told = number(labels.get(key, ""))
        return told is not None and (told < int(value) if sign == "<" else told > int(value))
    values = value[1:-1].split(",") if sign.strip() in ("in", "notin") else [value]
    named = labels.get(key) in values
    return named if sign in ("=", "==", " in ") else not named


def meant(canonical):
    """The names selected by a selector in kubectl's spelling."""
    requirements = [one for one in re.split(r",(?![^(]*\))", canonical) if one]
    return sorted(name for name, labels in LABELS.items() if all(holds(one, labels) for one in requirements))


class Selectors(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rollcall-peer-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.server = peer.Recorder(self.answer)
        self.addCleanup(self.server.close)
        self.engine = peer.docker_engine(list(LABELS), labels=LABELS)
        self.addCleanup(self.engine.close)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}

    @staticmethod
    def answer(path):
        version = {"groupVersion": "metrics.k8s.io/v1beta1", "version": "v1beta1"}
        group = {"name": "metrics.k8s.io", "versions": [version], "preferredVersion": version}
        answers = {
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]},
        }
        some = {"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": []}
        body = json.dumps(answers.get(path.split("?")[0], some)).encode()
        return 200, {"Content-Type": "application/json"}, body

    def theirs(self, selector):
        """The selector as kubectl has read it; None if it refuses it."""
        address = f"http://127.0.0.1:{self.server.address[1]}"
        _, _, said = peer.run([KUBECTL, "--server", address, "top", "pod", f"--selector={selector}"], self.environment)
        asked = [urllib.parse.urlsplit(path) for path, _ in self.server.take()]
        pods = [urllib.parse.parse_qs(one.query, keep_blank_values=True) for one in asked if one.path.endswith("/pods")]
        if not pods:
            paths = {one.path for one in asked} - {"/version"}  # kubectls that may run another version of theirs ask for it
            self.assertEqual(paths, set(), f"it is refused before anything is asked for: {said}")
            return None
        return pods[0].get("labelSelector", [""])[0]

    def ours(self, selector):
        """The names that match; None if it is refused."""
        engine = f"docker=tcp://127.0.0.1:{self.engine.address[1]}"
        words = [peer.PROGRAM, "ls", "-e", engine, "-o", "json", "--filter", f"selector={selector}"]
        status, out, said = peer.run(words, self.environment)
        if status == 2:
            self.assertIn("the label selector '", said)
            return None
        self.assertEqual(status, 0, said)
        return sorted(one["name"] for one in json.loads(out)["instances"])

    def test_selectors_mean_the_same(self):
        rng = peer.chance("selectors")
        seen = collections.Counter()
        for _ in range(int(os.environ.get("PEER_ROUNDS") or 120)):
            selector = some_selector(rng)
            if not selector.strip():
                continue  # kubectl then sends no selector
            canonical = self.theirs(selector)
            wanted = None if canonical is None else meant(canonical)
            seen["refused" if wanted is None else "none" if not wanted else "some"] += 1
            with self.subTest(selector=selector):
                self.assertEqual(self.ours(selector), wanted, f"kubectl reads {canonical!r}")
        print(dict(seen), flush=True)
        self.assertGreater(seen["refused"], 10)
        self.assertGreater(seen["some"], 10)


if __name__ == "__main__":
    peer.main()
