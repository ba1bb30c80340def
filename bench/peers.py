"""The programs that are measured side by side: Rollcall, the floor and the peers."""

import pathlib
import shutil
import subprocess
from collections.abc import Callable

from measure import BIN, ROLLCALL, BenchError

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # Debian's, as python3-docker is installed for it
SELF = "rollcall again"  # the self-comparison
CURL = "curl (floor)"
DOCKER = "docker ps -q"
JSON = "rollcall ls -o json"

Command = Callable[[str], list[str]]  # the socket of an engine -> the command line


def _rollcall(socket: str) -> list[str]:
    return [ROLLCALL, "ls", "-q", "--runtime", "docker", "--endpoint", f"unix://{socket}"]


def _rollcall_json(socket: str) -> list[str]:
    return [ROLLCALL, "ls", "-o", "json", "--runtime", "docker", "--endpoint", f"unix://{socket}"]


def _curl(socket: str) -> list[str]:
    return ["curl", "--silent", "--show-error", "--fail", "--unix-socket", socket,
            "http://docker/v1.41/containers/json"]


def _docker(socket: str) -> list[str]:
    return ["docker", "-H", f"unix://{socket}", "ps", "-q"]


def _peer(runner: str, script: str, *more: str) -> Command:
    return lambda socket: [runner, str(HERE / "peers" / script), socket, *more]


LISTERS: dict[str, Command] = {
    "rollcall ls -q": _rollcall,
    CURL: _curl,
    DOCKER: _docker,
    "dockerode": _peer("node", "list.js"),
    "dockerode, inspects": _peer("node", "list.js", "--inspect"),
    "python containers.list()": _peer(PYTHON, "list.py"),
    JSON: _rollcall_json,
    SELF: _rollcall,
}

EVENT_PRINTERS: dict[str, Command] = {
    "docker events": lambda socket: [
        "docker", "-H", f"unix://{socket}", "events", "--filter", "event=start", "--format", "{{.ID}}"],
    "dockerode": _peer("node", "events.js"),
    "python events()": _peer(PYTHON, "events.py"),
}


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, cwd=HERE, capture_output=True, check=False).returncode == 0


def require_all() -> None:
    """Raises BenchError with a sentence if a program is missing: no peer is silently left out."""
    for program in ("curl", "docker", "node", "ss", "nginx", "wrk", PYTHON):
        if shutil.which(program) is None:
            raise BenchError(f"{program} is not installed; scripts/setup --bench installs it")
    if not _succeeds(PYTHON, "-c", "import docker"):
        raise BenchError(f"Docker's SDK is not there for {PYTHON}; scripts/setup --bench installs python3-docker")
    if not _succeeds("node", "-e", "require('dockerode')"):
        raise BenchError("dockerode is not in bench/node_modules; scripts/bench puts it there with `npm ci`")
    if not _succeeds("node", "-e", "import('@kubernetes/client-node')"):
        raise BenchError("@kubernetes/client-node is not in bench/node_modules; scripts/bench puts it there with `npm ci`")
    for binary in ("rollcall", "scripted_docker", "scripted_kubernetes", "measured_run", "stamp", "crowd", "look", "subscribers"):
        if not (BIN / binary).exists():
            raise BenchError(f"{binary} is not built; run scripts/bench, which builds it")


def versions() -> dict[str, str]:
    """The versions that the peers report."""
    commands = {
        "curl": ["curl", "--version"],
        "docker": ["docker", "--version"],
        "node": ["node", "--version"],
        "ss": ["ss", "--version"],
        "dockerode": ["node", "-p", "require('dockerode/package.json').version"],
        "client-node": ["node", "-p", "JSON.parse(fs.readFileSync('../node_modules/@kubernetes/client-node/package.json')).version"],
        "kubectl": ["kubectl", "version", "--client"],
        "python docker": [PYTHON, "-c", "import docker; print(docker.__version__)"],
    }
    told = {}
    for name, command in commands.items():
        said = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False).stdout
        told[name] = said.splitlines()[0] if said else "unknown"
    return told
