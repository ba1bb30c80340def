"""Combines amounts that outsiders choose, at their bounds: each pair costs a bounded amount of memory and processor time, and never
keeps other clients waiting.

Each row of the table is an engine, the requests to the daemon, and the limit of their cost. A cost that has grown, or that grows with the
product of two amounts, fails here.
"""

import contextlib
import gzip
import json
import resource
import socket
import threading
import urllib.parse

import harness
from harness import AttackCase, MIB, container

# The limit for every attack, so that the machine that runs the tests does not suffer.
MEMORY_LIMIT = 4 << 30


def labels_of_ports(count, name="rollcall.ports.{}.name"):
    return {name.format(port): "x" for port in range(1, count + 1)}


def ports(first, last, addresses=("0.0.0.0",)):
    return [
        {"PrivatePort": port, "PublicPort": port, "Type": "tcp", "IP": address} for port in range(first, last + 1) for address in addresses
    ]


def routers(count):
    return {f"traefik.http.routers.r{i}{'x' * 900}.rule": " || ".join(f"Host(`h{k}.example`)" for k in range(200)) for i in range(count)}


def sites(count):
    labels = {}
    for i in range(count):
        labels[f"caddy_{i}"] = " ".join(f"h{k}.example/{k}" for k in range(60))
        labels[f"caddy_{i}.reverse_proxy"] = "{{upstreams 80}}"
    return labels


def rules(count):
    ways = "||".join(f"Host(`a{i}`)&&PathPrefix(`/{i}`)" for i in range(120))
    return {f"traefik.http.routers.r{i}.rule": f"({ways})&&({ways})" for i in range(count)}


def parameters():
    return {"prometheus.io/path": "/m?" + "&".join(f"{i:x}" for i in range(500))}


def plain_labels(count, size):
    return {f"com.example.label{i}": "v" * size for i in range(count)}


MANY_PORTS = ports(10000, 20000)
DOCUMENTS = ["/v1/instances", "/v1/sd/prometheus", "/v1/runtime/instances", "EXPLAIN", "/v1/instances?fields=name"]

# name, containers, most MiB above the daemon's memory before the requests, most seconds of processor time since its start
INSTANCES = [
    ("labels x ports of labels", [container(0, Labels=plain_labels(1500, 30) | labels_of_ports(1500))], 110, 2),
    ("ports of labels alone", [container(0, Labels=labels_of_ports(8000))], 110, 2),
    ("ports of registrator x attributes", [container(0, Labels=labels_of_ports(3000, "SERVICE_{}_NAME") | labels_of_ports(1500, "SERVICE_A{}"))], 110, 2),
    ("labels x ports of the engine", [container(0, Labels=plain_labels(200, 1000), Ports=MANY_PORTS)], 170, 4),
    ("labels x ports x containers", [container(i, Labels=plain_labels(200, 1000), Ports=ports(1, 2000)) for i in range(8)], 170, 5),
    ("tags x ports", [container(0, Labels={"rollcall.tags": ",".join(f"{i}" + "t" * 250 for i in range(64))}, Ports=MANY_PORTS)], 200, 3),
    ("ports of loopback x addresses", [container(0, Ports=ports(1, 20000, ("127.0.0.1", "127.0.0.2")))], 200, 3),
    ("routers x ports", [container(0, Labels=routers(60), Ports=MANY_PORTS)], 200, 4),
    ("sites x ports", [container(0, Labels=sites(150), Ports=MANY_PORTS)], 200, 4),
    ("problems x labels", [container(i, Labels={f"rollcall.{'p' * 200}{k}": "v" * 200 for k in range(600)}) for i in range(20)], 120, 3),
    ("unknown fields of Traefik", [container(0, Labels={f"traefik.http.routers.a.b{i}": "x" for i in range(7000)})], 60, 2),
    ("labels that are nearly right", [container(0, Labels={f"rollcall.health.pat{i}": "x" for i in range(9000)})], 60, 2),
    ("rules that multiply", [container(0, Labels=rules(30))], 60, 4),
    ("parameters of a path x containers", [container(i, Labels=parameters(), Ports=ports(80, 80)) for i in range(1000)], 60, 4),
    ("an honest one: a range of ports and 40 labels", [container(0, Labels=plain_labels(40, 12), Ports=MANY_PORTS)], 200, 3),
]


class Products(AttackCase):
    def lists(self, containers, **options):
        engine = self.engine(containers)
        return self.daemon_with(engine, instances=len(containers), limits={resource.RLIMIT_AS: MEMORY_LIMIT}, **options)

    def ask(self, daemon, targets, headers=(), timeout=30):
        """Requests each target while another client polls /livez; returns the answers, and the longest wait of that client."""
        waited = [0.0]
        over = threading.Event()

        def watch():
            while not over.is_set():
                waited[0] = max(waited[0], daemon.latency(timeout=timeout))
                over.wait(0.01)

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            return [daemon.get(target, headers, timeout=timeout) for target in targets], waited
        finally:
            over.set()
            watching.join()

    def test_of_what_one_container_says(self):
        for name, containers, most, seconds in INSTANCES:
            with self.subTest(name):
                daemon = self.lists(containers)
                key = daemon.instances(timeout=20)[0]["key"]
                path = "/".join(urllib.parse.quote(key[part], safe="") for part in ("backend", "endpoint", "id"))
                before = daemon.resident()
                replies, waited = self.ask(daemon, [target.replace("EXPLAIN", "/v1/explain/" + path) for target in DOCUMENTS])
                grown, took = (daemon.peak() - before) / MIB, daemon.cpu()
                self.assertTrue(daemon.alive(), daemon.log()[-300:])
                self.assertEqual([reply.status for reply in replies], [200] * len(replies))
                for reply in replies:
                    reply.json()
                print(f"    {name}: +{grown:.0f} MiB, {took:.2f} s, others waited {waited[0]:.2f} s", flush=True)
                self.assertLess(grown, most, f"{name}: MiB")
                self.assertLess(took, seconds, f"{name}: seconds of processor time")
                self.assertLess(waited[0], 3, f"{name}: seconds that others waited")
                daemon.stop()

    def test_an_honest_range_of_ports_is_whole(self):
        daemon = self.lists([container(0, Labels=plain_labels(40, 12), Ports=MANY_PORTS)])
        self.assertEqual(len(daemon.instances(timeout=20)[0]["ports"]), 10001)
        targets = daemon.get("/v1/sd/prometheus", timeout=20).json()
        self.assertEqual(len(targets), 10001)
        self.assertIn("__meta_rollcall_label_com_example_label39", targets[-1]["labels"])

    def test_what_is_left_out_is_a_problem_of_the_instance(self):
        daemon = self.lists([container(0, Labels=labels_of_ports(300)), container(1, Labels=plain_labels(300, 1000))])
        by_name = {instance["name"]: instance for instance in daemon.instances()}
        self.assertEqual(len(by_name["c0"]["metadata"]["ports"]), 256)
        self.assertIn("256 ports", json.dumps(by_name["c0"]["problems"]))
        self.assertIn("KiB together", json.dumps(by_name["c1"]["problems"]))

    def test_instances_by_what_a_request_asks(self):
        count = 3000
        daemon = self.lists(
            [container(i, Names=["/" + "a" * 200 + str(i)], Labels={f"l{k:02}": "v" for k in range(40)}) for i in range(count)]
        )
        quoted = urllib.parse.quote
        requests = {
            "requirements that repeat": "selector=" + ",".join(["l39"] * 3700),
            "as many requirements as may be": "selector=" + ",".join(f"l39!=x{i}" for i in range(32)),
            "requirements without end": "selector=" + ",".join(f"l{i}" for i in range(2500)),
            "values of one requirement": "selector=" + quote_values(1000),
            "values without end": "selector=" + quote_values(1800),
            "selectors": "&".join(f"selector=l39,!m{i}" for i in range(60)),
            "fields that repeat": "fields=" + ",".join(["name"] * 3000),
            "all fields": "name=zz&fields=" + ",".join(["labels"] * 2000),
            "stars": "name=" + quoted("*a" * 200 + "b"),
            "stars and any": "name=" + quoted("*a?" * 160 + "b"),
            "sets": "name=" + quoted("*[a]" * 120 + "b"),
            "patterns": "&".join("name=" + quoted("*a" * 7 + f"{i}b") for i in range(30)),
            "patterns of groups": "&".join("group=" + quoted("*[!b]" * 3 + f"{i}b") for i in range(30)),
            "parts of names": "&".join("name=" + "a" * 190 + f"b{i}" for i in range(32)),
            "labels": "&".join(f"label=l39=x{i}" for i in range(32)),
            "labels without end": "&".join(f"label=l39=x{i}" for i in range(60)),
            "runtimes": "&".join(["runtime=podman"] * 60),
        }
        for name, query in requests.items():
            with self.subTest(name):
                used = daemon.cpu()
                replies, waited = self.ask(daemon, ["/v1/instances?" + query])
                took = daemon.cpu() - used
                self.assertIn(replies[0].status, (200, 400))
                if replies[0].status == 400:
                    self.assertGreater(len(replies[0].json()["detail"]), 20)
                self.assertLess(took, 0.6, f"{name}: {took:.2f} s of processor time")
                self.assertLess(waited[0], 2, name)

    def test_subscribers_by_changes_by_requirements(self):
        engine = self.engine([container(i, Labels={f"l{k:02}": "v" for k in range(40)}) for i in range(100)])
        daemon = self.daemon_with(engine, instances=100)
        selector = ",".join(f"l39!=x{i}" for i in range(32))
        patterns = "&".join("name=" + urllib.parse.quote("*c" * 6 + f"{i}b") for i in range(31))
        subscribers = []
        for _ in range(200):
            connection = daemon.connect()
            connection.sendall(f"GET /v1/events?selector={selector}&{patterns} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            subscribers.append(connection)
            self.addCleanup(connection.close)
        self.assertTrue(self.eventually(lambda: daemon.get("/v1/status").json()["server"]["subscribers"] == 200))
        used = daemon.cpu()
        sequence = daemon.get("/v1/status").json()["cursor"]
        for state in ("paused", "running", "paused"):
            for item in engine.containers:
                item["State"] = state
            engine.tell(b"".join(harness.event("pause", item["Id"]) for item in engine.containers))
            self.assertTrue(self.eventually(lambda: all(i["state"] == state for i in daemon.instances())))
        self.assertNotEqual(daemon.get("/v1/status").json()["cursor"], sequence)
        self.assertLess(daemon.latency(), 2)
        self.assertLess(daemon.cpu() - used, 4)

    def test_large_changes_by_slow_subscribers(self):
        engine = self.engine([container(0, Labels=plain_labels(200, 1000))])
        daemon = self.daemon_with(engine, instances=1, limits={resource.RLIMIT_AS: MEMORY_LIMIT})
        cursor = daemon.get("/v1/instances").headers["rollcall-cursor"]
        for changed in range(30):
            engine.containers[0]["Labels"]["changed"] = str(changed)
            engine.tell(harness.event("rename", engine.containers[0]["Id"]))
            told = self.eventually(lambda: daemon.instances()[0]["labels"].get("changed") == str(changed), deadline=3)
            self.assertTrue(told)
        before = daemon.resident()
        # A subscriber that starts at this cursor gets all changes at once.
        for kind in (b"text/event-stream", b"application/x-ndjson") * 30:
            connection = socket.socket(socket.AF_UNIX)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(5)
            connection.connect(daemon.socket)
            self.addCleanup(connection.close)
            request = b"GET /v1/events?since=%s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\n\r\n"
            connection.sendall(request % (cursor.encode(), kind))
            self.assertIn(b" 200 ", connection.recv(16))
        self.assertLess(daemon.latency(), 2)
        grown = (daemon.peak() - before) / MIB
        print(f"    +{grown:.0f} MiB", flush=True)
        self.assertLess(grown, 100)


def quote_values(count):
    return urllib.parse.quote("l39 in (" + ",".join(f"x{i}" for i in range(count)) + ")", safe="(),")


class SlowReaders(AttackCase):
    def daemon_of_long_lists(self):
        containers = [container(i, Labels={"x": "y" * 2000}) for i in range(2000)]
        engine = self.engine(containers)
        return engine, self.daemon_with(engine, instances=len(containers), limits={resource.RLIMIT_AS: MEMORY_LIMIT})

    def slow_reader(self, daemon, target, headers=b""):
        connection = socket.socket(socket.AF_UNIX)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(5)
        connection.connect(daemon.socket)
        connection.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % (target.encode(), headers))
        self.addCleanup(connection.close)
        return connection

    def test_identical_answers_are_one_text(self):
        _, daemon = self.daemon_of_long_lists()
        before = daemon.resident()
        for _ in range(100):
            self.slow_reader(daemon, "/v1/instances?fields=labels")
            self.slow_reader(daemon, "/v1/runtime/instances")
        self.assertTrue(self.eventually(lambda: daemon.get("/v1/status").json()["server"]["in_flight"] > 100))
        self.assertLess((daemon.peak() - before) / MIB, 60)

    def test_different_answers_have_a_budget_of_bytes(self):
        _, daemon = self.daemon_of_long_lists()
        before = daemon.resident()
        readers = [self.slow_reader(daemon, f"/v1/instances?name=c&name=c{i}") for i in range(120)]
        self.assertTrue(self.eventually(lambda: daemon.get("/livez").status == 200))
        starts = []
        for reader in readers:
            with contextlib.suppress(OSError):
                starts.append(reader.recv(12)[-3:])
        self.assertIn(b"200", starts)
        self.assertIn(b"503", starts, "what has no room is refused")
        grown = (daemon.peak() - before) / MIB
        print(f"    +{grown:.0f} MiB, {starts.count(b'200')} of {len(starts)} were answered", flush=True)
        self.assertLess(grown, 160)
        self.assertEqual(daemon.get("/v1/instances?name=nobody").status, 200, "short answers always pass")
        refused = daemon.get("/v1/instances?name=c&name=other")
        self.assertEqual(refused.status, 503)
        self.assertIn("retry-after", refused.headers)
        # Answers that are read slowly are given up for others.
        self.assertTrue(self.eventually(lambda: daemon.get("/v1/instances?name=c&name=again", timeout=10).status == 200, deadline=40))

    def test_lists_of_many_versions_have_one_too(self):
        engine, daemon = self.daemon_of_long_lists()
        before = daemon.resident()
        for version in range(40):
            engine.containers[0]["Names"] = [f"/v{version}"]
            engine.tell(harness.event("rename", engine.containers[0]["Id"]))
            self.eventually(lambda: daemon.get(f"/v1/instances?name=v{version}&fields=name").json()["instances"], deadline=3)
            self.slow_reader(daemon, "/v1/instances")
        grown = (daemon.peak() - before) / MIB
        print(f"    +{grown:.0f} MiB", flush=True)
        self.assertLess(grown, 160)
        self.assertEqual(daemon.get("/livez").status, 200)

    def test_compressed_answers_are_counted_and_shared(self):
        _, daemon = self.daemon_of_long_lists()
        reply = daemon.get("/v1/instances?fields=labels", headers=["Accept-Encoding: gzip"], timeout=20)
        self.assertEqual(reply.headers["content-encoding"], "gzip")
        self.assertEqual(len(json.loads(gzip.decompress(reply.body))["instances"]), 2000)
        used = daemon.cpu()
        for _ in range(100):
            self.slow_reader(daemon, "/v1/instances?fields=labels", b"Accept-Encoding: gzip\r\n")
        self.assertLess(daemon.latency(), 2)
        self.assertLess(daemon.cpu() - used, 6)


if __name__ == "__main__":
    harness.main()
