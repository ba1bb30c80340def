"""Row `incus`: 1,000 instances of a scripted server, listed beside curl and the server's own command."""

import json
import os
import pathlib
import statistics
import subprocess
import time

from intervals import Bar, ratios
from measure import BIN, ROLLCALL, BenchError, Run, in_turns, measured_run
from report import Table

COLUMNS = ("instances", "with a network", "program", "wall ms", "CPU ms", "peak MiB", "rollcall ÷ it")
INSTANCES = 1000
OURS = "rollcall ls -q"
CURL = "curl (floor)"
AGAIN = "rollcall again"
LXC = "lxc list -f json"
SYNC = {"type": "sync", "status": "Success", "status_code": 200, "operation": "", "error_code": 0, "error": ""}


def _name(number: int) -> str:
    return f"c{number:04}"


def _config(number: int) -> dict[str, str]:
    """The configuration of a container as LXD 5.0 lists it, about 0.9 KB. It occurs twice: alone and with its profiles."""
    idmap = json.dumps([{"Isuid": kind, "Isgid": not kind, "Hostid": 1000000, "Nsid": 0, "Maprange": 1000000000}
                        for kind in (True, False)])
    return {"image.architecture": "x86_64", "image.description": "Debian bookworm amd64", "image.os": "Debian",
            "image.release": "bookworm", "user.role": f"role{number % 7}", "volatile.base_image": f"{number:064x}",
            "volatile.eth0.hwaddr": f"00:16:3e:00:{number // 256:02x}:{number % 256:02x}",
            "volatile.idmap.base": "0", "volatile.idmap.current": idmap, "volatile.idmap.next": idmap,
            "volatile.last_state.idmap": "[]", "volatile.last_state.power": "RUNNING"}


def _instance(number: int, network: bool) -> dict:
    devices = {"root": {"path": "/", "pool": "default", "type": "disk"},
               "http": {"connect": "tcp:127.0.0.1:80", "listen": f"tcp:0.0.0.0:{10000 + number}", "type": "proxy"}}
    if network:
        devices["eth0"] = {"name": "eth0", "network": "lxdbr0", "type": "nic"}
    return {"architecture": "x86_64", "config": _config(number), "devices": {}, "ephemeral": False,
            "profiles": ["default"], "stateful": False, "description": "", "created_at": "2026-11-21T22:28:05.18722071Z",
            "expanded_config": _config(number), "expanded_devices": devices, "name": _name(number),
            "status": "Running", "status_code": 103, "last_used_at": "2026-11-21T22:28:08.755836694Z",
            "location": "none", "type": "container", "project": "default"}


def _state(number: int, network: bool) -> dict:
    interfaces = {"lo": {"addresses": [{"family": "inet", "address": "127.0.0.1", "netmask": "8", "scope": "local"}],
                         "hwaddr": "", "host_name": "", "mtu": 65536, "state": "up", "type": "loopback",
                         "counters": {}}}
    if network:
        address = f"10.0.{number // 250}.{number % 250 + 2}"
        interfaces["eth0"] = {"addresses": [{"family": "inet", "address": address, "netmask": "16", "scope": "global"}],
                              "hwaddr": _config(number)["volatile.eth0.hwaddr"], "host_name": "veth0", "mtu": 1500,
                              "state": "up", "type": "broadcast", "counters": {}}
    return {"status": "Running", "status_code": 103, "disk": {}, "memory": {}, "network": interfaces, "pid": 1,
            "processes": 3, "cpu": {"usage": 1}}


def _answers(network: bool) -> dict[str, object]:
    numbers = range(INSTANCES)
    whole = [_instance(number, network) for number in numbers]
    full = [{**it, "backups": None, "snapshots": None, "state": _state(number, network)}
            for number, it in enumerate(whole)]
    server = {"config": {}, "api_extensions": ["api_filtering", "container_full", "instances", "projects", "instance_all_projects"],
              "api_status": "stable", "api_version": "1.0", "auth": "trusted", "public": False,
              "auth_methods": ["tls"], "environment": {"server": "lxd", "server_version": "5.0.2", "addresses": []}}
    answers: dict[str, object] = {
        "/1.0": server,
        "/1.0/projects": ["/1.0/projects/default"],
        "/1.0/instances?recursion=1&all-projects=true": whole,
        "/1.0/instances?recursion=2": full,
        "/1.0/instances?filter=&recursion=2": full,
        "/1.0/networks/lxdbr0/forwards?recursion=1&project=default": [],
    }
    if network:
        for number in numbers:
            answers[f"/1.0/instances/{_name(number)}/state?project=default"] = _state(number, network)
    return answers


class _Server:
    """The scripted server as a process, with a socket in a folder of its own."""

    def __init__(self, folder: pathlib.Path, network: bool) -> None:
        self.folder = folder / ("with" if network else "without")
        self.folder.mkdir()
        self.socket = str(self.folder / "unix.socket")
        answers = self.folder / "answers"
        answers.write_text("".join(f"{target}\t{json.dumps({**SYNC, 'metadata': metadata})}\n"
                                   for target, metadata in _answers(network).items()))
        self._process = subprocess.Popen([str(BIN / "scripted_answers"), self.socket, str(answers)])
        deadline = time.monotonic() + 20
        while not os.path.exists(self.socket):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise BenchError("the scripted server does not start")
            time.sleep(0.001)

    def __enter__(self) -> "_Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def programs(self, network: bool) -> dict[str, list[str]]:
        ls = [ROLLCALL, "ls", "-e", f"incus=unix://{self.socket}", "-q"]
        urls = ["http://x/1.0/instances?recursion=1&all-projects=true"]
        if network:
            urls.append(f"http://x/1.0/instances/c[0000-{INSTANCES - 1:04}]/state?project=default")
        curl = ["curl", "--silent", "--fail", "--unix-socket", self.socket, *urls]
        lxc = ["env", f"LXD_DIR={self.folder}", f"LXD_CONF={self.folder}", "lxc", "list", "-f", "json"]
        return {OURS: ls, CURL: curl, AGAIN: ls, LXC: lxc}


def _check_complete(programs: dict[str, list[str]]) -> None:
    """Checks that each program lists everything: one that is fast because it lists less is no peer."""
    words = {OURS: b"default/c", CURL: b'"profiles"', AGAIN: b"default/c", LXC: b'"profiles"'}
    for name, command in programs.items():
        told = measured_run(command, subprocess.PIPE)[1].count(words[name])
        if told != INSTANCES:
            raise BenchError(f"{name} tells {told} instances of {INSTANCES}")


def _walls(runs: list[Run]) -> list[float]:
    return [run.wall_ms for run in runs]


def incus_row(folder: pathlib.Path, _sizes: list[int], pairs: int) -> Table:
    table = Table("incus", "start to the complete list, whole process, scripted LXD", COLUMNS)
    for network in (False, True):
        with _Server(folder, network) as server:
            programs = server.programs(network)
            _check_complete(programs)
            runs: dict[str, list[Run]] = {name: [] for name in programs}
            for name, command in in_turns(programs, pairs):
                runs[name].append(measured_run(command)[0])
        for name, of_it in runs.items():
            table.add(INSTANCES, "yes" if network else "no", name, statistics.median(_walls(of_it)),
                      statistics.median(run.cpu_ms for run in of_it), statistics.median(run.peak_mib for run in of_it),
                      None if name == OURS else ratios(_walls(runs[OURS]), _walls(of_it)))
        what = "with" if network else "without"
        table.bars.append(Bar(f"1,000 instances {what} a network: rollcall ÷ curl",
                              ratios(_walls(runs[OURS]), _walls(runs[CURL])), "", at_most=4))
        table.bars.append(Bar(f"1,000 instances {what} a network: lxc list ÷ rollcall",
                              ratios(_walls(runs[LXC]), _walls(runs[OURS])), "", at_least=1))
    return table
