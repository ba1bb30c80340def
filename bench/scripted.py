"""The scripted engine as a process: starts it, controls it, reads its statistics, kills it."""

import contextlib
import json
import pathlib
import subprocess
import time
from collections.abc import Iterable, Iterator

import containers
from http_unix import UnixConnection
from measure import BIN, BenchError


class ScriptedEngine:
    """An engine with containers `numbers` of the family `seed`, on a socket in `folder`."""

    def __init__(self, folder: pathlib.Path, seed: str, numbers: Iterable[int], name: str = "docker") -> None:
        self.socket = str(folder / f"{name}.sock")
        self._inspect = folder / "inspect.json"
        self._state = folder / f"{name}.state"
        self.seed = seed
        self.start(seed, numbers)

    def start(self, seed: str, numbers: Iterable[int]) -> None:
        wanted = list(numbers)
        self.seed, self.ids = seed, {containers.container_id(seed, number) for number in wanted}
        containers.write_state(self._state, seed, wanted)
        containers.write_inspect(self._inspect)
        self.launch()

    def launch(self) -> None:
        """Starts the process on the state that was last written."""
        pathlib.Path(self.socket).unlink(missing_ok=True)
        command = [str(BIN / "scripted_docker"), self.socket, str(self._state), str(self._inspect)]
        self._process = subprocess.Popen(command)
        deadline = time.monotonic() + 20
        while True:
            try:
                self._control = UnixConnection(self.socket)
                self._control.connect()
                return
            except OSError as error:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise BenchError("the scripted engine does not start") from error
                time.sleep(0.001)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._control.close()

    def stats(self) -> dict:
        self._control.request("GET", "/bench/stats")
        return json.loads(self._control.getresponse().read())

    def send_start(self, number: int) -> None:
        """Starts one more container; `take_answer` returns the time of the signal."""
        self._control.request("POST", "/bench/start", containers.state_line(self.seed, number).encode())

    def end(self, number: int) -> None:
        self._control.request("POST", "/bench/end", containers.container_id(self.seed, number).encode())
        self.take_answer()

    def take_answer(self) -> int:
        return int(self._control.getresponse().read())

    def __enter__(self) -> "ScriptedEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def requests_between(before: dict, after: dict) -> int:
    return sum(after["requests"].values()) - sum(before["requests"].values())


@contextlib.contextmanager
def engines_of(folder: pathlib.Path, seed: str, sizes: Iterable[int]) -> Iterator[list[ScriptedEngine]]:
    """One engine per size, all at once."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(ScriptedEngine(folder, seed, range(size), f"docker{size}")) for size in sizes]
