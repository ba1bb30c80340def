"""Proves that each check can fail: it is run on a small project with one planted fault."""

import json
import os
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

# A project with one runtime, which can be removed.
WITH_RUNTIME = {
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES CXX)\nadd_subdirectory(src)\n",
    "src/CMakeLists.txt": "include_directories(.)\nfile(GLOB found backends/*/*.cpp)\nadd_library(x\n  assembly/registry.cpp\n  ${found}\n)\n",
    "src/backends/one/one.hpp": "namespace one {\nint make();\n}\n",
    "src/backends/one/one.cpp": '#include "backends/one/one.hpp"\n',
    "src/assembly/registry.cpp": '#include "backends/one/one.hpp"\nint (*all[])() = {\n  nullptr,\n  &one::make,\n};\n',
}

# A program with one command, and a page that describes all of it.
PROGRAM = """#!/bin/sh
case "$*" in
  *--wrong*) echo "unknown option" >&2; exit 2 ;;
  "ls --help") printf 'Usage\\n\\nOutput:\\n  -q, --quiet  Ids\\n\\nGeneral:\\n  -h, --help  Help\\n' ;;
  *) printf 'Usage\\n\\nCommands:\\n  ls  Lists\\n\\nGeneral:\\n  -h, --help  Help\\n' ;;
esac
"""
REFERENCE = "## Shared options\n`-h`, `--help`\n\n## rollcall ls\n`-q`, `--quiet`; names: `state`\n"


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

    def plant_program(self, name, text):
        self.plant(name, text)
        (self.root / name).chmod(0o755)
        return self.root / name

    def commit(self, date):
        git = ["git", "-C", self.root, "-c", "user.name=x", "-c", "user.email=x@localhost"]
        environment = {**os.environ, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", date]):
            subprocess.run([*git, *words], check=True, capture_output=True, env=environment)

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

    def test_functions(self):
        self.expect_good("check_functions")
        body = "  {\n    call();\n  }\n" * 14
        for head in ("int sum(int a) {", "auto Sum::of(int a) const -> int {", "Sum::Sum(int a) : a_(a), b_{1} {"):
            with self.subTest(head=head):
                self.plant("src/core/long.cpp", f"{head}\n{body}}}\n")
                self.expect_fault("check_functions", "src/core/long.cpp:1: a function of 44 lines")
        self.plant("src/core/long.cpp", f"struct Sum {{\n{body.replace('{', '').replace('}', '')}}};\n")
        self.expect_good("check_functions")
        self.plant("src/core/long.cpp", "".join(f"void f{n}() {{\n  call();\n}}\n" for n in range(18)))
        self.plant("src/core/usual.cpp", "".join(f"void g{n}() {{\n" + "  call();\n" * 30 + "}\n" for n in range(2)))
        self.expect_fault("check_functions", "functions have at most 22 lines")

    def test_headers(self):
        self.expect_good("check_headers")
        self.plant("include/rollcall/lonely.hpp", "#pragma once\n\ninline std::string lonely() { return {}; }\n")
        self.expect_fault("check_headers", "rollcall/lonely.hpp")

    def test_includes(self):
        self.plant("src/backends/docker/driver.cpp", '#include "core/x.hpp"\n#include "backends/place.hpp"\n')
        self.plant("src/backends/docker/driver_test.cpp", '#include "support/run.hpp"\n')
        self.plant("src/cli/main.cpp", '#include "backends/docker/driver.hpp"\n#include "engine/x.hpp"\n')
        self.plant("src/backends/podman/driver.cpp", '#include "backends/docker_api/driver.hpp"\n')
        self.expect_good("check_includes")
        for room, header in (
            ("core", "engine/reflector.hpp"),
            ("engine", "transport/stream.hpp"),
            ("transport", "engine/reflector.hpp"),
            ("backends/docker", "engine/reflector.hpp"),
            ("backends/docker", "backends/podman/decode.hpp"),
            ("backends/docker", "assembly/candidates_driver.hpp"),
            ("backends/host", "backends/docker_api/api.hpp"),
            ("backends/docker_api", "backends/docker/places.hpp"),
            ("backends", "cli/run.hpp"),
            ("engine", "cli/run.hpp"),
            ("hostview", "transport/stream.hpp"),
            ("documents", "server/http/reply.hpp"),
        ):
            for file in ("bad.cpp", "bad_test.cpp"):
                with self.subTest(room=room, header=header, file=file):
                    self.plant(f"src/{room}/{file}", f'#include "{header}"\n')
                    self.expect_fault("check_includes", f"src/{room}/{file}:1: {room} may not include {header}")
                    (self.root / "src" / room / file).unlink()
        self.plant("src/core/a.hpp", '#include "core/b.hpp"\n')
        self.plant("src/core/b.hpp", '#include "core/a.hpp"\n')
        self.expect_fault("check_includes", "src/core/a.hpp: includes itself by way of core/b.hpp")

    def test_scripts(self):
        shutil.copytree(PROJECT / "scripts", self.root / "scripts")
        self.expect_good("check_scripts")
        for script, right, wrong in (
            ("run", '"$here/build" release', "$here/build release"),
            ("run", 'readlink -f "${BASH_SOURCE[0]}"', 'echo "${BASH_SOURCE[0]}"'),
            ("test", '"$here/../build/debug"', "build/debug"),
            ("test", '"$@"', "$@"),
            ("test", "((EUID != 0))", "((EUID == 0))"),
            ("build", "knows_its_place;", "[[ -f build/$preset/build.ninja ]];"),
            ("build", "log=$(mktemp)", "log=../build.log"),
        ):
            with self.subTest(script=script, wrong=wrong):
                before = (self.root / "scripts" / script).read_text(encoding="utf-8")
                self.assertIn(right, before)
                self.plant(f"scripts/{script}", before.replace(right, wrong))
                self.expect_fault("check_scripts", f"scripts/{'run' if script == 'build' else script} as ")
                self.plant(f"scripts/{script}", before)

    def test_unknown_room(self):
        self.plant("src/attic/old.cpp", "\n")
        self.expect_fault("check_includes", "src/attic/old.cpp: is in no room")

    def test_backends(self):
        for name, text in WITH_RUNTIME.items():
            self.plant(name, text)
        self.plant("tests/live/two_test.cpp", "\n")
        self.plant("tests/live/one_test.cpp", '#include "backends/one/one.hpp"\n')
        self.expect_good("check_backends")
        registry = WITH_RUNTIME["src/assembly/registry.cpp"]
        sources = WITH_RUNTIME["src/CMakeLists.txt"]
        for name, text, sentence in (
            ("src/core/word.cpp", '#include "backends/one/one.hpp"\n', "src/core/word.cpp: includes a header of"),
            ("tests/live/two_test.cpp", '#include "backends/one/one.hpp"\n', "two_test.cpp: includes a header of"),
            ("src/assembly/registry.cpp", registry + "int one_more = one::make();\n", "without one: src/assembly/reg"),
            ("src/CMakeLists.txt", sources.replace("${found}", "backends/one/one.cpp"), "without one: cmake:"),
        ):
            with self.subTest(file=name):
                before = (self.root / name).read_text(encoding="utf-8")
                self.plant(name, text)
                self.expect_fault("check_backends", sentence)
                self.plant(name, before)

    def test_commands(self):
        build = self.root / "build"
        self.plant_program("build/bin/rollcall", PROGRAM)
        self.plant("build/CTestTestfile.cmake", "")
        self.plant_program("scripts/setup", "#!/bin/sh\n# --test\n")
        presets = {kind + "Presets": [{"name": "debug"}] for kind in ("configure", "build", "test")}
        self.plant("CMakePresets.json", json.dumps(presets))
        good = "# text\nrollcall ls | jq .\n./scripts/setup --test  # once\ncmake --build --preset debug\n./scripts/run\n"
        self.plant("README.md", f"```sh\n{good}```\n```\n$ rollcall ls\nfrobnicated\n```\n")
        self.expect_good("check_commands", build)
        for command, sentence in (
            ("rollcall ls --wrong", "exit code 2"),
            ("A=1 rollcall ls | rollcall \\\n  --wrong", "exit code 2"),
            ("source <(rollcall --wrong)", "exit code 2"),
            ("./scripts/none", "there is no such script"),
            ("./scripts/setup --none", "it knows no --none"),
            ("cmake --preset none", "there is no configure preset 'none'"),
            ("ctest --preset debug -L none", "no test has the label 'none'"),
            ("build/debug/tests/none", "no such program is built"),
            ("frobnicate", "does not know how to check 'frobnicate'"),
        ):
            with self.subTest(command=command):
                self.plant("docs/page.md", f"```sh\n{command}\n```\n")
                self.expect_fault("check_commands", sentence, build)
                self.expect_fault("check_commands", "docs/page.md:2: ", build)
        self.plant("docs/page.md", "```\n$ rollcall --wrong\n```\n")
        self.expect_fault("check_commands", "docs/page.md:2: rollcall --wrong: exit code 2", build)

    def test_reference(self):
        program = self.plant_program("rollcall", PROGRAM)
        writer = 'put_text(out, "state", state);\n'
        self.plant("docs/cli.md", REFERENCE)
        self.plant("src/core/json/json.cpp", writer)
        self.plant("src/core/reach/explanation.cpp", "")
        self.plant("README.md", "`rollcall ls -q`, `--quiet`, `cmake --build`\n")
        self.expect_good("check_reference", program)
        for name, text, sentence in (
            ("docs/cli.md", REFERENCE.replace("`-q`, ", ""), "docs/cli.md: rollcall ls: -q is not told"),
            ("docs/cli.md", REFERENCE.replace("`--help`", ""), "docs/cli.md: Shared options: --help is not told"),
            ("docs/cli.md", REFERENCE + "`--loud`", "docs/cli.md: rollcall ls: there is no --loud"),
            ("docs/cli.md", REFERENCE.replace("## rollcall ls", ""), "there is no section 'rollcall ls'"),
            ("README.md", "`--loud`", "README.md: rollcall has no --loud"),
            ("README.md", "`rollcall ls --loud`", "README.md: rollcall has no --loud"),
            ("src/core/json/json.cpp", writer + 'out["health"] = 1;\n', "the JSON name health is not told"),
        ):
            with self.subTest(sentence=sentence):
                before = (self.root / name).read_text(encoding="utf-8")
                self.plant(name, text)
                self.expect_fault("check_reference", sentence, program)
                self.plant(name, before)

    def test_examples(self):
        self.plant("examples/one/main.cpp", "int main() {}\n")
        self.plant("docs/page.md", "text\n```cpp\nint main() {}\n```\n")
        self.expect_good("check_examples")
        self.plant("docs/page.md", "text\n```cpp\nint main() { return 1; }\n```\n")
        self.expect_fault("check_examples", "docs/page.md:3: is no file of examples/")

    def test_conformance(self):
        suite = "tests/conformance/calls_test.cpp"
        table = "tests/conformance/README.md"
        self.plant(suite, "TEST_P(List, IsComplete) {}\n")
        self.plant("src/core/word_test.cpp", "TEST(Word, Is) {}\n")
        rows = "| a | `List.IsComplete` | both |\n| b | `Word.Is` | src/core/word_test.cpp |\n"
        self.plant(table, rows)
        self.expect_good("check_conformance")
        self.plant(suite, "TEST_P(List, IsComplete) {}\nTEST_P(List, IsNew) {}\n")
        self.expect_fault("check_conformance", "List.IsNew is not in the table")
        self.plant(suite, "TEST_P(List, IsRenamed) {}\n")
        self.expect_fault("check_conformance", f"{table}:1: List.IsComplete is in no file")
        self.plant(table, "| b | `Word.Is` | src/core/gone_test.cpp |\n")
        self.expect_fault("check_conformance", f"{table}:1: Word.Is is in no file")

    def test_budgets(self):
        header = (
            "inline constexpr std::size_t kib = std::size_t{1} << 10U;\n"
            "inline constexpr std::size_t words = 4 * kib;\n"
            'constexpr std::array rows{\n    Row{"words", words, "bytes of words", "people", "they are "\n        "cut"},\n};\n'
        )
        rows = "| budget | bound | who chooses it | beyond it |\n| --- | --- | --- | --- |\n"
        row = "| `words` | 4 KiB of words | people | they are cut |\n"
        page = "# Budgets\n<!-- rows -->\n" + rows + row + "<!-- end of rows -->\n"
        self.plant("src/core/budgets.hpp", header)
        self.plant("docs/budgets.md", page)
        self.expect_good("check_budgets")
        self.plant("docs/budgets.md", page.replace("4 KiB", "5 KiB"))
        self.expect_fault("check_budgets", "docs/budgets.md does not say: | `words` | 4 KiB")
        self.plant("docs/budgets.md", page)
        self.plant("src/core/budgets.hpp", "inline constexpr std::size_t letters = 7;\n" + header)
        self.expect_fault("check_budgets", "letters has no row")
        self.plant("src/core/budgets.hpp", header)
        self.plant("src/core/other.cpp", "constexpr std::size_t most_letters = std::size_t{1} << 20U;\n")
        self.expect_fault("check_budgets", "src/core/other.cpp: most_letters is a bound")
        self.plant("src/core/other.cpp", "constexpr std::size_t most_letters = budget::words;\n")
        self.expect_good("check_budgets")

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
        # What was committed long ago is analysed only on demand, or when the header beside it changes.
        self.commit("2020-01-01T00:00:00Z")
        self.plant("src/core/later.hpp", "#pragma once\n")
        self.commit("2020-03-01T00:00:00Z")
        self.expect_good("check_tidy", build)
        self.expect_fault("check_tidy", "readability-identifier-naming", build, "--all")
        self.plant("src/core/word.hpp", "#pragma once\n")
        self.expect_fault("check_tidy", "readability-identifier-naming", build)


if __name__ == "__main__":
    unittest.main()
