"""Proves that each check can fail: it is run on a small project with one planted fault."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent

GOOD = {
    "include/rollcall/word.hpp": "#pragma once\n\nstruct Word {\n  int letters = 0;\n};\n",
    "src/core/word.cpp": "#include <rollcall/word.hpp>\n\nint letters(const Word& word) {\n  return word.letters;\n}\n",
}


class Checks(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="rollcall-meta-"))
        self.addCleanup(shutil.rmtree, self.root)
        for name in (".clang-format", ".clang-tidy"):
            shutil.copy(PROJECT / name, self.root)
        for name, text in GOOD.items():
            self.plant(name, text)

    def plant(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run_check(self, check, *arguments):
        return subprocess.run(
            [sys.executable, HERE / f"{check}.py", self.root, *arguments], capture_output=True, text=True
        )

    def expect_good(self, check, *arguments):
        result = self.run_check(check, *arguments)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def expect_fault(self, check, sentence, *arguments):
        result = self.run_check(check, *arguments)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn(sentence, result.stdout)

    def test_format(self):
        self.expect_good("check_format")
        self.plant("src/core/word.cpp", "int   letters( ) { return 0; }\n")
        self.expect_fault("check_format", "src/core/word.cpp:1")

    def test_sizes(self):
        self.expect_good("check_sizes")
        self.plant("src/core/long.cpp", "\n" * 401)
        self.plant("src/core/long_test.cpp", "\n" * 601)
        self.plant("src/core/wide.cpp", "// " + "x" * 100 + "\n")
        self.expect_fault("check_sizes", "src/core/long.cpp: 401 lines")
        self.expect_fault("check_sizes", "src/core/long_test.cpp: 601 lines")
        self.expect_fault("check_sizes", "src/core/wide.cpp:1: 103 columns")

    def test_headers(self):
        self.expect_good("check_headers")
        self.plant("include/rollcall/lonely.hpp", "#pragma once\n\ninline std::string lonely() { return {}; }\n")
        self.expect_fault("check_headers", "rollcall/lonely.hpp")

    def test_includes(self):
        self.plant("src/backends/docker/driver.cpp", '#include "core/x.hpp"\n#include "backends/registry.hpp"\n')
        self.plant("src/cli/main.cpp", '#include "backends/docker/driver.hpp"\n#include "engine/x.hpp"\n')
        self.expect_good("check_includes")
        for room, header in (
            ("core", "engine/reflector.hpp"),
            ("engine", "transport/stream.hpp"),
            ("transport", "engine/reflector.hpp"),
            ("backends/docker", "engine/reflector.hpp"),
            ("backends/docker", "backends/podman/decode.hpp"),
            ("backends/docker", "backends/first_driver.hpp"),
            ("backends", "cli/run.hpp"),
            ("engine", "cli/run.hpp"),
        ):
            with self.subTest(room=room, header=header):
                self.plant(f"src/{room}/bad.cpp", f'#include "{header}"\n')
                self.expect_fault("check_includes", f"src/{room}/bad.cpp:1: {room} may not include {header}")
                (self.root / "src" / room / "bad.cpp").unlink()

    def test_unknown_room(self):
        self.plant("src/attic/old.cpp", "\n")
        self.expect_fault("check_includes", "src/attic/old.cpp: is in no room")

    def test_tidy(self):
        build = self.root / "build"
        build.mkdir()
        source = self.root / "src/core/word.cpp"
        command = f"clang++-19 -std=c++23 -I{self.root}/include -c {source}"
        (build / "compile_commands.json").write_text(
            json.dumps([{"directory": str(build), "command": command, "file": str(source)}])
        )
        self.expect_good("check_tidy", build)
        self.plant("src/core/word.cpp", "int Bad_Name(int x) { return x; }\n")
        self.expect_fault("check_tidy", "readability-identifier-naming", build)


if __name__ == "__main__":
    unittest.main()
