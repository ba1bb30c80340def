"""Engines that list without end, list instances of others, or send more than they have."""

import json
import resource
import threading

import harness
from harness import MIB, AttackCase, answer, chunk, container, event


def forever(connection, block):
    """Sends what `block()` returns until the peer closes the connection."""
    try:
        while True:
            connection.sendall(block())
    except OSError:
        return False


def numbered(padding, count=200):
    """Chunks of items that are all different, `count` in each."""
    before, between, after = (
        json.dumps(container(0, Id="@", Names=["/@"], Labels={"pad": "z" * padding})).encode().split(b"@")
    )
    at = 0

    def block():
        nonlocal at
        parts = []
        for _ in range(count):
            at += 1
            number = b"%064x" % (at + 1000)
            parts.append(before + number + between + number + after + b",")
        return chunk(b"".join(parts))

    return block


def lists(block):
    """A handler whose list begins, and never ends."""

    def handler(connection, target):
        connection.sendall(answer(None) + chunk(b"["))
        return forever(connection, block)

    return handler


SPACE = chunk(b" " * (1 << 20))
ITEM = chunk((json.dumps(container(7)) + ",").encode() * 300)
NESTED = chunk(b'{"a":' * 20000)


def in_the_head(connection, target):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    return forever(connection, lambda: b"X-More: " + b"x" * 4000 + b"\r\n")


def in_an_extension(connection, target):
    connection.sendall(answer(None) + b"1;")
    return forever(connection, lambda: b"x" * 65536)


def in_the_trailer(connection, target):
    connection.sendall(answer(None) + chunk(b"[]") + b"0\r\n")
    return forever(connection, lambda: b"X-More: " + b"x" * 4000 + b"\r\n")


ENDLESS = {
    "items": dict(list=lists(numbered(20000, 50))),
    "small items": dict(list=lists(numbered(0, 500))),
    "one item": dict(list=lists(lambda: ITEM)),
    "space": dict(list=lists(lambda: SPACE)),
    "an item": dict(list=lists(lambda: NESTED)),
    "a head": dict(list=in_the_head),
    "a chunk's extension": dict(list=in_an_extension),
    "a trailer": dict(list=in_the_trailer),
    "a ping": dict(ping=lambda c, t: (c.sendall(answer(None)), forever(c, lambda: SPACE))[1]),
    "an event": dict(events=lambda c, t: (c.sendall(answer(None) + chunk(b'{"Type":"')), forever(c, lambda: SPACE))[1]),
}


class EndlessTest(AttackCase):
    def test_nothing_that_has_no_end_takes_more_than_its_budget(self):
        good = self.engine([container(number) for number in range(3)])
        for name, handlers in ENDLESS.items():
            with self.subTest(endless=name):
                evil = self.engine(**handlers)
                limits = {resource.RLIMIT_AS: 2048 * MIB}
                daemon = self.daemon_with(good, evil, instances=3, limits=limits)
                given_up = self.eventually(lambda: self.is_away(daemon, evil), deadline=30)
                self.assertTrue(given_up, f"it is listened to for ever: {daemon.get('/v1/status').body}")
                self.assertTrue(daemon.alive(), daemon.log()[-500:])
                self.assertLess(daemon.peak(), 1024 * MIB)
                self.assertEqual(len(daemon.instances()), 3)
                self.assertEqual(daemon.stop(), 0)
                evil.stop()

    def is_away(self, daemon, engine):
        backends = daemon.get("/v1/status", timeout=20).json()["backends"]
        return any(engine.path in b["endpoint"] and b["state"] == "backing_off" and b["reason"] for b in backends)


class NoMemoryTest(AttackCase):
    def test_an_engine_for_whose_list_there_is_no_memory_is_listed_when_it_is_well(self):
        well = threading.Event()
        endless = numbered(20000, 50)

        def until_well():
            if well.is_set():
                raise OSError
            return endless()

        def listed(connection, target):
            if well.is_set():
                return harness.Engine.list(engine, connection, target)
            connection.sendall(answer(None) + chunk(b"["))
            return forever(connection, until_well)

        engine = self.engine([container(0)], list=listed)
        daemon = self.daemon(engines=[engine], limits={resource.RLIMIT_AS: 400 * MIB})
        asked = self.eventually(lambda: sum("/containers/json" in target for target in engine.requests) >= 3, 40)
        self.assertTrue(daemon.alive(), daemon.log()[-500:])
        self.assertTrue(asked, f"it is not tried again: {engine.requests}")
        well.set()
        self.assertTrue(self.eventually(lambda: len(daemon.instances()) == 1, 20), daemon.log()[-500:])
        self.assertLess(daemon.resident(), 200 * MIB, "what the failed lists took is not given back")


class StormTest(AttackCase):
    joined = 3000

    def test_events_of_one_whose_network_many_use_cost_what_the_instances_cost(self):
        owner = f"{1:064x}"
        joins = dict(HostConfig={"NetworkMode": f"container:{owner}"}, NetworkSettings={"Networks": {}})
        engine = self.engine([container(0)] + [container(number, **joins) for number in range(1, self.joined)])
        daemon = self.daemon_with(engine, instances=self.joined)
        before, cpu = daemon.peak(), daemon.cpu()
        engine.tell(event("pause", owner) * 6000)
        late = container(self.joined + 1)
        engine.containers.append(late)
        engine.tell(event("start", late["Id"]))
        self.assertTrue(self.eventually(lambda: len(daemon.instances()) == self.joined + 1, 30))
        self.assertLess(daemon.peak() - before, 150 * MIB)
        self.assertLess(daemon.cpu() - cpu, 5)

    def test_signals_of_instances_that_do_not_exist_are_bounded(self):
        engine = self.engine([container(0)])
        daemon = self.daemon_with(engine, instances=1)
        before = daemon.peak()
        for block in range(40):
            engine.tell(b"".join(event("start", f"{block * 5000 + number + 99:064x}") for number in range(5000)))
        late = container(1)
        engine.containers.append(late)
        engine.tell(event("start", late["Id"]))
        self.assertTrue(self.eventually(lambda: len(daemon.instances()) == 2, 40))
        self.assertLess(daemon.peak() - before, 300 * MIB)


class TheftTest(AttackCase):
    def test_one_that_lists_the_ids_of_another_does_not_take_its_place(self):
        evil = self.engine([container(5, Names=["/stolen"])])
        daemon = self.daemon_with(evil, instances=1)
        daemon.stop()
        held = threading.Event()

        def late(connection, target):
            held.wait(10)
            return harness.Engine.list(true, connection, target)

        true = self.engine([container(5, Names=["/true"])], list=late)
        daemon = self.daemon_with(evil, true, instances=1)
        held.set()
        self.assertTrue(self.eventually(lambda: len(daemon.instances()) == 2), daemon.get("/v1/instances").body)
        for instance in daemon.instances():
            self.assertTrue(any(problem["where"] == "id" for problem in instance["problems"]), instance)
        self.assertEqual({instance["name"] for instance in daemon.instances()}, {"stolen", "true"})

    def test_two_paths_to_one_engine_are_told_once(self):
        def info(connection, target):
            if target.endswith("/info"):
                connection.sendall(answer(b'{"ID":"one"}'))
                return True
            return harness.Engine.inspect(first, connection, target)

        first = self.engine([container(1), container(2)], inspect=info)
        second = self.engine([container(1), container(2)], inspect=info)
        daemon = self.daemon_with(first, second, instances=2)
        asked = self.eventually(lambda: any(target.endswith("/info") for target in first.requests + second.requests))
        self.assertTrue(asked)
        settled = self.eventually(lambda: daemon.get("/v1/status").json()["settled"])
        self.assertTrue(settled)
        self.assertEqual(len(daemon.instances()), 2)
        self.assertFalse(any(instance.get("problems") for instance in daemon.instances()))


if __name__ == "__main__":
    harness.main()
