"""What was decided of many subjects, as arrays of small codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reasoner.decide import CONFLICTING, ELIGIBLE, NOT_ELIGIBLE, UNDETERMINED

Bytes = NDArray[np.uint8]
Sets = NDArray[np.unsignedinteger[Any]]

VERDICTS = (UNDETERMINED, ELIGIBLE, NOT_ELIGIBLE, CONFLICTING)
SCOPES = (UNDETERMINED, "in-scope", "out-of-scope")
APPLICABILITIES = (UNDETERMINED, "direct", "indirect")
PREFERRED = (None, "true", "false", UNDETERMINED)
"""What the codes of the arrays stand for."""
OPEN, YES, NO, CLASH = range(4)


@dataclass(frozen=True)
class Header:
    """A guideline as the results speak of it."""

    id: str
    version: str
    sha256: str
    has_population: bool


@dataclass(frozen=True)
class Column:
    """A recommendation as the results speak of it."""

    guideline: Header
    id: str
    findings: tuple[str, ...]
    """What the bits of its sets stand for, from the lowest."""
    overriders: tuple[str, ...]
    """What the codes of ``overridden`` from 2 stand for; 0 is none, 1 undetermined."""
    reasons: tuple[tuple[str, ...], ...]
    """What the codes of ``reason`` from 1 stand for; 0 is none."""

    @property
    def sets(self) -> np.dtype[np.unsignedinteger[Any]]:
        """The type of its sets of findings."""
        bits = len(self.findings)
        return np.dtype(np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32 if bits <= 32 else np.uint64)


@dataclass(frozen=True)
class Results:
    """The decisions. Lists have an element a guideline or a recommendation, arrays one a subject.

    Arrays may be shared between recommendations that ask the same, so they are not to be written to.
    """

    headers: Sequence[Header]
    columns: Sequence[Column]
    scope: Sequence[Bytes]
    applicability: Sequence[Bytes | None]
    verdict: Sequence[Bytes]
    preferred: Sequence[Bytes | None]
    """None where it is null for every subject."""
    overridden: Sequence[Bytes | None]
    missing: Sequence[Sets] | None
    """None where it was not asked for."""
    assumed: Sequence[Sets] | None
    reason: Sequence[Sets] | None
    """The findings that settle the verdict, as codes of the column's ``reasons``; None where it was not asked for."""
    invalid: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.invalid)
