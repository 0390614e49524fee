"""What the contract wants counted of a cohort: what was read, used, not mapped, not placed, not used, and is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reasoner.model import Reading

from .reduced import Broken

COUNTS = ("used", "unmapped", "unplaced", "unused")
_SHOWN = 1000


@dataclass
class Tally:
    """Counts of resources, each in exactly one of used, unmapped, unplaced and unused."""

    counts: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    """By system and code."""
    unplaced: Counter[str] = field(default_factory=Counter)
    """By finding: a resource may state several."""
    unused: Counter[str] = field(default_factory=Counter)
    """By reason: a resource may have several, and one that is used may have a part that is not."""
    invalid: Counter[tuple[str, str | None, str]] = field(default_factory=Counter)
    """What the reader found wrong: severity, finding and message."""
    duplicates: int = 0
    """Resources with a type and id that another one of the same patient, or of the same Bundle, has."""
    dangling: int = 0
    """References to a resource of a type that is read, which is not among the patient's."""
    row_path: Counter[str] = field(default_factory=Counter)
    """Units that were read one by one, by reason."""
    broken: list[Broken] = field(default_factory=list)
    """Lines that could not be read; ``counts`` has their number."""

    def add_reading(self, reading: Reading) -> None:
        """Count what the row path read."""
        for name in ("resources", *COUNTS):
            self.counts[name] += reading.counts[name]
        self.unmapped.update((system, code) for _, system, code in reading.unmapped)
        self.unplaced.update(finding for _, finding in reading.unplaced)
        self.unused.update(why for _, why in reading.unused)
        self.invalid.update((result.severity, result.path, result.message) for result in reading.results)

    def break_(self, broken: Iterable[Broken]) -> None:
        """Count lines that could not be read."""
        for one in broken:
            self.counts["broken"] += 1
            self.broken.append(one)

    def __iadd__(self, other: Tally) -> Tally:
        for name in ("counts", "unmapped", "unplaced", "unused", "invalid", "row_path"):
            getattr(self, name).update(getattr(other, name))
        self.duplicates += other.duplicates
        self.dangling += other.dangling
        self.broken += other.broken
        return self

    def to_dict(self) -> dict[str, Any]:
        """As JSON: the most frequent first."""
        return {
            "counts": {name: self.counts[name] for name in ("resources", *COUNTS, "broken")},
            "unmapped": [{"system": s, "code": c, "count": n} for (s, c), n in _first(self.unmapped)],
            "unplaced": [{"finding": finding, "count": n} for finding, n in _first(self.unplaced)],
            "unused": [{"why": why, "count": n} for why, n in _first(self.unused)],
            "invalid": [
                {"severity": severity, "path": path, "message": message, "count": n}
                for (severity, path, message), n in _first(self.invalid)
            ],
            "duplicates": self.duplicates,
            "dangling": self.dangling,
            "rowPath": dict(sorted(self.row_path.items())),
        }


def _first(counter: Mapping[Any, int]) -> list[tuple[Any, int]]:
    """Sorted by count, then by name. What comes from outside could be of any number, so it is cut."""
    return sorted(counter.items(), key=lambda item: (-item[1], str(item[0])))[:_SHOWN]
