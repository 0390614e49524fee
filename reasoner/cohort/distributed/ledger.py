"""What tasks tell the driver: counts, broken lines and how many lines there were, task by task.

Spark runs a task again when its machine is lost, also one that had ended well, and then adds what it tells once more.
A ledger has one entry a task, and a second run of it writes the same entry: nothing is counted twice.
"""

from __future__ import annotations

import zlib
from typing import Any

import orjson

Entries = dict[str, bytes]


class Ledger:
    """How entries come together; has the methods of Spark's AccumulatorParam."""

    def zero(self, value: Entries) -> Entries:  # noqa: ARG002 - the name is Spark's
        """A ledger without entries."""
        return {}

    def addInPlace(self, value1: Entries, value2: Entries) -> Entries:  # noqa: N802 - the name is Spark's
        """Both, as one."""
        value1.update(value2)
        return value1


def entry(name: str, content: dict[str, Any]) -> Entries:
    """One entry, small on the way."""
    return {name: zlib.compress(orjson.dumps(content), 1)}


def told(entries: Entries) -> dict[str, dict[str, Any]]:
    """What was told, by name, in order."""
    return {name: orjson.loads(zlib.decompress(entries[name])) for name in sorted(entries)}
