"""scripts/run and scripts/test work wherever the checkout lies and however they are called: check_scripts.py ROOT

Copies of the scripts are run in many places, by root and by an ordinary user. The programs with which they install, build and test
are replaced by ones that only record their calls, so nothing is built.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from sources import report, root_from_arguments

NOBODY = 65534
SCRIPTS = ("run", "test", "build", "setup", "demo")
# Each call is a line: the program, the folder it was called in and its arguments, each followed by this.
SEPARATOR = "\x1f"
RECORDER = r"""#!/bin/bash
name=${0##*/}
{ printf '%s\x1f' "$name" "$PWD" "$@"; echo; } >>"$CALLS"
case $name in
  dpkg-query) for word; do [[ $word == -* ]] || echo "installed $word"; done ;;
  sudo)
    while [[ ${1-} == -* ]]; do shift; done
    "$@"
    exit ;;
  cmake)
    if [[ $1 == --preset ]]; then
      mkdir -p "build/$2"
      touch "build/$2/build.ninja"
      echo "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" >"build/$2/CMakeCache.txt"
    else
      mkdir -p "$2/bin"
      ln -sfn "$RECORDER" "$2/bin/rollcall"
    fi ;;
  rollcall | ctest) exit 7 ;;
esac
exit 0
"""
RECORDED = ("cmake", "ctest", "dpkg-query", "sudo", "apt-get", "dockerd", "kubectl")
ENGINES = ("newer-engines", "kube-apiserver")
WORDS = ["-L", "two words", ""]


class Place:
    """A checkout with the scripts of `root`, and the programs that they call."""

    def __init__(self, root, folder, name, user):
        self.user = user
        self.folder = folder
        self.checkout = folder / name
        (self.checkout / "scripts").mkdir(parents=True)
        for script in SCRIPTS:
            shutil.copy(root / "scripts" / script, self.checkout / "scripts")
        tools = folder / "tools"
        tools.mkdir()
        recorder = tools / "recorder"
        recorder.write_text(RECORDER, encoding="utf-8")
        recorder.chmod(0o755)
        for tool in RECORDED:
            (tools / tool).symlink_to(recorder)
        for script in ENGINES:
            (self.checkout / "scripts" / script).symlink_to(recorder)
        self.calls = folder / "calls"
        self.environment = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(folder), "CALLS": str(self.calls), "RECORDER": str(recorder)}

    def give_to_user(self):
        """Makes the user who runs the scripts the owner of all files."""
        if self.user is None:
            return
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, self.user, self.user, follow_symlinks=False)

    def run(self, script, at, more=None):
        """Runs a script; returns its status, the recorded calls, and its output."""
        self.calls.unlink(missing_ok=True)
        as_user = {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}
        done = subprocess.run([str(script), *WORDS], cwd=at, env={**self.environment, **(more or {})}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False, **as_user)
        lines = self.calls.read_text(encoding="utf-8").splitlines() if self.calls.exists() else []
        calls = [line.split(SEPARATOR)[:-1] for line in lines]
        return done.returncode, calls, done.stdout + done.stderr

    def expected(self, name, configures):
        """The calls that a script must make, without those to package tools."""
        checkout = os.path.realpath(self.checkout)
        preset = {"run": "release", "test": "debug"}[name]
        calls = [["cmake", checkout, preset]] if configures else []
        calls.append(["cmake", checkout, f"build/{preset}"])
        if name == "run":
            return [*calls, ["rollcall", *WORDS]]
        by_sudo = (self.user if self.user is not None else os.geteuid()) != 0
        return [*ENGINES, *calls, *(["sudo"] if by_sudo else []), ["ctest", f"{checkout}/build/debug", *WORDS]]

    @staticmethod
    def told(call):
        """A call without the parts that may differ."""
        name, at, *words = call
        if name == "cmake":
            return [name, os.path.realpath(at), words[1]]
        if name == "ctest":
            return [name, os.path.realpath(words[words.index("--test-dir") + 1]), *words[-len(WORDS):]]
        return [name, *words] if name == "rollcall" else name if name in ENGINES else ["sudo"] if name == "sudo" else None

    def problem_of(self, name, script, at, configures, more=None):
        status, calls, said = self.run(script, at, more)
        found = [told for told in map(self.told, calls) if told is not None]
        wanted = [call if call != "sudo" else ["sudo"] for call in self.expected(name, configures)]
        if status == 7 and found == wanted:
            return []
        who = "root" if (self.user is None and os.geteuid() == 0) else "a user"
        return [f"scripts/{name} as {script} in {at} by {who}: status {status}, called {found}, not {wanted}; it said: {said.strip()}"]


def calls_of(place):
    """The ways to call a script: the words typed, the folder, and the variables; the first call configures."""
    scripts = place.checkout / "scripts"
    links = place.folder / "links"
    links.mkdir()
    for name in ("run", "test"):
        (links / name).symlink_to(scripts / name)
    (links / "checkout").symlink_to(place.checkout)
    misleading = {"CDPATH": f"{place.checkout}:/"}
    for name in ("run", "test"):
        yield name, f"./scripts/{name}", place.checkout, None
        yield name, f"scripts/{name}", place.checkout, misleading
        yield name, f"./{name}", scripts, misleading
        yield name, scripts / name, "/", None
        yield name, links / name, "/", None
        yield name, f"checkout/scripts/{name}", links, None


def problems_in(root, parent, name, user, ways):
    """All problems of scripts below `parent`."""
    problems = []
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="rollcall-scripts-", dir=parent))
        stack.callback(shutil.rmtree, folder)
        place = Place(root, folder, name, user)
        every = list(calls_of(place))
        place.give_to_user()
        holder = place.checkout.parent
        if name.startswith("read-only"):
            holder.chmod(0o555)
            stack.callback(holder.chmod, 0o755)
        configured = set()
        for script_name, script, at, more in every if ways else every[::6]:
            problems += place.problem_of(script_name, script, at, script_name not in configured, more)
            configured.add(script_name)
        if ways:
            moved = place.folder / "moved here"
            place.checkout.rename(moved)
            place.checkout = moved
            problems += place.problem_of("run", moved / "scripts" / "run", "/", True)
    return problems


def parents():
    """The folders into which people clone, if this user may write there."""
    usual = ("/tmp", "/var/tmp", "/home", "/root", os.environ.get("HOME", "/"))
    return sorted({place for place in usual if os.path.isdir(place) and os.access(place, os.W_OK) and place != "/"})


def main():
    root = root_from_arguments()
    problems = []
    users = [None, NOBODY] if os.geteuid() == 0 else [None]
    for user in users:
        for parent in parents():
            if user is not None and not os.stat(parent).st_mode & 0o001:
                continue
            problems += problems_in(root, parent, "checkout", user, False)
        problems += problems_in(root, "/tmp", "a path with blanks, ümlauts & 'quotes' $HOME/checkout", user, True)
        problems += problems_in(root, "/tmp", "read-only/checkout", user, False)
    report(problems, "scripts find their checkout by their own place, quote it, and write nothing beside it")


main()
