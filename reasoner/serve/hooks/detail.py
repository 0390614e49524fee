"""The detail of a card: reasons, evidence, cautions, what is assumed and missing, and what it rests on, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from reasoner import sentences as say
from reasoner.blocks import capital
from reasoner.responses.telling import Telling
from reasoner.words import counted, listed

from . import markdown as md

Json = Mapping[str, Any]

_QUESTIONS = 6
_ROWS = 5


class Details:
    """Writes details about one answer of one guideline; ``notes`` tell, as Markdown, what did not come."""

    def __init__(self, telling: Telling, notes: Sequence[str]) -> None:
        self.answer, self.guideline, self.words = telling.answer, telling.guideline, telling.words
        self._telling, self._notes = telling, notes

    def subject(self, subject: dict[str, Any]) -> str:
        """Which subject this is about."""
        names = [subject["reference"] or subject["subject"], *subject["sameAs"]]
        return f"{md.words(self.heading(subject))} ({', '.join(md.data(name) for name in names)})"

    def heading(self, subject: dict[str, Any]) -> str:
        """The subject in words: what it is and where."""
        return capital(self._telling.name(subject))

    def advice(self, row: Json, own: Json) -> str:
        """One recommendation: what it says, how sure, why it applies, and its place in the order of choice."""
        words = self.words
        lines = [
            row["statement"] or "",
            f"Because: {say.reasons(row['because'], words)}." if row["because"] else "",
            say.grade(row, words),
            say.wording(row, words),
            *self._order(row),
            *(f"Speaks for it: {words.said(a['finding'], a['value'])} ({a['source']})." for a in row["arguments"]),
            self._population(own),
        ]
        sources = [resource for reason in row["because"] if (resource := reason.get("resource"))]
        told = [f"  - {md.words(line)}" for line in lines if line]
        if sources:
            told.append(f"  - From {', '.join(md.data(name) for name in dict.fromkeys(sources))}")
        does = capital(say.action(row, words)) if row["direction"] == "for" else f"Not {say.action(row, words)}"
        head = f"{md.words(does)} ({md.words(row['id'])})"
        return "\n".join([head, *told])

    def _order(self, row: Json) -> list[str]:
        if row["overriddenBy"] not in (None, "undetermined"):
            return [f"Has to wait: {say.named_ids([row['overriddenBy']], self.words)} comes before it."]
        notes = []
        if row["overriddenBy"] == "undetermined":
            notes.append("May have to wait: a recommendation that would come before everything else is undetermined.")
        if row["preferred"] is False:
            notes.append(f"Not the first choice ({say.choice(row)}).")
        if row["preferred"] == "undetermined":
            missing = listed([self.words.finding(name) for name in row["preferredMissing"]], "and")
            notes.append(f"Whether it comes first {f'depends on {missing}' if missing else 'is undetermined'}.")
        return notes

    def _population(self, own: Json) -> str:
        return {
            "indirect": "INDIRECT: its evidence comes from other cases than this, so nothing is offered to order.",
            "undetermined": "Undetermined whether its evidence comes from such cases, so nothing is offered to order.",
        }.get(own["applicability"] or "", "")

    def evidence(self, rows: Iterable[Json]) -> str:
        """The effect estimates behind some recommendations."""
        found = {e["id"]: e for row in rows for e in row["evidence"]}
        once = self._telling.codes.once
        lines = [once(("estimate", id_), partial(self._estimate, own)) for id_, own in found.items()]
        return md.section("Evidence", lines or ["No effect estimate was found for it."])

    def _estimate(self, own: Json) -> str:
        return f"{md.words(capital(say.estimate(own, self.words)))} {md.words(say.estimate_standing(own, self.words))}"

    def cautions(self, rows: Iterable[Json]) -> str:
        """What to beware of."""
        found = {c["text"]: c for row in rows for c in row["cautions"]}
        return md.section("Cautions", [md.words(say.caution(own, self.words)) for own in found.values()])

    def claims(self, rows: Iterable[Json]) -> str:
        """What a source claims and others contradict."""
        found = {c["claim"]: c for row in rows for c in row["disagreements"]}
        lines = [f"{c['claim']} ({c['source']}) Against it: {c['contradictedBy']}" for c in found.values()]
        return md.section("Claims that other sources contradict", [md.words(line) for line in lines])

    def assumed(self, subject: Json, rows: Iterable[Json]) -> str:
        """What was assumed that the recommendations rest on."""
        names = {name for row in rows for name in row["assumed"]}
        lines = [
            f"{capital(self.words.said(own['finding'], own['value']))} ({say.policy(own['policy'], self.words)})"
            for own in subject["assumed"]
            if own["finding"] in names
        ]
        return md.section("Assumed, please check", [md.words(line) for line in lines])

    def conflicts(self, subject: Json, rows: Iterable[Json]) -> str:
        """Where another guideline says what cannot be done together with this."""
        ids = {row["id"] for row in rows}
        lines = [
            f"{say.named_ids(own['between'], self.words)}: {own['why']}."
            for own in subject["conflicts"]
            if ids & set(own["between"])
        ]
        return md.section("The guidelines conflict", [md.words(line) for line in lines])

    def undecided(self, rows: Iterable[Json]) -> str:
        """What is open and what it needs."""
        lines = []
        for row in rows:
            missing = listed([self.words.finding(name) for name in row["missing"]], "and")
            need = f"needs {missing}" if missing else "no single answer settles it"
            if row["verdict"] == "conflicting-data":
                need = "what is recorded contradicts itself"
            lines.append(md.words(f"{say.named(row)}: {need}"))
        return md.section("Cannot be decided yet", lines)

    def questions(self, names: Sequence[str], asked: Sequence[say.Question]) -> str:
        """What to ask: findings that the scope needs, then the most decisive."""
        lines = [md.words(self.words.findings[name].question or self.words.finding(name)) for name in names]
        told = [question for question in asked if question.finding not in names]
        for question in told[:_QUESTIONS]:
            text, allowed, settles = say.ask(question, self.words)
            lines.append(md.words(f"{text} Answers: {allowed}. {capital(settles)}."))
        if rest := [self.words.finding(question.finding) for question in told[_QUESTIONS:]]:
            lines.append(md.words(f"Then: {', '.join(rest)}."))
        return md.section("Ask", lines)

    def sources(self, rows: Iterable[Json]) -> str:
        """The documents behind some recommendations."""
        found = {s["id"]: s for row in rows for s in row["sources"] if self.words.is_document(s["id"])}
        lines = []
        for id_, own in sorted(found.items()):
            status = "" if own["status"] in (None, say.VERIFIED) else f" ({self.words.status(own['status'])})"
            lines.append(f"{md.words((own['title'] or id_) + status)} {md.data(own['identifier'] or id_)}")
        return md.section("Sources", lines)

    @cached_property
    def ending(self) -> str:
        """What every card ends with."""
        return md.joined(self._data(), self._standing())

    def _data(self) -> str:
        """What was read, what is wrong with it, and what did not come."""
        read, results = self.answer["input"], self.answer["validation"]["results"]
        counts = read["counts"]
        told = ", ".join(f"{counts.get(key, 0)} {key}" for key in ("used", "unmapped", "unplaced", "unused"))
        lines = [f"{counted(counts.get('resources', 0), 'resource')} read: {told}"]
        grave = [own for own in results if own["severity"] in ("Violation", "Warning")]
        lines += [f"{own['severity']} {md.data(own['focus'])}: {md.data(own['message'])}" for own in grave[:_ROWS]]
        lines += [f"{len(grave) - _ROWS} more like it"] if len(grave) > _ROWS else []
        others = [f"{md.data(own['resource'])} (code not known)" for own in read["unmapped"]]
        others += [f"{md.data(own['resource'])} (not known which it is about)" for own in read["unplaced"]]
        if others:
            more = f" and {len(others) - _ROWS} more" if len(others) > _ROWS else ""
            lines.append(f"Not used: {', '.join(others[:_ROWS])}{more}")
        return md.section("Data", [*lines, *self._notes])

    def _standing(self) -> str:
        """Which knowledge answers, and the notice."""
        own, engine = self.guideline, self.answer["engine"]
        policy = (
            "every assumption asked" if self.answer["provenance"]["policy"] == "strict" else "assumptions as listed"
        )
        made = f"{capital(own.label)} {own.version}, sha256 {own.sha256[:16]}"
        made += f"; {engine['name']} {engine['version']}; {policy}."
        return md.joined(md.words(made), md.words(self.answer["provenance"]["notice"]))
