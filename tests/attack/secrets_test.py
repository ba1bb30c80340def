"""One secret in every field that a container's author or an engine can fill: no answer, no output and no log shows it.

Also characters that a terminal acts on: no document contains them unescaped.
"""

import json
import re
import threading
import urllib.parse

import harness

SECRET = "hunterTwo"
URL = f"https://bob:{SECRET}@x"

# Values that contain the secret, in the ways in which people write secrets.
LABELS = {
    "db.password": SECRET,
    "dbpassword": SECRET,
    "PGPASSWORD": SECRET,
    "homepage.widget.key": SECRET,
    "homepage.widget.url": URL,
    "traefik.http.middlewares.a.basicauth.users": f"bob:{SECRET}",
    "caddy_0.basicauth": f"bob {SECRET}",
    "com.docker.compose.project": URL,
    "com.docker.compose.service": URL,
    "com.example.json": json.dumps({"user": "bob", "password": SECRET}),
    "com.example.nested": json.dumps(json.dumps({"password": SECRET})),
    "com.example.env": f"A=1 PGPASSWORD={SECRET} B=2",
    "com.example.ini": f"user = bob\npassword = {SECRET}\n",
    "com.example.argv": f"app --basic-auth bob:{SECRET} -password {SECRET}",
    "com.example.slash": f"https://bob:a/{SECRET}@x/",
    "com.example.header": f"Authorization: Bearer {SECRET}",
    "rollcall.name": URL,
    "rollcall.port": URL,
    "rollcall.enable": URL,
    "rollcall.tags": f"{URL},edge",
    "rollcall.txt.token": SECRET,
    "rollcall.txt.link": URL,
    "rollcall.health.path": f"http://bob:{SECRET}@web/health",
    "rollcall.display.href": f"https://bob:{SECRET}@grafana.example/d",
    "rollcall.display.description": f"password: {SECRET}",
    "rollcall.bogus.password": SECRET,
    "koi.name": URL,
    "homepage.href": f"https://bob:{SECRET}@hp/",
    "traefik.http.routers.r.rule": f"Host(`{URL}`) &&& x",
    "traefik.http.routers.secret.rule": "Host(`shown.example`)",
    "prometheus.io/path": f"/m?token={SECRET}",
    "SERVICE_APIKEY": SECRET,
    f"key {URL}": "x",
}
EVIL = "a\x7f\u009b31m\u202e\u2066\u2028\u200b\ufeff\U000e0041"
BARE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")


def leaky():
    return harness.container(
        0,
        Names=["/" + URL],
        Image=URL,
        Status=URL,
        State="running",
        Labels=LABELS,
        Ports=[
            {"PrivatePort": 80, "PublicPort": 8080, "IP": "0.0.0.0", "Type": "tcp"},
            {"PrivatePort": 81, "Type": URL},
            {"PrivatePort": 82, "PublicPort": 82, "IP": URL, "Type": "tcp"},
        ],
        NetworkSettings={"Networks": {URL: {"IPAddress": "172.17.0.2"}, "bad": {"IPAddress": URL}}},
    )


class Secrets(harness.AttackCase):
    def assert_hidden(self, text, where):
        at = text.find(SECRET)
        self.assertEqual(at, -1, f"{where}: …{text[max(at - 80, 0) : at + 40]}…")

    def events(self, daemon, engine, cursor):
        """The events that subscribers receive when the container changes."""
        heard = []
        connection = daemon.connect(timeout=5)
        connection.sendall(f"GET /v1/events?since={cursor} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

        def listen():
            heard.append(harness.read_all(connection, 3))

        listener = threading.Thread(target=listen)
        listener.start()
        item = engine.containers[0]
        engine.containers[0] = item | {"State": "paused"}
        engine.tell(harness.event("pause", item["Id"]))
        listener.join()
        connection.close()
        return heard[0].decode()

    def test_no_route_and_no_log_shows_one(self):
        engine = self.engine([leaky()])
        daemon = self.daemon_with(engine, instances=1)
        instance = daemon.instances()[0]
        key = instance["key"]
        place = "/".join(urllib.parse.quote(key[part], safe="") for part in ("backend", "endpoint", "id"))
        routes = [
            "/v1/instances",
            "/v1/instances?fields=name,labels,metadata,problems",
            f"/v1/instances/{place}",
            f"/v1/explain/{place}",
            "/v1/sd/prometheus",
            "/v1/status",
            "/v1/runtime/instances",
            "/v1/runtime/status",
            "/metrics",
            "/docs",
            "/openapi.json",
        ]
        for route in routes:
            reply = daemon.get(route)
            self.assertEqual(reply.status, 200, route)
            self.assert_hidden(reply.body.decode(), route)
        cursor = daemon.get("/v1/instances").json()["cursor"]
        told = self.events(daemon, engine, cursor)
        self.assertIn("paused", told)
        self.assert_hidden(told, "/v1/events")
        self.assert_hidden(daemon.log(), "the log")
        for words in (["ls", "-o", "json"], ["ls", "-o", "wide", "--no-trunc"], ["explain", key["id"]], ["doctor"]):
            done = self.command(*words, "--server", daemon.socket)
            self.assert_hidden((done.stdout + done.stderr).decode(), " ".join(words) + " --server")

    def test_what_is_around_a_secret_is_told(self):
        daemon = self.daemon_with(self.engine([leaky()]), instances=1)
        instance = daemon.instances()[0]
        self.assertEqual(instance["labels"]["db.password"], "***")
        self.assertEqual(instance["metadata"]["display"]["href"]["value"], "https://bob:***@grafana.example/d")
        self.assertEqual(instance["group"], "https://bob:***@x")
        hosts = [host for route in instance["metadata"]["routes"] for host in route.get("hosts", [])]
        self.assertIn("shown.example", hosts)

    def test_no_selector_tells_whether_a_guess_is_right(self):
        daemon = self.daemon_with(self.engine([leaky()]), instances=1)
        for query in (
            f"label=db.password={SECRET}",
            f"selector=db.password={SECRET}",
            f"selector=db.password%20in%20({SECRET})",
            "group=" + urllib.parse.quote(URL, safe=""),
            "name=" + urllib.parse.quote(URL, safe=""),
        ):
            reply = daemon.get(f"/v1/instances?{query}")
            found = reply.json().get("instances", [])
            self.assertEqual(found, [], f"{query}: {reply.status}")

    def test_no_command_shows_one(self):
        engine = self.engine([leaky()])
        identity = engine.containers[0]["Id"]
        template = "{{.Name}}|{{.Labels}}|{{.Image}}|{{.Group}}|{{.Service}}|{{.Ports}}|{{.Addresses}}|{{.Reason}}|{{json .}}"
        for words in (
            ["ls"],
            ["ls", "-a", "-v"],
            ["ls", "-o", "wide", "--no-trunc"],
            ["ls", "-o", "json"],
            ["ls", "-o", "jsonl"],
            ["ls", "-o", "yaml"],
            ["ls", "-q"],
            ["ls", "--format", template],
            ["ls", "--filter", f"label=db.password={SECRET}"],
            ["explain", identity],
            ["explain", identity, "-o", "json"],
            ["doctor", "docker"],
            ["doctor", "docker", "-o", "json"],
        ):
            done = self.command(*words, "-e", engine.endpoint)
            words = [word for word in words if SECRET not in word]
            self.assert_hidden((done.stdout + done.stderr).decode(), " ".join(words))

    def test_no_variable_of_the_environment_shows_one(self):
        def inspect(connection, target):
            variables = [f"SECRET={SECRET}", f"SERVICE_NAME=bob:{SECRET}@x", f"SERVICE_TAGS=token={SECRET}", f"VIRTUAL_HOST=bob:{SECRET}@h"]
            body = {"Id": "x", "Config": {"Env": variables}}
            connection.sendall(harness.answer(json.dumps(body).encode()))
            return True

        engine = self.engine([harness.container(0)], inspect=inspect)
        daemon = self.daemon_with(engine, instances=1)
        done = self.command("ls", "--read-env", "-o", "json", "-e", engine.endpoint)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"SERVICE_TAGS", done.stdout)
        self.assert_hidden(done.stdout.decode(), "ls --read-env")
        self.assert_hidden(daemon.log(), "the log")

    def test_an_answer_that_is_broken_is_quoted_without_one(self):
        def broken(connection, target):
            connection.sendall(harness.answer(json.dumps([{"Image": URL, "Labels": {"password": SECRET}}]).encode()))
            return True

        engine = self.engine(list=broken)
        daemon = self.daemon(engines=[engine])
        said = self.eventually(lambda: "without an id" in daemon.log())
        self.assertTrue(said, daemon.log())
        self.assert_hidden(daemon.log(), "the log")
        self.assert_hidden(daemon.get("/v1/status").body.decode(), "/v1/status")

    def test_reveal_shows_what_labels_say(self):
        daemon = self.daemon("--reveal", engines=[self.engine([leaky()])])
        self.assertTrue(self.eventually(lambda: len(daemon.instances()) == 1), daemon.log())
        self.assertEqual(daemon.instances()[0]["labels"]["db.password"], SECRET)

    def test_masking_long_labels_takes_little_time(self):
        labels = {f"l{n}": piece * (20000 // len(piece)) for n, piece in enumerate(("a://b:c", "password=x ", "x@", '"auth":[', "$2a$"))}
        engine = self.engine([harness.container(n, Labels=labels) for n in range(20)])
        daemon = self.daemon_with(engine, instances=20)
        self.assertLess(daemon.cpu(), 5)


class Characters(harness.AttackCase):
    """Characters that a terminal acts on."""

    def hostile(self):
        return harness.container(
            0,
            Names=["/n" + EVIL],
            Image="i" + EVIL,
            Labels={"l" + EVIL: "v" + EVIL, "rollcall.name": EVIL, "com.docker.compose.project": "g" + EVIL},
            Ports=[{"PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}],
            NetworkSettings={"Networks": {"net" + EVIL: {"IPAddress": "172.17.0.2"}}},
        )

    def assert_clean(self, data, where):
        found = BARE.search(data.decode())
        self.assertIsNone(found, f"{where}: {found and ascii(found.group(0))}")

    def test_commands_write_none(self):
        engine = self.engine([self.hostile()])
        identity = engine.containers[0]["Id"]
        for words in (
            ["ls"],
            ["ls", "-o", "wide", "--no-trunc"],
            ["ls", "-o", "json"],
            ["ls", "-o", "jsonl"],
            ["ls", "-o", "yaml"],
            ["ls", "--format", "{{.Name}} {{.Labels}} {{.Group}} {{json .}}"],
            ["explain", identity],
            ["explain", identity, "-o", "json"],
        ):
            done = self.command(*words, "-e", engine.endpoint)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assert_clean(done.stdout + done.stderr, " ".join(words))
        done = self.command("ls", "-o", "json", "-e", engine.endpoint)
        self.assertEqual(json.loads(done.stdout)["instances"][0]["name"], "n" + EVIL)

    def test_routes_answer_with_none(self):
        daemon = self.daemon_with(self.engine([self.hostile()]), instances=1)
        key = daemon.instances()[0]["key"]
        place = "/".join(urllib.parse.quote(key[part], safe="") for part in ("backend", "endpoint", "id"))
        for route in (
            "/v1/instances",
            "/v1/instances?fields=name,labels",
            f"/v1/explain/{place}",
            "/v1/sd/prometheus",
            "/v1/runtime/instances",
            "/v1/status",
            "/metrics",
            "/v1/instances?label=" + urllib.parse.quote(EVIL),
            "/v1/instances?nonsense=" + urllib.parse.quote(EVIL),
        ):
            self.assert_clean(daemon.get(route).body, route)
        self.assertEqual(daemon.instances()[0]["name"], "n" + EVIL)
        self.assert_clean(daemon.log().encode(), "the log")


if __name__ == "__main__":
    harness.main()
