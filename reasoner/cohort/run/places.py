"""Where broken lines are: steps know the place in their piece, a person wants the line of the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from .recognise import Inputs

ROWS = "rows"
"""Stands for the piece of a table that has rows and no lines."""
_FILES = "files"


class Quarantined(NamedTuple):
    """A line, or a row, and what is wrong with it. What it holds is never kept."""

    file: str
    place: int
    why: str
    unit: str = "line"


def quarantined(inputs: Inputs, records: Iterable[Mapping[str, Any]]) -> list[Quarantined]:
    """All broken lines of a run and all marked rows, in the order of the inputs."""
    lines: dict[str, int] = {}
    broken: list[tuple[str, int, str]] = []
    for record in records:
        lines.update(record.get("lines", {}))
        told = (*record.get("broken", ()), *record.get("marked", ()))
        broken += [(piece, line, why) for piece, line, why in told]
    before: dict[str, int] = {}
    seen: dict[int, int] = {}
    for name in sorted(lines, key=_place):
        number, _ = _place(name)
        before[name] = seen.get(number, 0)
        seen[number] = before[name] + lines[name]
    found = set()
    for name, line, why in broken:
        source, rest = name.split("@")
        if rest == _FILES:
            found.add((int(source) + line - 1, 1, why, "line"))
        else:
            unit = "row" if rest == ROWS else "line"
            found.add((int(source), before.get(name, 0) + line, why, unit))
    return [Quarantined(str(inputs.sources[at].path), place, why, unit) for at, place, why, unit in sorted(found)]


def as_lines(broken: Iterable[Quarantined]) -> bytes:
    """As NDJSON."""
    return b"".join(
        orjson.dumps({"file": own.file, own.unit: own.place, "reason": own.why}, option=orjson.OPT_APPEND_NEWLINE)
        for own in broken
    )


def _place(name: str) -> tuple[int, int]:
    number, _, start = name.partition("@")
    return int(number), int(start)
