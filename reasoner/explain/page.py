"""The page of an explanation: one part a recommendation, or one line each where all of them are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reasoner import sentences as say
from reasoner.blocks import ALERT, FINE, LEAD, PLAIN, Item, Page, Section, SubjectPage, as_notes, capital
from reasoner.page import about_data, made_by
from reasoner.words import Words, counted, listed

from .wording import change, leads, marked, origin

Json = Mapping[str, Any]

_SHOWN = 5
_GROUPS = ("eligible", "undetermined", "conflicting-data", "not-eligible")
_HOW = {
    "line": "is an earlier choice",
    "declared": "is declared to come before it",
    "overrides": "comes before everything else",
}


def page(content: Json, words: Words, brief: bool = False) -> Page:
    """The page of one explanation; ``brief`` gives each recommendation a few lines."""
    pages: list[SubjectPage] = []
    subjects = content["subjects"]
    for number, subject in enumerate(subjects, 1):
        writer = _SubjectWriter(subject, content["classes"], words)
        name = writer.name(number, len(subjects))
        if brief:
            pages.append(SubjectPage(name, writer.reference(), tuple(writer.overview())))
        else:
            pages += [
                SubjectPage(writer.title(row), f"{name}; {writer.reference()}", tuple(writer.sections(row)))
                for row in subject["explanations"]
            ]
    sections = tuple(s for s in (about_data(content), made_by(content)) if s.items)
    return Page(tuple(pages), sections, content.get("note", ""), content["provenance"]["notice"])


class _SubjectWriter:
    """Writes the parts of one subject."""

    def __init__(self, subject: Json, classes: Json, words: Words) -> None:
        self.subject, self.classes, self.words = subject, classes, words
        self.findings: Json = subject["findings"]

    def name(self, number: int, of: int) -> str:
        known = {name: row["value"] for name, row in self.findings.items() if row["from"] is not None}
        parts = [self.words.said(name, known.get(name)) for name in self.words.headline(self.findings) if name in known]
        if self.subject["side"]:
            parts.append(self.words.label("side", self.subject["side"]))
        place = f" {number} of {of}" if of > 1 else ""
        return f"{capital(self.words.kind(self.subject['kind']))}{place}: {', '.join(parts)}".rstrip(": ")

    def reference(self) -> str:
        return str(self.subject["reference"] or self.subject["subject"])

    def title(self, row: Json) -> str:
        verdict = self.words.label("verdict", row["verdict"])
        return f"{verdict.upper()}: {self._action(row)} [{row['recommendation']}]"

    def _action(self, row: Json) -> str:
        action = say.action(row, self.words)
        return f"Do not: {action}" if row["direction"] == "against" else capital(action)

    # One recommendation in full

    def sections(self, row: Json) -> Iterable[Section]:
        """Why, what would change it, what to ask, its order, and what stands behind it."""
        found = [self._why(row), self._order(row), self._changes(row), self._ask(row), self._assumed(row)]
        found += [self._recommendation(row), self._axioms(row)]
        return [section for section in found if section.items or section.intro]

    def _why(self, row: Json) -> Section:
        sets = row["sets"]
        if row["verdict"] == "eligible":
            rest = [Item(f"The same follows from: {marked(own, self.words)}") for own in sets[1 : 1 + _SHOWN]]
            if len(sets) > 1 + _SHOWN:
                rest.append(Item(f"And from {len(sets) - 1 - _SHOWN} other sets, all in --format json."))
            items = [self._finding(part) for part in sets[0]] + rest
            return Section("Why it is eligible", tuple(items), LEAD, "These findings suffice; none can be left out.")
        if row["verdict"] == "not-eligible":
            intro = "This stands in the way." if len(sets) == 1 else "Each of these alone stands in the way."
            return Section("Why it is not eligible", tuple(self._blockers(sets)), ALERT, intro, len(sets) > 1)
        if row["verdict"] == "conflicting-data":
            rows = [n for n, f in self.findings.items() if f["from"] == "contradicted"]
            said = [Item(capital(self.words.said(n, self.findings[n]["value"])), n) for n in rows]
            return Section(
                "Why it is open", tuple(said), ALERT, "What is recorded contradicts itself. Correct it first."
            )
        missing = tuple(Item(capital(self.words.finding(name)), name) for name in row["missing"])
        intro = (
            "Each of these can change the verdict:" if missing else "No single finding would settle it; several would."
        )
        return Section("Why it is open", missing, ALERT, intro)

    def _blockers(self, sets: Sequence[Sequence[Json]]) -> Iterable[Item]:
        for own in sets:
            if len(own) == 1:
                yield self._finding(own[0])
            else:
                yield Item(f"Together: {marked(own, self.words)}", "", tuple(Item(self._told(p)) for p in own))

    def _finding(self, part: Json) -> Item:
        name = part["finding"]
        return Item(capital(self.words.said(name, part["value"])), name, as_notes(capital(self._origin(name)) + "."))

    def _told(self, part: Json) -> str:
        return f"{capital(self.words.said(part['finding'], part['value']))}: {self._origin(part['finding'])}."

    def _origin(self, name: str) -> str:
        return origin(self.findings[name], self.words)

    def _order(self, row: Json) -> Section:
        order, items = row["order"], []
        if order["preferred"] is True:
            items.append(Item("It comes first in its decision."))
        elif order["preferred"] == "undetermined":
            missing = [self.words.finding(name) for name in order["preferredMissing"]]
            items.append(Item(f"Whether it comes first depends on {listed(missing, 'and') or 'a corrected record'}."))
        elif order["preferred"] is False and row["verdict"] == "eligible":
            items.append(Item("It does not come first."))
        sure = [other for other in order["before"] if other["verdict"] == "eligible"]
        for other in sure or order["before"]:
            known = self.words.label("verdict", other["verdict"])
            because = marked(other["because"], self.words)
            why = f"because {because}" if because else "as too little is known"
            text = f"{capital(other['label'])} {_HOW[other['how']]} and is {known}, {why}"
            items.append(Item(text, other["recommendation"]))
        if order["overriddenBy"] == "undetermined":
            items.append(Item("It may have to wait: what would come before everything else is undetermined."))
        elif order["overriddenBy"]:
            items.append(Item(f"It waits until [{order['overriddenBy']}] is done."))
        return Section("Its order", tuple(items))

    def _changes(self, row: Json) -> Section:
        told = row["changes"]
        if told is None:
            text = "" if self.subject["coherent"] else "What is recorded cannot all be so: correct it first."
            return Section("What would change it", (Item(text),) if text else ())
        to = self.words.label("verdict", told["to"])
        items = [Item(capital(change(parts, self.words)), "", as_notes(self._held(parts))) for parts in told["sets"]]
        title = f"What would make it {to}"
        if not items:
            return Section(title, (Item(self._fixed(told)),))
        shown = items[:_SHOWN]
        if len(items) > _SHOWN:
            shown.append(Item(f"{len(items) - _SHOWN} other changes of as many findings, all in --format json"))
        size = counted(len(told["sets"][0]), "finding")
        intro = f"Nearest: {size} changed or known, all else as it is. Not advice to change them."
        return Section(title, tuple(shown), PLAIN, intro)

    def _fixed(self, told: Json) -> str:
        if told["onlyImmutable"]:
            stands = [self.words.said(n, self.findings[n]["value"]) for n in told["onlyImmutable"]]
            return f"Nothing that can change would change it; what stands in the way is fixed: {', '.join(stands)}."
        return "Nothing would change it."

    def _held(self, parts: Sequence[Json]) -> str:
        names = {part["finding"] for part in parts}
        held = [
            self.words.finding(name) for name, row in self.findings.items()
            if row["from"] is not None and name not in names and row.get("rule", {}) and row["said"]
            and any(i["finding"] in names for i in row["inputs"]) and row["rule"]["kind"] == "grading"
        ]  # fmt: skip
        return f"Held as it is, although derived from what changes: {listed(held, 'and')}." if held else ""

    def _ask(self, row: Json) -> Section:
        answers = row["answers"]
        if answers["fixed"]:
            return Section("What to ask next", (Item("No answer can change this."),))
        items = []
        for question in answers["questions"]:
            finding = self.words.findings[question["finding"]]
            text = finding.question or f"What is {finding.label}?"
            items.append(Item(text, finding.notation, as_notes(*map(capital, leads(question, self.words)))))
        if not items:
            contradicted = row["verdict"] == "conflicting-data"
            text = (
                "No answer helps until the record is corrected." if contradicted else "No single answer changes this."
            )
            return Section("What to ask next", (Item(text),))
        definite = row["verdict"] in ("eligible", "not-eligible")
        intro = "The verdict rests on what was assumed: check it." if definite else "Most decisive first."
        return Section("What to ask next", tuple(items), PLAIN, intro, numbered=True)

    def _assumed(self, row: Json) -> Section:
        items = [Item(self._told({"finding": name, "value": self.findings[name]["value"]})) for name in row["assumed"]]
        return Section("Assumed, please check", tuple(items))

    def _recommendation(self, row: Json) -> Section:
        words = self.words
        guideline = words.guidelines[row["guideline"]]
        graded = f"{say.grade(row, words)} {say.wording(row, words)}".strip()
        items = [Item(row["statement"] or row["label"], "", as_notes(graded))]
        doubt = {"indirect": ", INDIRECT: its evidence is from others", "undetermined": ", undetermined whether "
                 "its evidence comes from such cases"}.get(row["applicability"] or "", "")  # fmt: skip
        label = f"{capital(guideline.label)}, version {guideline.version}: {row['scope'].replace('-', ' ')}{doubt}"
        items.append(Item(label, row["guideline"]))
        items += [Item(f"Declared gap: {say.gap(gap, words)}", gap["id"]) for gap in row["gaps"]]
        for source in row["sources"]:
            status = "" if source["status"] in (None, "verified") else f" ({words.status(source['status'])})"
            items.append(Item(f"Source: {source['title'] or source['id']}{status}", source["id"]))
        return Section("The recommendation", tuple(items), FINE)

    def _axioms(self, row: Json) -> Section:
        classes = [self.classes[iri] for iri in row["classes"]]
        return Section("Its criteria", tuple(Item(own["manchester"], own["where"]) for own in classes), FINE)

    # All recommendations, a few lines each

    def overview(self) -> Iterable[Section]:
        """The recommendations by verdict."""
        for verdict in _GROUPS:
            rows = [row for row in self.subject["explanations"] if row["verdict"] == verdict]
            if rows:
                kind = {"eligible": LEAD, "not-eligible": PLAIN}.get(verdict, ALERT)
                title = self.words.label("verdict", verdict)
                yield Section(title, tuple(self._brief(row) for row in rows), kind)

    def _brief(self, row: Json) -> Item:
        notes = [self._brief_why(row), self._brief_order(row), *self._brief_change(row), self._brief_ask(row)]
        return Item(self._action(row), row["recommendation"], as_notes(*notes))

    def _brief_why(self, row: Json) -> str:
        sets = [marked(own, self.words) for own in row["sets"]]
        if row["verdict"] == "eligible":
            return f"Why: {sets[0]}."
        if row["verdict"] == "not-eligible":
            return f"Why not: {'; or '.join(sets[:_SHOWN])}{f'; and {len(sets) - _SHOWN} more' * (len(sets) > _SHOWN)}."
        missing = listed([self.words.finding(name) for name in row["missing"]], "and")
        return f"Open: {missing}." if missing else "Open: see what is contradicted or not known."

    def _brief_order(self, row: Json) -> str:
        order = row["order"]
        by = order["overriddenBy"]
        if by == "undetermined":
            return "May have to wait: what would come before everything else is undetermined."
        if by:
            return f"Waits until [{by}] is done."
        sure = [o for o in order["before"] if o["verdict"] == "eligible"]
        if order["preferred"] is False and row["verdict"] == "eligible":
            return f"Comes after {listed([o['recommendation'] for o in sure or order['before']], 'and')}."
        return "Comes first." if order["preferred"] is True else ""

    def _brief_change(self, row: Json) -> Iterable[str]:
        told = row["changes"]
        if told is None:
            return
        to = self.words.label("verdict", told["to"])
        if not told["sets"]:
            yield f"{capital(to)}: {self._fixed(told)[:1].lower()}{self._fixed(told)[1:]}"
            return
        others = len(told["sets"]) - 1
        more = f" (or by {counted(others, 'other change')})" if others else ""
        yield f"{capital(to)} if: {change(told['sets'][0], self.words)}{more}."

    def _brief_ask(self, row: Json) -> str:
        asked = row["answers"]["questions"]
        if row["answers"]["fixed"]:
            return ""
        names = ", then ".join(self.words.finding(q["finding"]) for q in asked)
        return f"Ask: {names}." if names else ""
