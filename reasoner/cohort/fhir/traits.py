"""Statements as columns: what of each one the placing of its facts depends on, so that rows need only look it up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reasoner.fhir.places import Place, place_of
from reasoner.fhir.placing import sites_of
from reasoner.fhir.said import Said
from reasoner.fhir.tables import FhirMapping, Located
from reasoner.model import Fact, Model
from reasoner.space import Space

from .fields import OBSERVATION, PATIENT
from .statements import Statement

NO_CLAIM, CLAIM, YIELDING, UNSURE = range(4)
"""Whether a statement establishes a subject; whether it gives way to a more exact one; whether it is in doubt."""
LESION, FOOT, PERSON, ELSEWHERE = range(4)
"""What a fact is of: the subject, its parent, the person, or something that is not placed."""
Ints = NDArray[np.int64]
Column = NDArray[Any]

_STATEMENT = (
    "claim", "order", "strange", "answers", "place", "side", "several", "site", "unread", "names_unread", "sited",
    "focuses", "person", "establishing", "sites", "stated", "first", "count",
)  # fmt: skip
_FACT = ("finding", "mask", "value", "lasting", "every", "level", "unassumed")


class Traits:
    """Columns of statements and of their facts; statements are added as they come."""

    def __init__(self, mapping: FhirMapping, located: Located, model: Model, space: Space) -> None:
        self.located, self.model, self.space = located, model, space
        self.names = list(model.findings)
        self._at = {name: i for i, name in enumerate(self.names)}
        self._roots = {name for name, kind in model.kinds.items() if kind.parent is None}
        self._yields = _yields(mapping)
        self._places: dict[Place, int] = {}
        self._statements: dict[str, list[Any]] = {name: [] for name in _STATEMENT}
        self._facts: dict[str, list[Any]] = {name: [] for name in _FACT}
        self._source: list[Statement] = []
        self._length = self._told = 0
        self.by = self._at[located.by]
        self.columns: dict[str, Column] = {}
        self.facts: dict[str, Column] = {}
        self.place_side: Ints = np.zeros(0, np.int64)
        self.place_site: Ints = np.zeros(0, np.int64)

    def update(self, statements: list[Statement]) -> None:
        """Take in the statements that are new; another list has other ones."""
        if statements is not self._source:
            self._source, self._length, self._told = statements, 0, 0
            self.columns, self.facts = {}, {}
        if len(statements) == self._length:
            return
        for statement in statements[self._length :]:
            self._add(statement)
        self._length = len(statements)
        for known, new in ((self.columns, self._statements), (self.facts, self._facts)):
            for name, column in new.items():
                before = known.get(name, ())
                if column:
                    known[name] = np.append(before, column) if len(before) else np.array(column)
                elif name not in known:
                    known[name] = np.zeros(0, np.int64)
                column.clear()
        self.place_side = np.array([place.side for place in self._places] or [0], np.int64)
        self.place_site = np.array([place.site for place in self._places] or [0], np.int64)

    def _add(self, statement: Statement) -> None:
        said = statement.said or Said(0, "", "", None, None)
        counts = said.effect == "counts"
        claim = NO_CLAIM if not said.order else UNSURE if not counts else CLAIM
        yielding = bool(said.yields_to) and not said.sited
        answers = any(code.startswith(starts) for code in said.codes for starts in self._yields)
        if claim == CLAIM and yielding:
            claim = YIELDING
        several = bool(said.side & (said.side - 1))
        own = place_of(said, self.located.whole, one_side=False)
        sites = sites_of(said)
        levels = [self._level(fact) for fact in said.facts]
        strange = ELSEWHERE in levels or (claim == YIELDING and (answers or len(self._yields) > 1))
        strange = strange or (claim != NO_CLAIM and (several or bool(own.unread) or len(sites) > 1))
        row = (
            claim, said.order, strange or claim == UNSURE, answers, self._places.setdefault(own, len(self._places)),
            said.side, several, own.site, bool(own.unread), bool(said.unread), said.sited,
            statement.kind == OBSERVATION, statement.kind == PATIENT, self._at.get(said.establishing, -1),
            len(sites) if claim != NO_CLAIM else 0, sites[0] if sites else 0, self._told,
            len(said.facts),
        )  # fmt: skip
        for column, value in zip(self._statements.values(), row, strict=True):
            column.append(value)
        self._told += len(said.facts)
        for fact, level in zip(said.facts, levels, strict=True):
            self._fact(fact, level, fact.finding in said.every_side)

    def _fact(self, fact: Fact, level: int, every: bool) -> None:
        finding, field = self.model.findings[fact.finding], self.space.fields[fact.finding]
        mask = fact.mask if fact.number is None else field.cell(fact.number) >> field.offset
        value = 0.0 if fact.number is None else float(fact.number)
        row = (self._at[fact.finding], mask, value, fact.lasting, every, level, fact.mask != finding.assumed)
        for column, one in zip(self._facts.values(), row, strict=True):
            column.append(one)

    def _level(self, fact: Fact) -> int:
        kind = self.model.findings[fact.finding].kind
        if kind == self.located.kind:
            return LESION
        if kind == self.located.parent:
            return FOOT
        return PERSON if kind in self._roots else ELSEWHERE


def _yields(mapping: FhirMapping) -> set[tuple[str, ...]]:
    """The beginnings of codes that some code gives way to."""
    rules: Mapping[Any, Any] = mapping.rules
    found = {rule.meaning.yields_to for own in rules.values() for rule in own}
    found |= {rule.meaning.yields_to for own in mapping.beginnings.values() for _, rule in own}
    return found - {()}
