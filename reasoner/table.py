"""Rows of text as columns for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

_GAP = 2
_LEAST = 8


def table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """The rows below a header, no line longer than ``width`` where that leaves each column readable."""
    if not rows:
        return "  ".join(header) + "\n(no rows)\n"
    cells = [[" ".join(cell.split()) for cell in row] for row in rows]
    widths = _widths([max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))], width)
    lines = [*_lines(header, widths), "  ".join("-" * column for column in widths)]
    for row in cells:
        lines += _lines(row, widths)
    lines.append(f"({len(rows)} row{'' if len(rows) == 1 else 's'})")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _widths(wanted: list[int], width: int) -> list[int]:
    """The widest columns give way, down to a least width."""
    widths = [max(1, column) for column in wanted]
    room = width - _GAP * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _LEAST:
        widest = widths.index(max(widths))
        others = sorted(widths, reverse=True)
        next_widest = others[1] if len(others) > 1 else 0
        widths[widest] -= max(1, min(sum(widths) - room, widths[widest] - next_widest))
        widths[widest] = max(widths[widest], _LEAST)
    return widths


def _lines(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    parts = [textwrap.wrap(cell, column) or [""] for cell, column in zip(row, widths, strict=True)]
    return [
        "  ".join((part[i] if i < len(part) else "").ljust(column) for part, column in zip(parts, widths, strict=True))
        for i in range(max(len(part) for part in parts))
    ]
