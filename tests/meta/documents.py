"""The commands that the documents tell a reader to type."""

import re

FENCE = re.compile(r"^\s*```+\s*(\S*)")
SHELL = ("sh", "bash", "console", "")
# In a block without a language, a line that begins with one of these is a command.
COMMAND_WORDS = ("./", "build/", "rollcall", "cmake", "ctest", "sudo")


def documents(root):
    """All pages of the project, sorted."""
    found = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "src").rglob("*.md")]
    return sorted(found)


def code_blocks(text):
    """Yields (number of the first line, language, lines) of each fenced block."""
    block = None
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if block is not None and fence:
            yield block
            block = None
        elif fence:
            block = (number + 1, fence.group(1), [])
        elif block is not None:
            block[2].append(line)


def commands(path):
    """Yields (line number, command) of each command in the blocks of a page.

    In a block with prompts only the lines with a prompt are commands. In a block marked as shell, all lines are; in
    one without a language, those that look like commands.
    """
    for start, language, lines in code_blocks(path.read_text(encoding="utf-8")):
        if language not in SHELL:
            continue
        prompts = any(line.startswith("$ ") for line in lines)
        for number, line in joined(start, lines):
            if prompts:
                if line.startswith("$ "):
                    yield number, line[2:]
            elif line.strip() and not line.startswith("#"):
                if language or line.startswith(COMMAND_WORDS):
                    yield number, line


def joined(start, lines):
    """The lines, each joined with its continuation lines."""
    pending = None
    for number, line in enumerate(lines, start):
        first, text = pending if pending else (number, "")
        if line.endswith("\\"):
            pending = (first, text + line[:-1])
            continue
        pending = None
        yield first, text + line
