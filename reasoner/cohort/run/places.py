"""Where broken lines are: steps know the place in their piece, a person wants the line of the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from .recognise import Inputs

Quarantined = tuple[str, int, str]
"""File, line, reason. What the line holds is never kept."""


def quarantined(inputs: Inputs, records: Iterable[Mapping[str, Any]]) -> list[Quarantined]:
    """All broken lines of a run, in the order of the inputs."""
    lines: dict[str, int] = {}
    broken: list[Quarantined] = []
    for record in records:
        lines.update(record.get("lines", {}))
        broken += [(piece, line, why) for piece, line, why in record.get("broken", ())]
    before: dict[str, int] = {}
    seen: dict[int, int] = {}
    for name in sorted(lines, key=_place):
        number, _ = _place(name)
        before[name] = seen.get(number, 0)
        seen[number] = before[name] + lines[name]
    found = []
    for name, line, why in broken:
        source, rest = name.split("@")
        if rest == "files":
            found.append((int(source) + line - 1, 1, why))
        else:
            found.append((int(source), before.get(name, 0) + line, why))
    return [(str(inputs.sources[source].path), line, why) for source, line, why in sorted(set(found))]


def as_lines(broken: Iterable[Quarantined]) -> bytes:
    """As NDJSON."""
    return b"".join(
        orjson.dumps({"file": file, "line": line, "reason": why}, option=orjson.OPT_APPEND_NEWLINE)
        for file, line, why in broken
    )


def _place(name: str) -> tuple[int, int]:
    number, _, start = name.partition("@")
    return int(number), int(start)
