"""Every amount that an outsider chooses has its bound in one table: check_budgets.py ROOT [--write]

The rows of src/core/budgets.hpp are those of docs/budgets.md, which --write regenerates. A bound is a constant of that header with a
row; the rest of src refers to it by `budget::`.
"""

import re
import sys

from sources import report, root_from_arguments, sources

CONSTANT = re.compile(r"^inline constexpr (?!std::array )[\w:]+ (\w+)(?: = |\{)([^;]+?)\}?;", re.MULTILINE)
ROW = re.compile(r"\bRow\{(.*?)\}", re.DOTALL)
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
# The names of constants elsewhere that look like bounds.
SCATTERED = re.compile(
    r"constexpr\s+[\w:]+\s+((?:max|most|longest|largest|deepest)_\w+|\w+_limit|\w+_at_most)\s*(?:=\s*|\{)([^;]*\d[^;]*);"
)
# Constants that do not bound what an outsider chooses: lengths of texts for people and of quotations, amounts that we request, and limits
# that a format or the kernel fixes.
OUR_OWN = {
    "longest_label", "longest_name", "longest_word", "longest_value", "longest_message", "longest_rest", "most_told",
    "max_quoted", "max_quoted_error", "max_said", "max_key", "max_digits", "max_readings", "max_batch", "most_attempts", "max_rounds",
    "attempts_at_most", "most_in_flight", "most_read", "most_nested", "most_counted", "longest_absence", "longest_desync_delay",
    "longest_settling", "longest_stop", "most_batches", "max_streams", "most_names", "longest_argument", "most_arguments", "datagram_limit",
    "max_retry_after", "state_limit", "longest_key", "longest_path", "max_socket_path", "max_path", "max_idle",
    "max_unknown_actions", "max_namespaces", "gone_limit", "most_words", "longest_kind", "most_blanks", "most_looks", "longest_wait_ms", "most_turns",
}
HEADER = "src/core/budgets.hpp"
PAGE = "docs/budgets.md"
BEGIN, END = "<!-- rows -->\n", "<!-- end of rows -->\n"


def value_of(expression, constants):
    """The value of a constant expression of the header."""
    expression = re.sub(r"std::size_t\{(\d+)\}|(\d+)U\b", lambda m: m.group(1) or m.group(2), expression.replace("'", ""))
    expression = re.sub(r"(\w+)\.count\(\)", r"\1", expression)
    known = {name: value for name, value in constants.items()}
    return eval(expression, {"__builtins__": {}}, known)  # digits, names of the header, * + << alone


def rows_of(text):
    """[name, bound, unit, who chooses it, what happens beyond it, key of the configuration]"""
    constants = {}
    for name, expression in CONSTANT.findall(text):
        constants[name] = value_of(expression, constants)
    rows = []
    for body in ROW.findall(text):
        body = re.sub(r'"\s+"', "", body)
        name, rest = body.split(",", 1)
        constant, rest = rest.split(",", 1)
        texts = [*TEXT.findall(rest), ""][:4]
        rows.append([name.strip().strip('"'), value_of(constant.strip(), constants), *texts, constant.strip()])
    return constants, rows


def amount(number, unit):
    if unit.startswith("bytes") and number and number % (1 << 20) == 0:
        return f"{number >> 20} MiB", unit.removeprefix("bytes").strip()
    if unit.startswith("bytes") and number and number % (1 << 10) == 0:
        return f"{number >> 10} KiB", unit.removeprefix("bytes").strip()
    return f"{number:,}", unit


def table(rows):
    lines = ["| budget | bound | who chooses it | beyond it |", "| --- | --- | --- | --- |"]
    for name, number, unit, chosen_by, beyond, key, _ in rows:
        bound, rest = amount(number, unit)
        told = f"; `{key}` of the configuration" if key else ""
        lines.append(f"| `{name}` | {bound} {rest}".rstrip() + f" | {chosen_by} | {beyond}{told} |")
    return "\n".join(lines) + "\n"


def main():
    root = root_from_arguments()
    header = (root / HEADER).read_text(encoding="utf-8")
    page = (root / PAGE).read_text(encoding="utf-8")
    constants, rows = rows_of(header)
    before, _, rest = page.partition(BEGIN)
    written, _, after = rest.partition(END)
    if "--write" in sys.argv:
        (root / PAGE).write_text(before + BEGIN + table(rows) + END + after, encoding="utf-8")
        return
    problems = []
    if written != table(rows):
        told = set(written.splitlines())
        problems += [f"{PAGE} does not say: {line}" for line in table(rows).splitlines() if line not in told]
        problems += [f"{PAGE} says: {line}" for line in told - set(table(rows).splitlines())]
    in_rows = {row[-1] for row in rows}
    for name in constants:
        if name not in ("kib", "mib") and not any(re.search(rf"\b{name}\b", row) for row in in_rows):
            problems.append(f"{HEADER}: {name} has no row")
    for row in rows:
        if row[0] not in constants:
            problems.append(f"{HEADER}: the row {row[0]} has no constant of its name")
    for path in sources(root):
        name = path.relative_to(root).as_posix()
        if not name.startswith("src/") or name.endswith("_test.cpp") or name == HEADER:
            continue
        for found in SCATTERED.finditer(path.read_text(encoding="utf-8")):
            if "budget::" not in found.group(2) and found.group(1) not in OUR_OWN:
                problems.append(f"{name}: {found.group(1)} is a bound: its number belongs into {HEADER}")
    report(problems, "one table of all bounds; `check_budgets.py ROOT --write` writes the page.")


if __name__ == "__main__":
    main()
