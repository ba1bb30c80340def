"""docs/cli.md describes the whole command line, and nothing else: check_reference.py ROOT ROLLCALL

Every command has a section, every option is in the section of its command or in the shared one, every option that a
page names exists, and every name that the JSON writer writes is described.
"""

import re
import subprocess
import sys

from documents import documents
from sources import report, root_from_arguments

PAGE = "docs/cli.md"
SHARED = "Shared options"
OPTION = re.compile(r"^ +(?:(-\w), )?(--[\w-]+)", re.MULTILINE)
COMMAND = re.compile(r"^  (\w+)  ", re.MULTILINE)
# A code span that names an option, "`--output`" or "`-o`", perhaps with a value.
SPAN = re.compile(r"`(--?\w[\w-]*)[^`]*`")
CALL = re.compile(r"`rollcall ([^`]*)`")
IN_CALL = re.compile(r"(?:^|\s)(--?[A-Za-z][\w-]*)")
JSON_NAME = re.compile(r'(?:put_\w+\(out, |out\[|\{\{)"(\w+)"|, \{"(\w+)",')


def help_of(program, *command):
    return subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=True).stdout


def options_in(text):
    """The options in a help text, without the examples below them."""
    options = text.split("\nExamples:")[0].split("\nTry:")[0]
    return {name for names in OPTION.findall(options) for name in names if name}


def sections_of(text):
    """Heading -> text below it, for headings of the second level."""
    parts = re.split(r"^## +(.*)$", text, flags=re.MULTILINE)
    return dict(zip((heading.strip(" `") for heading in parts[1::2]), parts[2::2]))


def check_options(where, section, wanted, known):
    named = set(SPAN.findall(section))
    problems = [f"{PAGE}: {where}: {name} is not told" for name in sorted(wanted - named)]
    return problems + [f"{PAGE}: {where}: there is no {name}" for name in sorted(named - known)]


def check_command_line(sections, program):
    top = help_of(program)
    shared = options_in(top)
    everything = set(shared)
    problems = check_options(SHARED, sections.get(SHARED, ""), shared, shared)
    for command in COMMAND.findall(top.partition("\nCommands:")[2].partition("\n\n")[0]):
        own = options_in(help_of(program, command))
        everything |= own
        heading = f"rollcall {command}"
        problems += check_options(heading, sections.get(heading, ""), own - shared, own | shared)
        if heading not in sections:
            problems.append(f"{PAGE}: there is no section '{heading}'")
    return problems, everything


def options_named(path, bare):
    """The options of rollcall that a page names in its sentences; bare: also without the word rollcall."""
    text = path.read_text(encoding="utf-8")
    named = {name for call in CALL.findall(text) for name in IN_CALL.findall(call)}
    return named | set(SPAN.findall(text)) if bare else named


def json_names(root):
    writers = [root / "src" / "core" / name for name in ("json/json.cpp", "reach/explanation.cpp")]
    text = "".join(writer.read_text(encoding="utf-8") for writer in writers)
    names = JSON_NAME.findall(text)
    return sorted({name for pair in names for name in pair if name})


def main():
    root = root_from_arguments()
    text = (root / PAGE).read_text(encoding="utf-8")
    problems, options = check_command_line(sections_of(text), sys.argv[2])
    problems += [f"{PAGE}: the JSON name {name} is not told" for name in json_names(root) if f"`{name}`" not in text]
    for path in documents(root):
        named = options_named(path, bare=path == root / "README.md")
        problems += [f"{path.relative_to(root)}: rollcall has no {name}" for name in sorted(named - options)]
    report(problems, "the reference and the program say the same.")


if __name__ == "__main__":
    main()
