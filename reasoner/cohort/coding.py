"""Codes: what is recorded of one finding, as one unsigned number, so that a column of findings is a plain array.

The highest bit of a code is the *flag*. Without it a code is 0 (not recorded), the mask of the values still possible
(coded findings), or the number of the cell plus one (numbers). With it, the lower bits are the values or cells that
sources said and that cannot all be true; none of them means: not recorded, and not to be assumed either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reasoner.errors import KnowledgeError
from reasoner.model import Fact, Finding, Model
from reasoner.space import Field, Space

Codes = NDArray[np.unsignedinteger]

_TYPES: tuple[type[np.unsignedinteger], ...] = (np.uint8, np.uint16, np.uint32, np.uint64)


@dataclass(frozen=True)
class Code:
    """How one finding is coded."""

    name: str
    width: int
    """How many values or cells it has."""
    dtype: np.dtype[np.unsignedinteger]
    flag: int
    radix: int
    """One more than the greatest code without the flag."""
    cuts: tuple[tuple[float, int], ...] | None
    numbers: tuple[tuple[float, float], ...]
    """Two different numbers of each cell, the same one twice where it has no other."""

    @property
    def contradicted(self) -> int:
        """The code of a finding whose sources clash, whatever they said: the greatest of the type."""
        return 2 * self.flag - 1

    @property
    def unsettled(self) -> int:
        """The code of a finding of which something is said that could not be placed: it must not be assumed."""
        return self.flag

    def number(self, value: float) -> int:
        """The code of a number."""
        return int(self.cells(np.array([value]))[0]) + 1

    def cells(self, values: NDArray[np.floating | np.integer]) -> Codes:
        """The cell of each number."""
        assert self.cuts is not None
        found = np.zeros(len(values), self.dtype)
        for cut, above in self.cuts:
            over = values > cut if above else values >= cut
            # Adding truth values would cast them first.
            found += over.view(np.uint8)
        return found

    def facts(self, code: int) -> list[Fact]:
        """Facts that come to the same: their cell or mask is all that any later step looks at."""
        if code < self.flag:
            if not code:
                return []
            return [Fact(self.name, code) if self.cuts is None else Fact(self.name, number=self.numbers[code - 1][0])]
        said = (code - self.flag) & ((1 << self.width) - 1)
        places = [i for i in range(self.width) if said >> i & 1]
        if self.cuts is None:
            # One value cannot contradict itself: what the others were does not matter, only that there were some.
            masks = [1 << i for i in places] if len(places) > 1 else [said, ((1 << self.width) - 1) & ~said]
            return [Fact(self.name, mask) for mask in masks] if said else []
        if len(places) == 1:
            return [Fact(self.name, number=number) for number in self.numbers[places[0]]]
        return [Fact(self.name, number=self.numbers[i][0]) for i in places]


def coding(model: Model, space: Space) -> dict[str, Code]:
    """How each finding of the model is coded, by name."""
    return {name: _code(finding, space.fields[name]) for name, finding in model.findings.items()}


def _code(finding: Finding, field: Field) -> Code:
    bits = field.width + 1
    for type_ in _TYPES:
        dtype = np.dtype(type_)
        if bits <= dtype.itemsize * 8:
            flag = 1 << (dtype.itemsize * 8 - 1)
            numbers = () if field.cuts is None else tuple(_inside(field.cuts, i) for i in range(field.width))
            radix = (1 << field.width) if field.cuts is None else field.width + 1
            return Code(field.name, field.width, dtype, flag, radix, field.cuts, numbers)
    raise KnowledgeError(
        f"`{finding.notation}` has {field.width} values or cells", None, "columns hold findings of at most 63"
    )


def _inside(cuts: tuple[tuple[float, int], ...], cell: int) -> tuple[float, float]:
    """Two numbers of a cell; what the model takes for a whole number may be broken here, no step looks at it."""
    low = cuts[cell - 1] if cell else None
    high = cuts[cell] if cell < len(cuts) else None
    if low is None or high is None:
        return (0.0, 1.0) if low is None and high is None else _beyond(low, high)
    if low[0] == high[0]:
        return low[0], low[0]
    third = (high[0] - low[0]) / 3
    return low[0] + third, high[0] - third


def _beyond(low: tuple[float, int] | None, high: tuple[float, int] | None) -> tuple[float, float]:
    if low is not None:
        return low[0] + 1, low[0] + 2
    assert high is not None
    return high[0] - 1, high[0] - 2
