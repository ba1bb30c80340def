"""The measured figures, as a table for people and as JSON for programs."""

import dataclasses
import json
import os
import pathlib
import platform
from collections.abc import Sequence

from intervals import Bar, Interval

Cell = str | float | int | Interval | None


@dataclasses.dataclass
class Table:
    """One row of the harness: figures of several programs at several sizes."""

    name: str
    title: str
    columns: Sequence[str]
    lines: list[dict[str, Cell]] = dataclasses.field(default_factory=list)
    bars: list[Bar] = dataclasses.field(default_factory=list)

    def add(self, *cells: Cell) -> None:
        self.lines.append(dict(zip(self.columns, cells, strict=True)))


def _text(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell >= 1000 else f"{cell:.3g}"
    return str(cell)


def _grid(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[at]) for line in [columns, *rows]) for at in range(len(columns))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)) for line in [columns, *rows]]
    return "\n".join("  " + line.rstrip() for line in lines)


def text_of(table: Table) -> str:
    rows = [[_text(line[column]) for column in table.columns] for line in table.lines]
    return f"{table.name}: {table.title}\n{_grid(table.columns, rows)}\n"


def text_of_bars(bars: Sequence[Bar], judged: bool) -> str:
    if not bars:
        return ""
    rows = []
    for bar in bars:
        verdict = "holds" if bar.holds else "MISSED"
        rows.append([verdict if judged else "not judged", bar.name, f"{bar.measured} {bar.unit}".rstrip(), bar.limit])
    return "bars\n" + _grid(["", "what", "median [90 %]", "limit"], rows) + "\n"


def machine() -> dict[str, object]:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(pages / (1 << 30)),
        "kernel": platform.release().split("-")[0],
        "architecture": platform.machine(),
        "load_at_end": round(os.getloadavg()[0], 1),
    }


def write_json(path: pathlib.Path, tables: Sequence[Table], pairs: int, judged: bool) -> None:
    def plain(cell: Cell) -> object:
        return dataclasses.asdict(cell) if isinstance(cell, Interval) else cell

    document = {
        "machine": machine(),
        "pairs": pairs,
        "judged": judged,
        "rows": [
            {
                "name": table.name,
                "title": table.title,
                "figures": [{key: plain(cell) for key, cell in line.items()} for line in table.lines],
                "bars": [{**dataclasses.asdict(bar), "holds": bar.holds} for bar in table.bars],
            }
            for table in tables
        ],
    }
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
