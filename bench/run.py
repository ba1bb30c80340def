"""Measures Rollcall beside its floors and peers: see bench/README.md. scripts/bench builds and runs this."""

import argparse
import pathlib
import sys
import tempfile
from collections.abc import Callable

import peers
from intervals import PAIRS_TO_JUDGE
from measure import BenchError
from report import Table, machine, text_of, text_of_bars, write_json
from row_dockerd import dockerd_row
from row_incus import incus_row
from row_kubernetes import kubernetes_row
from row_kubernetes_real import kubernetes_real_row
from row_kubernetes_watch import kubernetes_watch_row
from row_latency import latency_row
from row_list import growth_row, list_row
from row_memory import memory_row
from row_podman import podman_row
from row_restart import restart_row
from row_serve import serve_row
from row_sockets import sockets_row
from row_systemd import systemd_row

SIZES = [100, 1000, 5000]
QUICK_PAIRS = 3

Row = Callable[[pathlib.Path, list[int], int], Table]
ROWS: dict[str, Row] = {
    "list": list_row,
    "growth": growth_row,
    "memory": memory_row,
    "latency": latency_row,
    "restart": restart_row,
    "dockerd": dockerd_row,
    "podman": podman_row,
    "sockets": sockets_row,
    "systemd": systemd_row,
    "incus": incus_row,
    "serve": serve_row,
    "kubernetes": kubernetes_row,
    "kubernetes-watch": kubernetes_watch_row,
    "kubernetes-real": kubernetes_real_row,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.split(":")[0])
    parser.add_argument("--quick", action="store_true", help="few pairs: a look, not a judgement")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help="of " + ", ".join(ROWS))
    parser.add_argument("--check", action="store_true", help="exit 1 if a bar is missed")
    parser.add_argument("--pairs", type=int, default=PAIRS_TO_JUDGE, help="interleaved pairs (%(default)s)")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.pairs = QUICK_PAIRS
    if chosen.check and chosen.pairs < PAIRS_TO_JUDGE:
        parser.error(f"--check takes {PAIRS_TO_JUDGE} pairs at least: with fewer nothing can be judged")
    return chosen


def measure_all(chosen: argparse.Namespace) -> list[Table]:
    tables = []
    with tempfile.TemporaryDirectory(prefix="rc-") as folder:
        for name in chosen.only or ROWS:
            print(f"bench: {name}", file=sys.stderr)
            tables.append(ROWS[name](pathlib.Path(folder), SIZES, chosen.pairs))
            print(text_of(tables[-1]), flush=True)
    return tables


def main() -> int:
    chosen = arguments()
    judged = chosen.pairs >= PAIRS_TO_JUDGE
    try:
        peers.require_all()
        print(", ".join(f"{key} {value}" for key, value in {**machine(), **peers.versions()}.items()) + "\n")
        tables = measure_all(chosen)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    bars = [bar for table in tables for bar in table.bars]
    print(text_of_bars(bars, judged), end="")
    if chosen.json:
        write_json(chosen.json, tables, chosen.pairs, judged)
    return 1 if chosen.check and not all(bar.holds for bar in bars) else 0


if __name__ == "__main__":
    sys.exit(main())
