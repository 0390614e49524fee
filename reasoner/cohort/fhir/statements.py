"""What resources say, apart from whose they are and when: each distinct statement is read once, by the row path."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from reasoner.dates import interval
from reasoner.fhir.elements import MalformedError, codings
from reasoner.fhir.identity import Identities
from reasoner.fhir.said import Said, Sheet
from reasoner.fhir.statement import OBSERVED, Statements, spoken_of
from reasoner.fhir.tables import FhirMapping
from reasoner.model import Model

from .fields import CODE, OBSERVATION, VALUES

_AFTER_ALL = "9999-12-31"
_MEMORY = 100_000
Flags = NDArray[np.bool_]
LATE = b"late "
"""Begins the key of a statement that begins after the day of the assessment."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What all resources say that agree in everything but identity, subject, dates and focus."""

    key: bytes
    """The statement as FHIR JSON: its type and all elements that the reader looks at."""
    kind: str
    said: Said | None
    """What it says, None when it says nothing."""
    unmapped: tuple[str | None, str | None] | None
    unused: tuple[str, ...]
    results: tuple[tuple[str, str | None, str], ...]
    """Severity, path and message of what is wrong with it."""
    whole: bool
    """Whether only the row path can tell what it says, since that depends on elements that are not in the key."""


class StatementReader:
    """Reads statements with the code that reads one patient, and remembers them by key."""

    def __init__(self, mapping: FhirMapping, model: Model, on: datetime.date | None) -> None:
        self.mapping, self.model, self.on = mapping, model, on
        self.limit = None if on is None else interval(on.isoformat())[1]
        """What begins at this second or later begins after the day of the assessment."""
        self.all: list[Statement] = []
        """Every statement by its number; another list once they are forgotten, as numbers mean others then."""
        self._numbers: dict[bytes, int] = {}
        self._heard: dict[bytes, bool] = {}
        self._flags = np.zeros((2, 1024), np.bool_)
        self._identities: dict[str, Identities] = {}
        """By resource type, of the one resource that a statement is read from; it is the same in all of them."""

    @property
    def is_full(self) -> bool:
        """Whether it is time to forget: values come from outside, so what is remembered must not grow without end."""
        return len(self.all) >= _MEMORY

    def forget(self) -> None:
        """Forget all statements: numbers given so far mean nothing any more."""
        self.all, self._numbers, self._heard = [], {}, {}

    def flags(self, numbers: NDArray[np.int64]) -> tuple[Flags, Flags]:
        """Of statements: whether each says something, and whether only the row path can tell."""
        return self._flags[0, numbers], self._flags[1, numbers]

    def number(self, key: bytes) -> int:
        """The number of a statement. Raises ``orjson.JSONDecodeError`` when an element holds what JSON cannot."""
        found = self._numbers.get(key)
        if found is None:
            statement = self._read(key)
            found = self._numbers[key] = len(self.all)
            self.all.append(statement)
            if found == self._flags.shape[1]:
                self._flags = np.concatenate([self._flags, np.zeros_like(self._flags)], axis=1)
            self._flags[:, found] = statement.said is not None, statement.whole
        return found

    def hears(self, code: Any) -> bool:
        """Whether the code, as written, of a resource that nothing reads names a finding that could be assumed."""
        if not code:
            return False
        key = bytes(code)
        found = self._heard.get(key)
        if found is None:
            try:
                pairs = codings(orjson.loads(key), CODE)
            except MalformedError:
                pairs = []
            if len(self._heard) >= _MEMORY:
                self._heard.clear()
            found = self._heard[key] = bool(spoken_of(self.mapping, self.model, pairs))
        return found

    def _read(self, key: bytes) -> Statement:
        late = key.startswith(LATE)
        resource = orjson.loads(key.removeprefix(LATE))
        kind = resource["resourceType"]
        resource["id"] = "x"
        if late:
            resource[self._date_element(kind)] = _AFTER_ALL
        sheet = Sheet()
        if (identities := self._identities.get(kind)) is None:
            identities = self._identities[kind] = Identities([{"resourceType": kind, "id": "x"}], [None])
        reader = Statements(self.mapping, self.model, identities, sheet, self.on)
        said = reader.read(0, resource)
        unreadable = said is not None and any((code or "").startswith("unreadable ") for _, code in said.unread)
        blank = kind == OBSERVATION and not sheet.unmapped and not any(name in resource for name in VALUES)
        return Statement(
            key,
            kind,
            said,
            sheet.unmapped[0][1:] if sheet.unmapped else None,
            tuple(why for _, why in sheet.unused),
            tuple((r.severity, r.path, r.message) for r in sheet.results),
            unreadable or blank,
        )

    def _date_element(self, kind: str) -> str:
        spec = self.mapping.resources.get(kind)
        return OBSERVED[0] if spec is None else spec.dates[0]


def canonical(kind: str, elements: Iterable[tuple[str, bytes]]) -> bytes:
    """The key of a statement from the elements that are there, each as it was written."""
    parts = [b'"%s":%s' % (name.encode(), raw) for name, raw in elements]
    return b"{%s}" % b",".join([b'"resourceType":%s' % orjson.dumps(kind), *parts])


def kinds_of(keys: Iterable[bytes]) -> set[str]:
    """The resource types of statements, which their keys begin with."""
    return {kind.decode(errors="replace") for kind in {key.split(b'"', 4)[3] for key in keys}}
