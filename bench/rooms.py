"""Helpers for the sandboxes of engines: their processes, and the control groups that they leave behind."""

import os
import pathlib
import time


def children(pid: int) -> list[int]:
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def remove_cgroups(name: str) -> None:
    root = pathlib.Path("/sys/fs/cgroup")
    deadline = time.monotonic() + 5
    left = True
    while left and time.monotonic() < deadline:
        left = False
        for top in [root / name, *root.glob(f"*/{name}")]:
            for folder, _, _ in os.walk(top, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    left = True
        time.sleep(0.05 if left else 0)
