"""Between a bit a row and a number a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .states import Register, Words

_Key = TypeVar("_Key")


def unpacked(bits: Words, n: int) -> NDArray[np.uint8]:
    """A 0 or 1 a row."""
    return np.unpackbits(bits.view(np.uint8), count=n, bitorder="little")


def numbers(planes: Sequence[Words], out: NDArray[np.uint8]) -> None:
    """Write a number a row, of at most eight planes from the lowest bit."""
    n, used = len(out), len(planes)
    while used and not planes[used - 1].any():
        used -= 1
    if not used:
        out[:] = 0
        return
    found = unpacked(planes[used - 1], n)
    for place, plane in reversed(list(enumerate(planes[: used - 1]))):
        # Doubling by addition: a shift of bytes takes ten times as long.
        np.add(found, found, out=found)
        if plane.any():
            # The result is far from the processor, so it is written once.
            np.bitwise_or(found, unpacked(plane, n), out=out if not place else found)
    if used == 1 or not planes[0].any():
        out[:] = found


def sets(planes: Sequence[Words], out: NDArray[np.unsignedinteger[Any]], places: Iterable[int] | None = None) -> None:
    """Write sets, a number a row: bit ``places[i]`` of it (default: bit i) from plane ``i``."""
    at = dict(zip(range(len(planes)) if places is None else places, planes, strict=True))
    at = {place: plane for place, plane in at.items() if plane.any()}
    width = max(at, default=-1) + 1
    nothing = np.zeros(-(-len(out) // 64), np.uint64)
    every = [at.get(place, nothing) for place in range(width)]
    if out.dtype.itemsize == 1:
        return numbers(every, out)
    part = np.empty(len(out), np.uint8)
    out[:] = 0
    for first in reversed(range(0, width, 8)):
        numbers(every[first : first + 8], part)
        if first + 8 < width:
            np.multiply(out, 1 << 8, out=out)
        np.bitwise_or(out, part, out=out)
    return None


def together(types: Mapping[_Key, np.dtype[Any]], n: int) -> dict[_Key, NDArray[Any]]:
    """New arrays, those of a type in one piece of memory: the system hands out large pieces in large pages."""
    arrays: dict[_Key, NDArray[Any]] = {}
    for dtype in set(types.values()):
        own = [key for key, its in types.items() if its == dtype]
        arrays.update(zip(own, np.empty((len(own), n), dtype), strict=True))
    return {key: arrays[key] for key in types}


class SetPlanes:
    """Sets of findings, a plane a finding."""

    def __init__(self, register: Register, words: Words) -> None:
        self.register, self.words = register, words
        self._some = np.bitwise_or.reduce(words, axis=1).tolist()
        self._planes: dict[str, Words] = {}

    def any(self, name: str) -> bool:
        """Whether the finding is in any row's set."""
        index = self.register.places[name].index
        return bool(self._some[index // 64] >> index % 64 & 1)

    def __getitem__(self, name: str) -> Words:
        if name not in self._planes:
            index = self.register.places[name].index
            own = (self.words[index // 64] >> np.uint64(index % 64)).astype(np.uint8) & np.uint8(1)
            self._planes[name] = np.packbits(own, bitorder="little").view(np.uint64)
        return self._planes[name]

    def meeting(self, names: Sequence[str], planes: Sequence[Words]) -> Words:
        """The rows in which some finding of the set has its plane set."""
        result = np.zeros(self.words.shape[1] // 64, np.uint64)
        for name, plane in zip(names, planes, strict=True):
            if self.any(name):
                result |= plane & self[name]
        return result
