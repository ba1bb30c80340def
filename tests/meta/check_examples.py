"""Every example that a page shows is built: check_examples.py ROOT

Each block of C++ in docs/ is a verbatim copy of a file of examples/, which the consumer tests build and run.
"""

from documents import code_blocks
from sources import report, root_from_arguments


def main():
    root = root_from_arguments()
    examples = {path.read_text(encoding="utf-8").strip() for path in (root / "examples").rglob("*.cpp")}
    problems = []
    for path in sorted((root / "docs").rglob("*.md")):
        for number, language, lines in code_blocks(path.read_text(encoding="utf-8")):
            if language == "cpp" and "\n".join(lines).strip() not in examples:
                problems.append(f"{path.relative_to(root)}:{number}: is no file of examples/")
    report(problems, "what a page shows is what is built.")


if __name__ == "__main__":
    main()
