"""Functions stay small enough to be read at once: check_functions.py ROOT

Measured by the text of a source, from the line of the brace that opens a body to that of the one that closes it. A lambda belongs to the
function around it. Tests may be longer.
"""

import bisect
import re

from sources import report, root_from_arguments, sources

MAX_LINES = 40
USUAL_LINES = 22
USUAL_SHARE = 0.95

# Comments, strings, raw strings and characters, which are not code.
NO_CODE = re.compile(r"""//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])*'""", re.DOTALL)
CONTROL = re.compile(r"(?:^|\W)(?:if|for|while|switch|catch)(?:\s+constexpr)?\s*$")
AFTER_PARAMETERS = re.compile(r"\)\s*(?:const|noexcept|override|final|mutable|try|&|->[\w:<>,\s*&]+|\s)*$")
INITIALIZED = re.compile(r"(?<=\w)\{[^{};]*\}")
INITIALIZERS = re.compile(r"\)\s*(?:noexcept\s*)?:[^;{}]*(?:[({][^;]*[)}])\s*$")


def blanked(text):
    """The text, with blanks in the place of comments and literals."""
    return NO_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def opens_function(before):
    """Whether a brace after this text opens the body of a function, and not a block, a class or a list."""
    before = INITIALIZED.sub("()", before)
    statement = before[max(before.rfind(";"), before.rfind("}"), before.rfind("{")) + 1 :]
    match = AFTER_PARAMETERS.search(statement)
    if not match:
        return bool(INITIALIZERS.search(statement))
    depth, at = 1, match.start() - 1
    while at >= 0 and depth:
        depth += {")": 1, "(": -1}.get(statement[at], 0)
        at -= 1
    head = statement[: at + 1]
    return bool(head.strip()) and not CONTROL.search(head) and not head.rstrip().endswith("]")


def functions(text):
    """(first line, lines) of each function that is defined in a text; lambdas belong to the one around them."""
    code = blanked(text)
    starts = [match.start() for match in re.finditer("\n", code)]
    found, open_braces, outermost = [], [], None
    for match in re.finditer(r"[{}]", code):
        if match.group() == "{":
            if outermost is None and opens_function(code[max(0, match.start() - 3000) : match.start()]):
                outermost = (len(open_braces), match.start())
            open_braces.append(match.start())
        elif open_braces:
            open_braces.pop()
            if outermost and len(open_braces) == outermost[0]:
                first = bisect.bisect(starts, outermost[1]) + 1
                found.append((first, bisect.bisect(starts, match.start()) + 2 - first))
                outermost = None
    return found


def main():
    root = root_from_arguments()
    problems, lengths = [], []
    for path in sources(root):
        name = path.relative_to(root)
        if name.parts[0] not in ("include", "src") or name.stem.endswith("_test"):
            continue
        for first, lines in functions(path.read_text(encoding="utf-8")):
            lengths.append(lines)
            if lines > MAX_LINES:
                problems.append(f"{name}:{first}: a function of {lines} lines")
    usual = sum(lines <= USUAL_LINES for lines in lengths)
    if usual < USUAL_SHARE * len(lengths):
        problems.append(f"only {usual} of {len(lengths)} functions have at most {USUAL_LINES} lines")
    report(problems, f"a function has at most {MAX_LINES} lines, {USUAL_SHARE:.0%} of them at most {USUAL_LINES}.")


if __name__ == "__main__":
    main()
