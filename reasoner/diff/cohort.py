"""Patients answered by both sides: whose verdict, order or missing findings change. Only reference ids are kept."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reasoner.edges import DONE, FAILED, INVALID, complain
from reasoner.errors import ReasonerError
from reasoner.inputs import LARGEST, BrokenLine, FhirInput, GraphInput, Input, read_bytes, read_file

from .compare import Difference

Json = dict[str, Any]
NONE = "none"
"""What a side answers about something that it does not have."""


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """One answer on a guideline or recommendation, before and after."""

    guideline: str
    recommendation: str
    about: str
    old: str
    new: str


@dataclass(slots=True)
class Cohort:
    """The outcome; every input is in ``answered`` or ``broken``, every subject in ``changed`` or ``unchanged``."""

    inputs: int = 0
    answered: int = 0
    broken: list[tuple[str, int]] = field(default_factory=list)
    """File and line of what could not be read; the rest of the file went on."""
    failed: list[tuple[str, str]] = field(default_factory=list)
    """Files that could not be read to their end, with the reason."""
    invalid: int = 0
    """Inputs answered although some of their data is invalid on one side or both."""
    subjects: int = 0
    changed: int = 0
    unchanged: int = 0
    moves: dict[Move, list[str]] = field(default_factory=dict)
    """References of the subjects by what changed for them."""

    @property
    def code(self) -> int:
        """The exit code that the data alone deserves."""
        return FAILED if self.failed else INVALID if self.broken or self.invalid else DONE


class Comparison:
    """Answers every input twice and keeps what differs."""

    def __init__(self, difference: Difference, on: datetime.date | None = None) -> None:
        self.difference, self.on = difference, on
        self.reasoners = tuple(side.reasoner for side in difference.sides)
        self.outcome = Cohort()
        matched = difference.pairs.matched
        self._guidelines, self._ids = matched.guidelines, matched.recommendations
        self._findings = difference.common.old.findings

    def all(self, files: Sequence[str]) -> Cohort:
        """Every input of every file; a file that cannot be read does not cost the others their answer."""
        for file in files:
            try:
                for number, item in enumerate(_inputs(file), 1):
                    self.outcome.inputs += 1
                    if isinstance(item, BrokenLine):
                        self.outcome.broken.append((file, item.line))
                    else:
                        self._answer(item, f"{file}#{number}")
            except ReasonerError as error:
                self.outcome.failed.append((file, error.message))
                complain(error)
        return self.outcome

    def _answer(self, item: FhirInput | GraphInput, where: str) -> None:
        answers = [reasoner.answer(item, self.on) for reasoner in self.reasoners]
        self.outcome.answered += 1
        self.outcome.invalid += not all(answer.is_valid for answer in answers)
        subjects = [answer.to_dict()["subjects"] for answer in answers]
        old, new = ({s["subject"]: self._rows(s, i == 0) for s in own} for i, own in enumerate(subjects))
        names = {s["subject"]: s["reference"] or s["subject"] for own in subjects for s in own}
        for subject in sorted({*old, *new}):
            moves = list(_moves(old.get(subject), new.get(subject)))
            self.outcome.subjects += 1
            self.outcome.changed += bool(moves)
            self.outcome.unchanged += not moves
            for move in moves:
                self.outcome.moves.setdefault(move, []).append(f"{where} {names[subject]}")

    def _rows(self, subject: Json, is_old: bool) -> dict[tuple[str, str, str], str]:
        """Each answer on the subject by (guideline, recommendation, what), in the newer side's names."""
        rows: dict[tuple[str, str, str], str] = {}
        for guideline in subject["guidelines"]:
            id_ = self._guidelines.get(guideline["id"], guideline["id"]) if is_old else guideline["id"]
            rows[id_, "", "scope"] = guideline["scope"]
            rows[id_, "", "applicability"] = _word(guideline["applicability"])
            for row in guideline["recommendations"]:
                own = self._ids.get((guideline["id"], row["id"]), row["id"]) if is_old else row["id"]
                by = row["overriddenBy"]
                missing = [self._findings.get(name, name) if is_old else name for name in row["missing"]]
                rows[id_, own, "verdict"] = row["verdict"]
                rows[id_, own, "preferred"] = _word(row["preferred"])
                rows[id_, own, "overridden by"] = _word(self._ids.get((guideline["id"], by), by) if is_old else by)
                rows[id_, own, "missing"] = ", ".join(sorted(missing)) or NONE
        return rows


def _moves(old: dict[tuple[str, str, str], str] | None, new: dict[tuple[str, str, str], str] | None) -> Iterator[Move]:
    if old is None or new is None:
        yield Move("", "", "subject", NONE if old is None else "answered", NONE if new is None else "answered")
        return
    for key in sorted({*old, *new}):
        before, after = old.get(key, NONE), new.get(key, NONE)
        if before != after:
            yield Move(*key, before, after)


def _word(said: object) -> str:
    return NONE if said is None else str(said).lower() if isinstance(said, bool) else str(said)


def _inputs(file: str) -> Iterator[Input]:
    if file == "-":
        return read_bytes(sys.stdin.buffer.read(LARGEST + 1), "stdin")
    return read_file(Path(file))
