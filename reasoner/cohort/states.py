"""States of many subjects: what ``derive.State`` holds of one, as arrays of words.

Only the findings that some formula reads are kept, each with its values side by side in one 64-bit word, so that a
state is a word or two whatever the model holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reasoner.derive import State
from reasoner.errors import KnowledgeError
from reasoner.space import Field, Space

Words = NDArray[np.uint64]
MARK = 1
"""A bit of the first word that is no finding's, for whoever makes states to mark some; it is clear in the end."""
_BITS = 64


@dataclass(frozen=True)
class Place:
    """Where a finding lies in the words: ``index`` is its bit in sets of findings."""

    name: str
    index: int
    word: int
    shift: int
    width: int
    offset: int
    """Where it lies in the cubes of the space."""

    def mask(self, cube: int) -> int:
        """The finding's values in a cube of the space."""
        return cube >> self.offset & ((1 << self.width) - 1)


class Register:
    """The places of all findings that matter, and how cubes become words."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self.places: dict[str, Place] = {}
        word, shift = 0, MARK.bit_length()
        for index, field in enumerate(fields):
            if field.width > _BITS:
                raise KnowledgeError(f"`{field.name}` has more than {_BITS} values", None, "columns hold fewer")
            if shift + field.width > _BITS:
                word, shift = word + 1, 0
            self.places[field.name] = Place(field.name, index, word, shift, field.width, field.offset)
            shift += field.width
        self.words = word + 1
        self.sets = (len(self.places) + _BITS - 1) // _BITS or 1

    def cube(self, cube: int, names: Iterable[str] | None = None) -> list[int]:
        """A cube of the space as words, of all findings or of some."""
        words = [0] * self.words
        for name in self.places if names is None else names:
            if (place := self.places.get(name)) is not None:
                words[place.word] |= place.mask(cube) << place.shift
        return words

    def set(self, names: Iterable[str]) -> list[int]:
        """Findings as a set."""
        words = [0] * self.sets
        for name in names:
            if (place := self.places.get(name)) is not None:
                words[place.index // _BITS] |= 1 << place.index % _BITS
        return words


@dataclass(frozen=True)
class States:
    """Many states. The arrays have a row a word and a column a subject."""

    cube: Words
    """What is possible, assumptions included."""
    recorded: Words
    """What is possible without any assumption."""
    doubtful: Words
    """The findings that are contradicted, or derived from contradicted ones."""
    assumed: Words
    """The findings of which a value was assumed."""
    invalid: NDArray[np.bool_]
    """Whether validation found a violation."""

    def __len__(self) -> int:
        return len(self.invalid)

    def part(self, rows: slice | NDArray[np.intp]) -> States:
        """Some of the states."""
        return States(
            self.cube[:, rows], self.recorded[:, rows], self.doubtful[:, rows], self.assumed[:, rows],
            self.invalid[rows],
        )  # fmt: skip

    def put(self, rows: NDArray[np.intp], others: States) -> None:
        """Replace the states of some rows."""
        self.cube[:, rows] = others.cube
        self.recorded[:, rows] = others.recorded
        self.doubtful[:, rows] = others.doubtful
        self.assumed[:, rows] = others.assumed
        self.invalid[rows] = others.invalid

    @classmethod
    def empty(cls, register: Register, rows: int) -> States:
        """States of which nothing is written yet."""
        return cls(
            np.zeros((register.words, rows), np.uint64),
            np.zeros((register.words, rows), np.uint64),
            np.zeros((register.sets, rows), np.uint64),
            np.zeros((register.sets, rows), np.uint64),
            np.zeros(rows, np.bool_),
        )

    @classmethod
    def from_states(cls, register: Register, space: Space, states: Sequence[State]) -> States:
        """The states of subjects that the row path read."""
        result = cls.empty(register, len(states))
        for i, state in enumerate(states):
            result.write(i, register, space, state)
        return result

    def write(self, row: int, register: Register, space: Space, state: State) -> None:
        """Set one state."""
        self.cube[:, row] = register.cube(state.cube)
        self.recorded[:, row] = register.cube(state.recorded)
        self.doubtful[:, row] = register.set(space.guarded(state.doubtful))
        self.assumed[:, row] = register.set({a.finding for a in state.assumptions})
        self.invalid[row] = any(result.severity == "Violation" for result in state.results)

    @classmethod
    def joined(cls, parts: Sequence[States]) -> States:
        """The states of all parts, one after another."""
        return cls(
            np.concatenate([p.cube for p in parts], axis=1),
            np.concatenate([p.recorded for p in parts], axis=1),
            np.concatenate([p.doubtful for p in parts], axis=1),
            np.concatenate([p.assumed for p in parts], axis=1),
            np.concatenate([p.invalid for p in parts]),
        )
