"""Resources of one type to rows."""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress
from operator import attrgetter
from typing import Any

import numpy as np

from .fields import Fields, written
from .moments import Moments
from .part import Part
from .references import target_of
from .statements import LATE, StatementReader, canonical

_DEEPER = -1
_MEMORY = 200_000
_ID = attrgetter("id")
Odd = Callable[[int], object]
New = Callable[[Any], int]


class Kind:
    """Reduces resources of one type."""

    def __init__(self, fields: Fields, reader: StatementReader) -> None:
        self.fields, self.reader, self.moments = fields, reader, Moments(fields.dates)
        self._top, self._deep = written(fields.top), written((*fields.top, *fields.deep, *fields.present))
        self._dates, self._targets = written(fields.dates), written(fields.targets)
        self._tops: dict[bytes, int] = {}
        self._known: dict[bytes, int] = {}

    def forget(self) -> None:
        """Forget all statements: their numbers are no longer valid."""
        self._tops.clear()
        self._known.clear()

    def add(
        self, part: Part, items: list[Any], units: list[int], odd: Odd, local: dict[int, dict[str, str]] | None = None
    ) -> None:
        """Add rows for resources; ``odd`` is called with the place of each that the row path must read."""
        tops = self._look_up(self._tops, self._top(items), items, self._new_top)
        deep = [i for i, found in enumerate(tops) if found == _DEEPER]
        if len(deep) < len(items):
            silent = [found != _DEEPER for found in tops]
            part.unsaid(
                list(compress(units, silent)), list(compress(tops, silent)), list(map(_ID, compress(items, silent)))
            )
            items = [items[i] for i in deep]
        if items:
            self._add_deep(part, items, deep, [units[i] for i in deep], odd, local)

    def _add_deep(
        self, part: Part, items: list[Any], places: list[int], units: list[int], odd: Odd,
        local: dict[int, dict[str, str]] | None,
    ) -> None:  # fmt: skip
        keys = self._deep(items)
        found = self._look_up(self._known, keys, items, self._new)
        dates = self._dates(items)
        bounds, dated = self.moments.many(dates)
        if (limit := self.reader.limit) is not None:
            for i in np.flatnonzero(bounds[2] >= limit).tolist():
                found[i] = self.reader.number(LATE + self.reader.all[found[i]].key)
        targets = self._target_list(items, units, local)
        names = list(map(_ID, items))
        said, whole = self.reader.flags(found)
        by_row_path = whole | ~dated
        usual = np.array(units) >= 0
        if None in targets or "" in names:
            usual &= np.array([target is not None and name != "" for target, name in zip(targets, names, strict=True)])
        by_row_path |= said & ~usual
        for i in np.flatnonzero(by_row_path).tolist():
            odd(places[i])
        silent = (~said & ~by_row_path).tolist()
        if any(silent):
            part.unsaid(list(compress(units, silent)), list(compress(found, silent)), list(compress(names, silent)))
        kept = said & ~by_row_path
        keep = kept.tolist()
        # A target that is None makes its row one for the row path, so those that are kept are all texts.
        part.said(
            list(compress(units, keep)), list(compress(found, keep)), list(compress(names, keep)),
            [target or "" for target in compress(targets, keep)], list(compress(dates, keep)), bounds[:2, kept],
        )  # fmt: skip

    def _target_list(
        self, items: list[Any], units: list[int], local: dict[int, dict[str, str]] | None
    ) -> list[str | None]:
        """What each refers to."""
        if not self.fields.targets:
            return [""] * len(items)
        raws = self._targets(items)
        if local is not None:
            return [target_of(raw, local.get(unit)) for raw, unit in zip(raws, units, strict=True)]
        known = {raw: target_of(raw, None) for raw in set(raws)}
        return [known[raw] for raw in raws]

    def _look_up(self, known: dict[bytes, int], keys: list[bytes], items: list[Any], new: New) -> list[int]:
        if len(known) > _MEMORY:
            known.clear()
        found: list[Any] = list(map(known.get, keys))
        if None in found:
            for i, at in enumerate(found):
                if at is None:
                    if (at := known.get(keys[i])) is None:
                        at = known[keys[i]] = new(items[i])
                    found[i] = at
        return found

    def _new_top(self, item: Any) -> int:
        """The statement of a resource if its code alone tells that it says nothing."""
        fields = self.fields
        if not fields.top:
            return _DEEPER
        at = self.reader.number(canonical(fields.kind, [(n, bytes(getattr(item, n))) for n in fields.top]))
        return at if self.reader.all[at].unmapped is not None else _DEEPER

    def _new(self, item: Any) -> int:
        fields = self.fields
        raws = [(n, bytes(getattr(item, n))) for n in (*fields.top, *fields.deep)]
        raws += [(n, _there(bytes(getattr(item, n)))) for n in fields.present]
        return self.reader.number(canonical(fields.kind, raws))


def _there(raw: bytes) -> bytes:
    """That an element is there, whatever it holds."""
    return b"true" if raw and raw != b"null" else raw
