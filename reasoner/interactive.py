"""A dialogue that asks what is missing, most decisive first, and decides again after each answer."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from . import sentences as say
from .answer import Answer
from .assess import Reasoner
from .inputs import FhirInput, GraphInput
from .words import Words

UNKNOWN = "?"


class Dialogue:
    """One input talked through. Questions go to stderr, so that stdout holds the answer alone."""

    def __init__(
        self, reasoner: Reasoner, item: FhirInput | GraphInput, on: datetime.date | None,
        source: TextIO | None = None, screen: TextIO | None = None,
    ) -> None:  # fmt: skip
        self.reasoner, self.item, self.on = reasoner, item, on
        self.source, self.screen = source or sys.stdin, screen or sys.stderr
        self.words = Words(reasoner.knowledge)
        self.told: dict[str, dict[str, Any]] = {}
        self.stopped = False

    def hold(self) -> Answer:
        """Ask until nothing is open, or the person stops; returns the last answer."""
        answer = self.reasoner.answer(self.item, self.on)
        for place in range(len(answer.to_dict()["subjects"])):
            answer = self._about(place, answer)
            if self.stopped:
                break
        return answer

    def _about(self, place: int, answer: Answer) -> Answer:
        unknown: set[str] = set()
        self._say(f"About {self._name(answer.to_dict()['subjects'][place])}.")
        while not self.stopped:
            subject = answer.to_dict()["subjects"][place]
            asked = [q for q in say.questions(subject) if q.finding not in unknown]
            if not asked:
                self._say(self._end(subject, unknown))
                break
            value = self._ask(asked[0])
            if value is None:
                unknown.add(asked[0].finding)
            elif not self.stopped:
                self._keep(answer.to_dict(), subject, asked[0].finding, value)
                answer = self.reasoner.answer(self.item, self.on, self.told)
                self._say(self._so_far(answer.to_dict()["subjects"][place]))
        return answer

    def _keep(self, answer: Mapping[str, Any], subject: Mapping[str, Any], finding: str, value: Any) -> None:
        """What is told of a person holds for all that belongs to that person."""
        model = self.reasoner.knowledge.model
        of_person = model.kinds[model.findings[finding].kind].parent is None and subject["patient"]
        for other in answer["subjects"]:
            if other["subject"] == subject["subject"] or (of_person and other["patient"] == subject["patient"]):
                self.told.setdefault(other["subject"], {})[finding] = value

    def _ask(self, question: say.Question) -> Any:
        """The value told, or None for unknown; sets ``stopped`` at an empty line or the end of the input."""
        text, allowed, settles = say.ask(question, self.words)
        self._say(f"\n{text} [{question.finding}] ({settles})")
        finding = self.words.findings[question.finding]
        choices = [v for v in finding.values if v.notation in question.settles]
        for number, value in enumerate(choices, 1):
            self._say(f"  {number}. {value.notation}: {value.label}")
        if not choices:
            self._say(f"  {allowed}")
        while True:
            self.screen.write(f"Number or name, {UNKNOWN} for unknown, empty to stop: ")
            self.screen.flush()
            line = self.source.readline()
            reply = line.strip()
            if not reply:
                self.screen.write("\n")
                self.stopped = True
                return UNKNOWN
            if reply == UNKNOWN:
                return None
            found: Any
            if choices:
                names = {
                    name: v.notation for n, v in enumerate(choices, 1) for name in (str(n), v.notation, v.label.lower())
                }
                found = names.get(reply.lower())
            else:
                found = self._number(question.finding, reply)
            if found is not None:
                return found
            self._say(f"That is none of the answers; give {allowed}.")

    def _number(self, name: str, reply: str) -> float | int | None:
        range_ = self.words.findings[name].range
        assert range_ is not None
        try:
            number = float(reply.removesuffix(self.words.unit(name)).strip().replace(",", "."))
        except ValueError:
            return None
        low, high = range_.minimum, range_.maximum
        if number != number or (low is not None and number < low) or (high is not None and number > high):
            return None
        if range_.integer:
            return int(number) if number.is_integer() else None
        return number

    def _name(self, subject: Mapping[str, Any]) -> str:
        known = subject["findings"]
        said = [self.words.said(name, known[name]) for name in self.words.headline(known) if known[name] is not None]
        name = subject["reference"] or subject["subject"]
        return f"{name} ({', '.join(said)})" if said else str(name)

    def _so_far(self, subject: Mapping[str, Any]) -> str:
        rows = [r for g in subject["guidelines"] for r in g["recommendations"]]
        eligible = [r["id"] for r in rows if r["verdict"] == "eligible"]
        undecided = sum(1 for r in rows if r["verdict"] == "undetermined")
        return f"Eligible now: {', '.join(eligible) or 'none'}. Still open: {undecided}."

    def _end(self, subject: Mapping[str, Any], unknown: set[str]) -> str:
        rows = [r for g in subject["guidelines"] for r in g["recommendations"]]
        if any(r["verdict"] == "undetermined" for r in rows):
            if unknown:
                return "Nothing else to ask: what is open rests on what is unknown."
            return "No single answer can change anything: what is open needs several at once."
        if any(r["verdict"] == "conflicting-data" for r in rows):
            return "No answer can change anything: what is open needs the record corrected."
        return "No answer can change anything: every recommendation is decided."

    def _say(self, text: str) -> None:
        encoding = getattr(self.screen, "encoding", None) or "utf-8"
        self.screen.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        self.screen.flush()
