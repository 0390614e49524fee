"""Resources of one type to rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import compress, count
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import polars as pl
from msgspec.structs import astuple
from numpy.typing import NDArray

from .fields import COMPONENT, PATIENT, Fields, Joined, codes_alone, codes_of, joined, stripped
from .moments import Moments
from .part import Part
from .references import targets_of
from .statements import LATE, StatementReader, canonical

_DEEPER = -1
_MEMORY = 200_000
_PATIENT = PATIENT + "/"
_ID, _SUBJECT = attrgetter("id"), attrgetter("subject.reference")
Ints = NDArray[np.int64]
Odd = Callable[[int], object]
New = Callable[[Any], int]


def numbering() -> defaultdict[str, int]:
    """The place of each text among those that are asked for, in the order of asking."""
    return defaultdict(count().__next__)


@dataclass
class Taken:
    """What is taken from resources: this is all that is left of them."""

    subjects: list[int] = field(default_factory=list)
    """The place of the subject of each."""
    names: list[str] = field(default_factory=list)
    tops: list[int] = field(default_factory=list)
    """The statement of each, if its code alone tells that it says nothing; then it is not in the lists below."""
    statements: list[int] = field(default_factory=list)
    dates: list[bytes] = field(default_factory=list)
    targets: list[bytes] = field(default_factory=list)


class Kind:
    """Reduces resources of one type."""

    def __init__(self, fields: Fields, reader: StatementReader) -> None:
        self.fields, self.reader, self.moments = fields, reader, Moments(fields.dates)
        self._top = codes_of(fields.top) if fields.top else None
        self._joined: dict[type, tuple[Joined, Joined, Joined]] = {}
        """By the type that resources are decoded to: what gives what each says, its dates, and its targets."""
        self._said = fields.said
        self._tops: dict[bytes, int] = {}
        self._known: dict[bytes, int] = {}

    def forget(self) -> None:
        """Forget all statements: their numbers are no longer valid."""
        self._tops.clear()
        self._known.clear()

    def take(self, items: list[Any], taken: Taken, subjects: defaultdict[str, int] | None = None) -> None:
        """Take from decoded resources what is needed. Few at a time are fastest: they stay near the processor."""
        names = list(map(_ID, items))
        if subjects is not None:
            whose = map(_PATIENT.__add__, names) if self.fields.kind == PATIENT else map(_SUBJECT, items)
            taken.subjects += map(subjects.__getitem__, whose)
        taken.names += names
        if self._top is not None:
            tops = self._look_up(self._tops, self._top(items), items, self._new_top)
            taken.tops += tops
            if (deeper := tops.count(_DEEPER)) < len(items):
                if not deeper:
                    return
                items = list(compress(items, map(_DEEPER.__eq__, tops)))
        else:
            taken.tops += [_DEEPER] * len(items)
        if not items:
            return
        said, dates, targets = self._joined_of(type(items[0]))
        rows = list(map(astuple, items))
        taken.statements += self._look_up(self._known, said(rows), items, self._new)
        taken.dates += dates(rows)
        taken.targets += targets(rows)

    def _joined_of(self, struct: type) -> tuple[Joined, Joined, Joined]:
        if (found := self._joined.get(struct)) is None:
            own = self.fields
            found = joined(struct, self._said), stripped(struct, own.dates), stripped(struct, own.targets)
            self._joined[struct] = found
        return found

    def add(
        self, part: Part, taken: Taken, units: Ints, odd: Odd, local: dict[int, dict[str, str]] | None = None
    ) -> None:
        """Add rows for resources; ``odd`` is called with the place of each that the row path must read."""
        if not taken.tops:
            return
        tops, names = np.array(taken.tops, np.int64), pl.Series(taken.names, dtype=pl.String)
        places = np.flatnonzero(tops == _DEEPER)
        if len(places) < len(tops):
            silent = tops != _DEEPER
            part.unsaid(units[silent], tops[silent], names.filter(pl.Series(silent)))
            units, names = units[places], names.filter(pl.Series(~silent))
        if len(places):
            self._add_deep(part, taken, names, places, units, odd, local)

    def _add_deep(
        self, part: Part, taken: Taken, names: pl.Series, places: Ints, units: Ints, odd: Odd,
        local: dict[int, dict[str, str]] | None,
    ) -> None:  # fmt: skip
        found, dates = np.array(taken.statements, np.int64), taken.dates
        bounds, dated = self.moments.many(dates)
        if (limit := self.reader.limit) is not None:
            for i in np.flatnonzero(bounds[2] >= limit).tolist():
                found[i] = self.reader.number(LATE + self.reader.all[found[i]].key)
        targets = targets_of(taken.targets, units, local)
        said, whole = self.reader.flags(found)
        usual = (units >= 0) & (names != "").to_numpy() & targets.is_not_null().to_numpy()
        by_row_path = whole | ~dated | (said & ~usual)
        for place in places[by_row_path].tolist():
            odd(place)
        silent, kept = ~said & ~by_row_path, said & ~by_row_path
        if silent.any():
            part.unsaid(units[silent], found[silent], names.filter(pl.Series(silent)))
        days = pl.Series(dates, dtype=pl.Binary)
        if kept.all():
            part.said(units, found, names, targets, days, bounds[:2])
        else:
            own = pl.Series(kept)
            part.said(
                units[kept], found[kept], names.filter(own), targets.filter(own), days.filter(own), bounds[:2, kept]
            )

    def _look_up(self, known: dict[bytes, int], keys: list[bytes], items: list[Any], new: New) -> list[int]:
        """The statement of each resource by its key. Raises DecodeError where an element goes over a line's end."""
        if len(known) > _MEMORY:
            known.clear()
        found: list[Any] = list(map(known.get, keys))
        if None in found:
            for i, at in enumerate(found):
                if at is None:
                    if (at := known.get(keys[i])) is None:
                        if b"\n" in keys[i]:
                            raise msgspec.DecodeError("a line ends within an element")
                        at = known[keys[i]] = new(items[i])
                    found[i] = at
        return found

    def _new_top(self, item: Any) -> int:
        """The statement of a resource if its code alone tells that it says nothing."""
        fields = self.fields
        raws = [(name, raw) for name in fields.top if (raw := getattr(item, name))]
        shorter = [(name, codes_alone(raw) if name == COMPONENT else bytes(raw)) for name, raw in raws]
        at = self.reader.number(canonical(fields.kind, shorter))
        return at if self.reader.all[at].unmapped is not None else _DEEPER

    def _new(self, item: Any) -> int:
        present = self.fields.present
        raws = [(name, bytes(raw)) for name in self._said if (raw := getattr(item, name))]
        raws = [(name, _there(raw) if name in present else raw) for name, raw in raws]
        return self.reader.number(canonical(self.fields.kind, raws))


def _there(raw: bytes) -> bytes:
    """That an element is there, whatever it holds."""
    return b"true" if raw != b"null" else raw
