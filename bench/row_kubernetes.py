"""Row `kubernetes`: lists of 5,000, 20,000 and 100,000 pods beside curl for the same bytes."""

import pathlib
import statistics
import subprocess

import kubernetes
from intervals import Bar, ratios
from measure import BenchError, Run, in_turns, measured_run
from report import Table

SIZES = [5_000, 20_000, 100_000]
INFORMER_LIMIT = 20_000  # more take minutes, and more memory than node's default limit
COLUMNS = ("pods", "program", "wall ms", "CPU ms", "peak MiB", "rollcall ÷ it")
OURS = "rollcall ls -q"
CURL = "curl (floor)"
AGAIN = "rollcall again"
INFORMER = "client-node informer"


def _programs(server: kubernetes.ScriptedKubernetes) -> dict[str, list[str]]:
    ls = kubernetes.ls_command(server.config, "-q")
    programs = {OURS: ls, CURL: server.curl(), AGAIN: ls}
    if server.count <= INFORMER_LIMIT:
        programs[INFORMER] = kubernetes.informer_command(server.config)
    return programs


def check_complete(programs: dict[str, list[str]], words: dict[str, bytes], count: int) -> None:
    """Checks that each program lists everything: one that is fast because it lists less is no peer."""
    for name, command in programs.items():
        told = measured_run(command, subprocess.PIPE)[1].count(words[name])
        if told != count:
            raise BenchError(f"{name} tells {told} pods of {count}")


def measure_pairs(programs: dict[str, list[str]], pairs: int) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {name: [] for name in programs}
    for name, command in in_turns(programs, pairs):
        runs[name].append(measured_run(command)[0])
    return runs


def walls(runs: list[Run]) -> list[float]:
    return [run.wall_ms for run in runs]


def add_rows(table: Table, count: int, runs: dict[str, list[Run]]) -> None:
    for name, of_it in runs.items():
        table.add(count, name, statistics.median(walls(of_it)), statistics.median(run.cpu_ms for run in of_it),
                  statistics.median(run.peak_mib for run in of_it),
                  None if name == OURS else ratios(walls(runs[OURS]), walls(of_it)))


def kubernetes_row(folder: pathlib.Path, _sizes: list[int], pairs: int) -> Table:
    table = Table("kubernetes", "start to the complete list, whole process, scripted API server", COLUMNS)
    words = {OURS: b"5abf1ad3-97d0-493f-8562-", CURL: b'"podIPs":[', AGAIN: b"5abf1ad3-97d0-493f-8562-",
             INFORMER: b"shop-"}
    for count in SIZES:
        with kubernetes.ScriptedKubernetes(folder, count) as server:
            programs = _programs(server)
            check_complete(programs, words, count)
            runs = measure_pairs(programs, pairs)
        add_rows(table, count, runs)
        table.bars.append(Bar(f"{count:,} pods: rollcall ÷ curl", ratios(walls(runs[OURS]), walls(runs[CURL])), "",
                              at_most=3))
    return table
