"""A private `systemd --user` in a sandbox: namespaces, folders and control groups that leave nothing behind."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from measure import BenchError
from rooms import children, remove_cgroups

START_DEADLINE_S = 30
PROGRAMS = ("unshare", "nsenter", "ip", "systemctl", "dbus-monitor", "/lib/systemd/systemd", "/usr/bin/dbus-daemon")
# The first process of the sandbox: the kernel ends all others with it, and it ends at the end of its input. $1 is the
# folder, $2 the control group. /run is private, so that no program outside believes that this host was booted with
# systemd.
FIRST = r"""
set -eu
for root in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
  [ -e "$root/cgroup.procs" ] || continue
  mkdir -p "$root/$2"
  echo $$ >"$root/$2/cgroup.procs"
done
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
mount -t tmpfs tmpfs /etc/systemd/user
mount --bind /dev/null /dev/console
ip link set lo up
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME="$1/home" XDG_RUNTIME_DIR="$1/run" \
  XDG_CONFIG_HOME="$1/config" XDG_DATA_HOME="$1/data" /lib/systemd/systemd --user --log-target=null &
echo ready
read -r _
"""


class SystemdManager(contextlib.AbstractContextManager):
    """A manager of the current user, with its own bus; it and everything it runs end with the block."""

    def __init__(self) -> None:
        for program in PROGRAMS:
            if shutil.which(program) is None:
                raise BenchError(f"{program} is not installed; scripts/setup --bench installs it")
        if os.geteuid() != 0:
            raise BenchError("row systemd starts a manager of its own, which takes root; run scripts/bench as root")
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="rc-systemd-"))
        for folder in ("run", "home", "config/systemd/user", "data"):
            (self._folder / folder).mkdir(parents=True)
        (self._folder / "run").chmod(0o700)
        self._log = (self._folder / "log").open("wb")
        self._room = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
             "--propagation", "private", "sh", "-c", FIRST, "sh", str(self._folder), self._folder.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log)
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.close()
            raise

    def _wait_until_it_answers(self) -> None:
        assert self._room.stdout is not None
        if self._room.stdout.readline() == b"ready\n":
            deadline = time.monotonic() + START_DEADLINE_S
            while time.monotonic() < deadline:
                # Asks over the bus, which the manager joins some time after its start; systemctl does not need it.
                state = self.inside("busctl", f"--address={self.bus}", "--auto-start=no", "get-property",
                                    "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                    "org.freedesktop.systemd1.Manager", "SystemState")
                asked = subprocess.run(state, capture_output=True, check=False)
                if asked.stdout in (b's "running"\n', b's "degraded"\n'):
                    return
                time.sleep(0.02)
        log = (self._folder / "log").read_text(errors="replace")
        raise BenchError(f"systemd does not answer. It said:\n{log[-1500:]}")

    def inside(self, *command: str) -> list[str]:
        """The command, to be run in the sandbox as the manager's user."""
        first = children(self._room.pid)[0]
        return ["nsenter", "--target", str(first), "--mount", "--net", "--pid", "--",
                "env", "-u", "DBUS_SESSION_BUS_ADDRESS", f"XDG_RUNTIME_DIR={self._folder}/run", *command]

    def systemctl(self, *words: str) -> list[str]:
        return self.inside("systemctl", "--user", "--no-pager", *words)

    @property
    def bus(self) -> str:
        return f"unix:path={self._folder}/run/bus"

    def run(self, *words: str) -> str:
        """The output of systemctl."""
        ended = subprocess.run(self.systemctl(*words), capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise BenchError(f"systemctl {words[0]} failed: {ended.stderr[-500:]}")
        return ended.stdout

    def write_unit(self, name: str, text: str) -> None:
        (self._folder / "config/systemd/user" / name).write_text(text, encoding="ascii")

    def close(self) -> None:
        assert self._room.stdin is not None
        self._room.stdin.close()
        self._room.wait()
        self._log.close()
        remove_cgroups(self._folder.name)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __exit__(self, *_: object) -> None:
        self.close()
