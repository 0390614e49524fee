"""What is reduced of patients whose resources lie in several places, kept on disk by share until all is read."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from reasoner.cohort.fhir.reduced import Reduced

_HEAD = struct.Struct("<Q")


def pack(shares: Sequence[Reduced]) -> bytes:
    """All shares as one file: where each begins, then each. A share in which nothing is takes no room."""
    parts = [_bytes(share) for share in shares]
    head, at = [], _HEAD.size * (len(parts) + 2)
    for part in parts:
        head.append(at)
        at += len(part)
    return b"".join([*(_HEAD.pack(number) for number in (len(parts), *head, at)), *parts])


def unpack(path: Path, share: int) -> Reduced | None:
    """One share of a file; None where nothing is in it."""
    with path.open("rb") as file:
        file.seek(_HEAD.size * (share + 1))
        start, end = (_HEAD.unpack(file.read(_HEAD.size))[0] for _ in range(2))
        if start == end:
            return None
        file.seek(start)
        return Reduced.read(cast(Any, io.BytesIO(file.read(end - start))))


def size_of(reduced: Reduced) -> int:
    """How many resources are in it."""
    return len(reduced.rows) + len(reduced.unsaid) + len(reduced.whole) + sum(reduced.others.values())


def _bytes(reduced: Reduced) -> bytes:
    if not size_of(reduced) and not reduced.broken:
        return b""
    buffer = io.BytesIO()
    reduced.write(cast(Any, buffer))
    return buffer.getvalue()
