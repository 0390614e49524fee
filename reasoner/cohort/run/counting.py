"""What a run counts: one counter with keys of texts, so that counts of steps simply add up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reasoner.cohort.fhir.tally import COUNTS, Tally
from reasoner.cohort.kernel import Kernel
from reasoner.cohort.results import APPLICABILITIES, OPEN, PREFERRED, SCOPES, VERDICTS, YES, Results, Sets

Key = tuple[str | None, ...]
Counts = Counter[Key]
"""By what is counted, then whatever tells one from another: ``("verdict", recommendation, verdict)``."""

VIOLATION = "Violation"
_NUMBER = r"`-?\d+(?:\.\d+)?(?:e[-+]?\d+)?`"
_NUMBERS = re.compile(rf"{_NUMBER}(?:(?:, | and ){_NUMBER})+|{_NUMBER}")


def to_json(counts: Counts) -> list[Any]:
    """As JSON."""
    return [[*key, count] for key, count in counts.items() if count]


def from_json(data: Iterable[list[Any]]) -> Counts:
    """From JSON."""
    return Counter({tuple(row[:-1]): row[-1] for row in data})


def under(counts: Counts, *beginning: str | None) -> dict[Key, int]:
    """The counts whose keys begin so, by the rest of the key; the most frequent first."""
    size = len(beginning)
    found = [(key[size:], count) for key, count in counts.items() if key[:size] == beginning and count]
    return dict(sorted(found, key=lambda item: (-item[1], tuple(text or "" for text in item[0]))))


def of_tally(tally: Tally) -> Counts:
    """What the reader counted."""
    counts: Counts = Counter()
    for name in ("resources", *COUNTS):
        counts["resources", name] = tally.counts[name]
    for kind in ("unmapped", "unplaced", "unused", "invalid"):
        for key, count in getattr(tally, kind).items():
            counts[kind, *(key if isinstance(key, tuple) else (key,))] += count
    for why, count in tally.row_path.items():
        counts["row path", why] += count
    counts["duplicates", "resources"] = tally.duplicates
    counts["dangling",] = tally.dangling
    return counts


class ResultCounter:
    """Counts decisions."""

    def __init__(self, kernel: Kernel, clashes: Iterable[tuple[str, str, str, str, str]]) -> None:
        place = {(column.guideline.id, column.id): i for i, column in enumerate(kernel.columns)}
        self._clashes = [
            (place[one, a], place[other, b], (a, b, why))
            for one, a, other, b, why in clashes
            if (one, a) in place and (other, b) in place
        ]
        self.kernel = kernel

    def __call__(self, results: Results) -> Counts:
        """What was decided, what is missing and what was assumed."""
        counts: Counts = Counter()
        counts["subjects",] = len(results)
        counts["invalid subjects",] = int(results.invalid.sum())
        for i, header in enumerate(results.headers):
            _words(counts, ("scope", header.id), results.scope[i], SCOPES)
            if (applicability := results.applicability[i]) is not None:
                _words(counts, ("applicability", header.id), applicability, APPLICABILITIES)
        for i, column in enumerate(results.columns):
            _words(counts, ("verdict", column.id), results.verdict[i], VERDICTS)
            if (preferred := results.preferred[i]) is not None:
                _words(counts, ("preferred", column.id), preferred, PREFERRED)
        self._across(counts, results)
        self._sets(counts, results)
        return counts

    def _across(self, counts: Counts, results: Results) -> None:
        """What concerns several recommendations at once."""
        for name, code in (("eligible for some", YES), ("open for some", OPEN)):
            distinct = {id(verdict): verdict for verdict in results.verdict}.values()
            met = reduce(np.logical_or, (verdict == code for verdict in distinct), np.zeros(len(results), np.bool_))
            counts[name,] = int(met.sum())
        for a, b, key in self._clashes:
            both = (results.verdict[a] == YES) & (results.verdict[b] == YES)
            counts["conflict", *key] = int(both.sum())

    def _sets(self, counts: Counts, results: Results) -> None:
        """Findings that are missing, alone missing, or assumed, each by the verdicts that are so.

        Recommendations that ask the same share their arrays, which are then counted once.
        """
        if results.missing is None or results.assumed is None:
            return
        known: dict[tuple[int, str], dict[int, int]] = {}
        for i, column in enumerate(results.columns):
            for what, sets in (("missing", results.missing[i]), ("assumed", results.assumed[i])):
                key = (id(sets), what)
                if key not in known:
                    known[key] = _distinct(sets)
                for bits, count in known[key].items():
                    for place, finding in enumerate(column.findings):
                        if bits >> place & 1:
                            counts[what, finding] += count
                            if what == "missing" and bits == 1 << place:
                                counts["alone", finding] += count
                                counts["alone by", finding, column.id] += count


def _words(counts: Counts, beginning: tuple[str, ...], codes: NDArray[np.uint8], words: tuple[str | None, ...]) -> None:
    for code, count in enumerate(np.bincount(codes, minlength=len(words)).tolist()):
        if (word := words[code]) is not None and count:
            counts[*beginning, word] += count


def _distinct(sets: Sets) -> dict[int, int]:
    if sets.dtype.itemsize <= 2:
        seen = np.bincount(sets)
        return {int(bits): int(seen[bits]) for bits in np.flatnonzero(seen) if bits}
    values, numbers = np.unique(sets, return_counts=True)
    return {int(bits): int(n) for bits, n in zip(values, numbers, strict=True) if bits}


def violations(counts: Counts) -> int:
    """How many violations of any sort there are."""
    told = sum(count for (severity, *_), count in under(counts, "invalid").items() if severity == VIOLATION)
    shapes = sum(count for (severity, *_), count in under(counts, "shapes").items() if severity == VIOLATION)
    return told + shapes + sum(under(counts, "rejected").values())


def of_results(results: Mapping[tuple[str, str | None, str], int]) -> Counts:
    """What derivations find, by severity, finding and text: without numbers, of which columns keep only the range."""
    counts: Counts = Counter()
    for (severity, finding, text), count in results.items():
        counts["invalid", severity, finding, _NUMBERS.sub("different numbers", text)] += count
    return counts
