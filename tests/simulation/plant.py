"""Writes the source with one fault in it, and prints which source it is: plant.py ROOT NAME OUTPUT"""

import pathlib
import sys

from faults import FAULTS


def main():
    root, name, output = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    fault = next((fault for fault in FAULTS if fault.name == name), None)
    if fault is None:
        sys.exit(f"there is no fault {name}; there are: {', '.join(fault.name for fault in FAULTS)}")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(fault.mutated(root), encoding="utf-8")
    print(fault.file.removeprefix("src/"), end="")


if __name__ == "__main__":
    main()
