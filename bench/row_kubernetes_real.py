"""Row `kubernetes-real`: 5,000 pods of a real API server."""

import contextlib
import pathlib
import tempfile

import kubernetes
from intervals import Bar, ratios
from report import Table
from row_kubernetes import AGAIN, COLUMNS, CURL, INFORMER, OURS, add_rows, check_complete, measure_pairs, walls

PODS = 5_000
KUBECTL = "kubectl get pods -A"
JSON = "kubectl get pods -A -o json"


def kubernetes_real_row(_: pathlib.Path, __: list[int], pairs: int) -> Table:
    table = Table("kubernetes-real", "start to the complete list, whole process, a real API server", COLUMNS)
    with tempfile.TemporaryDirectory(prefix="rc-kubernetes-") as folder, \
            contextlib.closing(kubernetes.RealKubernetes(pathlib.Path(folder))) as server:
        server.fill(PODS)
        ls = kubernetes.ls_command(server.config, "-q")
        get = ["env", f"KUBECONFIG={server.config}", f"KUBECACHEDIR={folder}/cache", "kubectl", "get", "pods", "-A"]
        programs = {OURS: ls, CURL: server.curl(), AGAIN: ls, KUBECTL: [*get, "--no-headers"],
                    JSON: [*get, "-o", "json"], INFORMER: kubernetes.informer_command(server.config)}
        words = {OURS: b"\n", CURL: b'"podIPs":[', AGAIN: b"\n", KUBECTL: b"shop-", JSON: b'"podIPs": [', INFORMER: b"shop-"}
        check_complete(programs, words, PODS)
        runs = measure_pairs(programs, pairs)
    add_rows(table, PODS, runs)
    ours = walls(runs[OURS])
    table.bars += [
        Bar(f"{PODS:,} pods of a real API server: rollcall ÷ curl", ratios(ours, walls(runs[CURL])), "", at_most=1.3),
        Bar(f"{PODS:,} pods of a real API server: kubectl ÷ rollcall", ratios(walls(runs[KUBECTL]), ours), "", at_least=1),
    ]
    return table
