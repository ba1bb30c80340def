#!/usr/bin/env python3
"""A daemon that has not listed an engine since its start, and the clients that act on its answers.

That no instance of such an engine is listed does not mean that it runs none: clients that register, scrape or watch what the daemon
lists would otherwise drop them all.
"""

import contextlib
import json
import os
import pathlib
import signal
import subprocess

import harness


class UnknownEngine(harness.AttackCase):
    def setUp(self):
        super().setUp()
        self.place = self.fresh_folder() / "away.sock"
        self.folder_of_daemon = self.fresh_folder()

    def there(self, *numbers):
        """Starts the engine at the endpoint that is unavailable at first."""
        engine = harness.Engine(self.place, [harness.container(number) for number in numbers])
        self.addCleanup(engine.stop)
        return engine

    def start(self, *arguments, **options):
        options.setdefault("engines", [f"docker=unix://{self.place}"])
        return self.daemon(*arguments, folder=self.folder_of_daemon, **options)

    def list(self, daemon, query=""):
        return daemon.get("/v1/instances" + query).json()

    def becomes(self, daemon, complete, deadline=10):
        held = self.eventually(lambda: self.list(daemon)["complete"] is complete, deadline)
        self.assertTrue(held, f"{self.list(daemon)}\n{daemon.log()}")

    def deregistered_by(self, daemon, known):
        """What a consumer that compares lists would deregister, by the rules of the documentation."""
        listed = self.list(daemon)
        if not listed["complete"]:
            return set()
        return known - {instance["key"]["id"] for instance in listed["instances"]}

    def test_a_restart_while_the_engine_is_away_deregisters_nothing(self):
        engine = self.there(1, 2)
        daemon = self.start()
        self.becomes(daemon, True)
        known = {instance["key"]["id"] for instance in daemon.instances()}
        self.assertEqual(len(known), 2)
        daemon.stop()
        engine.stop()

        daemon = self.start()
        self.eventually(lambda: "reason" in self.list(daemon)["stale"][0])
        for query in ("", "?name=c1", "?fields=name", "?runtime=docker"):
            listed = self.list(daemon, query)
            self.assertEqual(listed["instances"], [])
            self.assertIs(listed["complete"], False, query)
            self.assertIs(listed["stale"][0]["never"], True, query)
            self.assertIn(str(self.place), listed["stale"][0]["endpoint"])
        self.assertEqual(self.deregistered_by(daemon, known), set())
        for target in ("/v1/sd/prometheus", "/v1/runtime/instances", "/readyz"):
            reply = daemon.get(target)
            self.assertEqual(reply.status, 503, target)
            self.assertIn("retry-after", reply.headers)
            self.assertIn(str(self.place), reply.json()["detail"])
        self.assertEqual(daemon.get("/livez").status, 200)
        one = "/v1/instances/docker/" + str(self.place).replace("/", "%2F")
        one = one.replace("docker/", "docker/unix%3A%2F%2F") + "/" + min(known)
        self.assertEqual(daemon.get(one).status, 503, "it is not said to have stopped")

        tag = daemon.get("/v1/instances").headers["etag"]
        self.there(1)
        self.becomes(daemon, True)
        self.assertEqual(daemon.get("/v1/instances", [f"If-None-Match: {tag}"]).status, 200)
        self.assertEqual(len(self.deregistered_by(daemon, known)), 1)
        self.assertEqual(daemon.get("/v1/sd/prometheus").status, 200)
        self.assertEqual(daemon.get("/readyz").body, b"ready\n")

    def test_one_of_two_that_is_away_is_enough(self):
        other = self.engine([harness.container(7)])
        daemon = self.start(engines=[f"docker=unix://{self.place}", other])
        self.assertTrue(self.eventually(lambda: len(daemon.instances()) == 1))
        listed = self.list(daemon)
        self.assertIs(listed["complete"], False)
        self.assertEqual([one["endpoint"] for one in listed["stale"]], [f"unix://{self.place}"])
        self.assertEqual(daemon.get("/v1/sd/prometheus").status, 503)

    def test_when_the_wait_is_over_what_is_known_is_told(self):
        daemon = self.start("--wait-for-named", "2s")
        self.assertEqual(daemon.get("/v1/sd/prometheus").status, 503)
        self.assertTrue(self.eventually(lambda: daemon.get("/v1/sd/prometheus").status == 200))
        self.assertEqual(daemon.get("/v1/sd/prometheus").json(), [])
        ready = daemon.get("/readyz")
        self.assertEqual(ready.status, 200)
        self.assertIn(b"never listed: docker at", ready.body)
        self.assertIs(self.list(daemon)["complete"], False, "time makes nothing known")

    def test_a_denied_engine_and_one_that_is_no_engine_are_unknown(self):
        def denied(connection, target):
            connection.sendall(harness.answer(b'{"message":"no"}', "403 Forbidden"))
            return True

        refusing = self.engine([harness.container(1)], list=denied)
        self.place.write_text("no socket")
        daemon = self.start(engines=[refusing, f"docker=unix://{self.place}"])
        tried = self.eventually(lambda: all("reason" in one for one in self.list(daemon)["stale"]))
        self.assertTrue(tried, daemon.log())
        self.assertEqual(len(self.list(daemon)["stale"]), 2)
        self.assertEqual(daemon.get("/v1/sd/prometheus").status, 503)

    def test_after_the_grace_lists_do_not_pretend(self):
        engine = self.there(1)
        daemon = self.start("--grace", "1s")
        self.becomes(daemon, True)
        known = {instance["key"]["id"] for instance in daemon.instances()}
        engine.stop()
        self.becomes(daemon, False)
        listed = self.list(daemon)
        self.assertEqual(listed["instances"], [])
        self.assertIs(listed["stale"][0]["dropped"], True)
        self.assertEqual(self.deregistered_by(daemon, known), set())
        self.assertEqual(daemon.get("/v1/sd/prometheus").json(), [], "the grace asks for that")
        self.assertEqual(daemon.get("/readyz").status, 200)

    def test_a_reload_that_names_an_engine_begins_its_wait(self):
        other = self.engine([harness.container(7)])
        engines = f"engines:\n- {{runtime: docker, endpoint: '{other.path}'}}\n"
        daemon = self.start(engines=[], config=engines)
        self.becomes(daemon, True)
        self.assertTrue(self.eventually(lambda: daemon.get("/v1/sd/prometheus").status == 200))
        daemon.config.write_text(engines + f"- {{runtime: docker, endpoint: '{self.place}'}}\n")
        daemon.signal(signal.SIGHUP)
        self.becomes(daemon, False)
        self.assertEqual(daemon.get("/v1/sd/prometheus").status, 503)
        self.assertEqual(len(daemon.instances()), 1, "the other engine was not touched")
        self.there()
        self.becomes(daemon, True)
        self.assertEqual(daemon.get("/v1/sd/prometheus").status, 200)

    def test_streams_tell_when_it_is_known(self):
        daemon = self.start()
        with daemon.connect() as stream:
            stream.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n")
            stream.settimeout(0.2)
            text = b""

            def says(words):
                nonlocal text
                with contextlib.suppress(TimeoutError):
                    text += stream.recv(65536)
                return words in text

            self.assertTrue(self.eventually(lambda: says(b'"complete":false')), text)
            self.there()  # it runs nothing, so only its return is logged
            self.assertTrue(self.eventually(lambda: says(b'"complete":true')), text)

    def test_commands_say_it_as_they_do_of_an_engine_itself(self):
        other = self.engine([harness.container(7)])
        daemon = self.start(engines=[f"docker=unix://{self.place}", other])
        self.assertTrue(self.eventually(lambda: len(daemon.instances()) == 1))
        for words in (["ls", "-q"], ["explain", "c7", "-o", "json"]):
            done = self.command(*words, "--server", daemon.socket)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(str(self.place), done.stderr.decode())
            self.assertTrue(done.stdout, "what is known is shown all the same")
        self.assertIs(json.loads(done.stdout)["dns_label_partial"], True)
        done = self.command("ls", "host", "--server", daemon.socket)
        self.assertEqual((done.returncode, done.stderr), (0, b""), "another runtime was asked for")

    def test_watch_tells_of_no_end_that_nobody_saw(self):
        engine = self.there(1, 2)
        daemon = self.start()
        self.becomes(daemon, True)
        out = pathlib.Path(self.folder_of_daemon / "watch.out")
        err = pathlib.Path(self.folder_of_daemon / "watch.err")
        with out.open("wb") as told, err.open("wb") as warned:
            watch = subprocess.Popen(
                [harness.PROGRAM, "watch", "-o", "jsonl", "--server", daemon.socket],
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=warned,
                env=harness.ENVIRONMENT | {"HOME": os.fspath(self.folder)},
            )
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)

        def lines(type_of_event):
            events = [json.loads(line) for line in out.read_text().splitlines()]
            return [event for event in events if event["type"] == type_of_event]

        self.assertTrue(self.eventually(lambda: len(lines("started")) == 2))
        daemon.stop()
        engine.stop()
        self.assertTrue(self.eventually(lambda: lines("backend_disconnected")))
        daemon = self.start()
        self.assertTrue(self.eventually(lambda: "never listed" in err.read_text(), 15), err.read_text())
        self.assertEqual(lines("stopped"), [])
        self.there(1)  # the other instance has ended meanwhile
        self.assertTrue(self.eventually(lambda: len(lines("stopped")) == 1, 15), out.read_text())
        self.assertEqual(lines("stopped")[0]["name"], "c2")
        self.assertEqual(len(lines("started")), 2, "the one that goes on was never told to have stopped")


if __name__ == "__main__":
    harness.main()
