"""Builds and runs programs that use the installed library, as third parties would.

    consumer.py install SOURCE FOLDER COMPILER    builds without sanitizers, installs the library below FOLDER
    consumer.py cmake FOLDER COMPILER             consumers through find_package(rollcall)
    consumer.py pkg-config FOLDER COMPILER        consumers through rollcall.pc
    consumer.py command BUILD                     installs the program of that build tree, and looks at it
"""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parent.parent / "examples" / "embed"
IN_LIST = "listed web\n"
IN_WATCH = ["listed web", "started late", "started web"]


def run(*command, **options):
    command = [str(word) for word in command]
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return result.stdout


def expect(found, wanted):
    if found != wanted:
        sys.exit(f"found {found!r} where {wanted!r} was expected")


def install(source, folder, compiler):
    build = folder / "build"
    run(
        "cmake", "-S", source, "-B", build, "--preset", "release", f"-DCMAKE_CXX_COMPILER={compiler}",
    )  # fmt: skip
    run("cmake", "--build", build, "--target", "rollcall", "rollcall_command", "--parallel", 1)
    shutil.rmtree(folder / "prefix", ignore_errors=True)
    run("cmake", "--install", build, "--component", "library", "--prefix", folder / "prefix")


@contextlib.contextmanager
def engine():
    """The URL of a scripted engine, which ends with the context."""
    with tempfile.TemporaryDirectory(prefix="rollcall-consumer-") as folder:
        place = pathlib.Path(folder) / "s"
        with subprocess.Popen([sys.executable, HERE / "engine.py", place]) as server:
            try:
                wait_for_listener(place)
                yield f"unix://{place}"
            finally:
                server.kill()


def wait_for_listener(place):
    """Waits until the socket accepts connections: its file exists before the server listens."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
            client.connect(str(place))
            return
        time.sleep(0.02)
    sys.exit(f"nobody listens at {place}")


def check_programs(folder):
    with engine() as url:
        lines = run(folder / "watch", url, timeout=60).splitlines()
        expect(sorted(lines), IN_WATCH)
    if (folder / "coroutine").exists():
        with engine() as url:
            expect(run(folder / "coroutine", url, timeout=60), IN_LIST)
    with engine() as url:
        check_example(folder / "embed", url)


def check_example(program, url):
    """Runs the example, which watches the engine of DOCKER_HOST until it reads a line."""
    environment = {**os.environ, "DOCKER_HOST": url}
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as child:
        try:
            lines = sorted(child.stdout.readline() for _ in range(2))
            child.communicate("\n", timeout=20)
        finally:
            child.kill()
    expect(lines, [f"started {'late' * 8}\n", f"started {'web' * 8}\n"])
    expect(child.returncode, 0)


def with_cmake(folder, compiler):
    build = folder / f"cmake-{compiler}"
    for name, source in (("consumer", HERE), ("embed", EXAMPLE)):
        shutil.rmtree(build / name, ignore_errors=True)
        run(
            "cmake", "-S", source, "-B", build / name, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={compiler}",
            f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror",
        )  # fmt: skip
        run("cmake", "--build", build / name)
    shutil.copy(build / "embed" / "embed", build / "consumer")
    check_programs(build / "consumer")


def with_pkg_config(folder, compiler):
    build = folder / f"pkg-config-{compiler}"
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    (file,) = (folder / "prefix").rglob("rollcall.pc")
    environment = {**os.environ, "PKG_CONFIG_PATH": str(file.parent)}
    flags = run("pkg-config", "--static", "--cflags", "--libs", "rollcall", env=environment).split()
    sources = {"watch": HERE / "watch.cpp", "embed": EXAMPLE / "main.cpp"}
    if "clang" in compiler:
        sources["coroutine"] = HERE / "coroutine.cpp"
    for name, source in sources.items():
        standard = "-std=c++23" if name == "coroutine" else "-std=c++20"
        run(compiler, standard, "-Wall", "-Wextra", "-Werror", source, "-o", build / name, *flags)
    if "clang" not in compiler:
        expect_refusal(compiler, flags)
    check_programs(build)


def expect_refusal(compiler, flags):
    """A compiler that would miscompile the coroutines gets an error that names the alternative."""
    command = [compiler, "-std=c++23", "-fsyntax-only", HERE / "coroutine.cpp", *flags]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    expect((result.returncode != 0, "include <rollcall/watcher.hpp> instead" in result.stderr), (True, True))


def check_command(build):
    with tempfile.TemporaryDirectory(prefix="rollcall-install-") as folder:
        prefix = pathlib.Path(folder)
        run("cmake", "--install", build, "--component", "command", "--prefix", prefix)
        expect(run(prefix / "bin" / "rollcall", "--version").split()[0], "rollcall")
        bash = prefix / "share/bash-completion/completions/rollcall"
        words = 'COMP_WORDS=(rollcall wa); COMP_CWORD=1; _rollcall; echo "${COMPREPLY[@]}"'
        expect(run("bash", "-c", f". {bash}; {words}"), "watch\n")
        zsh = prefix / "share/zsh/site-functions/_rollcall"
        expect(zsh.read_text(encoding="utf-8").splitlines()[0], "#compdef rollcall")
        run("cmake", "--install", build, "--component", "daemon", "--prefix", prefix)
        unit = (prefix / "lib/systemd/system/rollcall.service").read_text(encoding="utf-8")
        expect(f"ExecStart={prefix}/bin/rollcall serve\n" in unit and "_dir@" not in unit, True)
        for name in ("lib/systemd/system/rollcall.socket", "lib/sysusers.d/rollcall.conf"):
            expect((prefix / name).exists(), True)
        example = prefix / "share/rollcall/rollcall.yaml"
        checked = run(prefix / "bin" / "rollcall", "serve", "--check-config", "--config", example)
        expect("socket: auto" in checked, True)
        fish = prefix / "share/fish/vendor_completions.d/rollcall.fish"
        expect("complete -c rollcall -f\n" in fish.read_text(encoding="utf-8"), True)


def main():
    action, *words = sys.argv[1:]
    if action == "install":
        install(pathlib.Path(words[0]), pathlib.Path(words[1]), words[2])
    elif action == "command":
        check_command(pathlib.Path(words[0]))
    else:
        {"cmake": with_cmake, "pkg-config": with_pkg_config}[action](pathlib.Path(words[0]), words[1])


if __name__ == "__main__":
    main()
