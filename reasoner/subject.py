"""What an answer says about one subject, most urgent first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import sentences as say
from .blocks import ALERT, FINE, LEAD, PLAIN, Item, Section, SubjectPage, as_notes, capital
from .words import Words, listed

Json = Mapping[str, Any]

_QUESTIONS = 5


class SubjectWriter:
    """Writes the sections of one subject."""

    def __init__(self, subject: Json, words: Words, results: Iterable[Json] = ()) -> None:
        self.subject, self.words = subject, words
        own = {subject["subject"], subject["reference"]}
        self.warnings = [r for r in results if r["severity"] == "Warning" and r["focus"] in own]
        self.scoped = [g for g in subject["guidelines"] if g["scope"] != "out-of-scope"]
        rows = [r for g in self.scoped for r in g["recommendations"]]
        self.eligible = [r for r in rows if r["verdict"] == "eligible"]
        self.open = [r for r in rows if r["verdict"] in ("undetermined", "conflicting-data")]
        self.barred = [r for r in rows if r["verdict"] == "not-eligible"]
        self.lead = self._lead()

    def page(self, number: int, of: int) -> SubjectPage:
        subject, words = self.subject, self.words
        kind = words.kind(subject["kind"])
        known = subject["findings"]
        assumed = {row["finding"]: row["value"] for row in subject["assumed"]}
        parts = [
            f"{words.said(name, assumed[name])} (assumed)" if name in assumed and known.get(name) is None
            else words.said(name, known.get(name))
            for name in words.headline(known)
        ]  # fmt: skip
        if subject["side"]:
            parts.append(words.label("side", subject["side"]))
        heading = f"{kind.capitalize()}{f' {number} of {of}' if of > 1 else ''}: {', '.join(parts)}"
        names = [subject["reference"] or subject["subject"], *(f"same as {other}" for other in subject["sameAs"])]
        if subject["patient"] and subject["patient"] != subject["subject"]:
            names.append(f"of {subject['patient']}")
        return SubjectPage(heading.rstrip(": "), ", ".join(names), tuple(s for s in self._sections() if s.items))

    def _sections(self) -> Iterable[Section]:
        yield self._contradictions()
        yield self._look()
        yield self._first()
        yield self._against()
        yield self._conflicts()
        yield self._also()
        yield self._suspended()
        yield self._undecided()
        yield self._ask()
        yield self._cautions()
        yield self._guidelines()
        yield self._assumed()
        yield from self._evidence()
        yield self._disagreements()
        yield self._not_eligible()
        yield self._known()

    # What to do

    def _lead(self) -> list[Json]:
        """What leads: what suspends all else, then what is preferred; else what has a line of choice; else anything."""
        advised = [r for r in self.eligible if r["direction"] == "for" and r["overriddenBy"] in (None, "undetermined")]
        overriding = [r for r in advised if self.words.overrides(r["id"])]
        first = overriding + [r for r in advised if r["preferred"] is True and r not in overriding]
        lined = [r for r in advised if r["line"] is not None]
        # What has no order must not stand at the top while what would come before it is open.
        return first or lined or ([] if any(r["line"] is not None for r in self.open) else advised)

    def _first(self) -> Section:
        if not self.lead:
            return self._nothing()
        settled = all(self.words.overrides(r["id"]) or r["preferred"] is True for r in self.lead)
        title = "Do first" if settled else "Eligible now" + ("" if len(self.lead) < 2 else ", in no settled order")
        items: list[Item] = []
        said: dict[str, str] = {}
        for row in self.lead:
            why = say.reasons(row["because"], self.words)
            because = f"Because: as for [{said[why]}]." if why in said else f"Because: {why}."
            said.setdefault(why, row["id"])
            notes = (row["statement"] or "", because, *self._order_notes(row), *self._details(row))
            items.append(Item(capital(say.action(row, self.words)) + self._mark(row), row["id"], as_notes(*notes)))
        return Section(title, tuple(items), LEAD, self._urgency())

    def _urgency(self) -> str:
        if not any(self.words.overrides(r["id"]) for r in self.lead):
            return ""
        waiting = any(r["overriddenBy"] not in (None, "undetermined") for r in self.eligible)
        return f"This comes before everything else{': what it suspends is listed below as waiting' if waiting else ''}."

    def _nothing(self) -> Section:
        """Undetermined, out of scope, and in scope with nothing to recommend are three different things."""
        scopes = {g["scope"] for g in self.subject["guidelines"]}
        if any(r["verdict"] == "undetermined" for r in self.open):
            what = "What comes first cannot be decided yet" if self.eligible else "Nothing can be recommended yet"
            asked = say.questions(self.subject)
            first = f"Ask first: {say.ask(asked[0], self.words)[0]}" if asked else ""
            return Section("Undetermined", (Item(f"{what}: too little is recorded.", "", as_notes(first)),), ALERT)
        if self.open:
            text = "Nothing can be recommended: what is recorded contradicts itself."
            return Section("Undetermined", (Item(text),), ALERT)
        if scopes == {"out-of-scope"}:
            return Section("Out of scope", (Item("No guideline here speaks about this case."),), ALERT)
        if "undetermined" in scopes:
            text = "It is not known whether a guideline speaks about this case; none recommends anything so far."
            return Section("Undetermined", (Item(text),), ALERT)
        if any(r["direction"] == "for" for r in self.eligible):
            return Section("", ())
        text = "In scope, but there is no recommendation for this case."
        gaps = [say.gap(gap, self.words) for g in self.scoped for gap in g.get("gaps", ())]
        return Section("Nothing to recommend", (Item(text, "", as_notes(*gaps)),), ALERT)

    def _order_notes(self, row: Json) -> list[str]:
        notes = []
        if row["overriddenBy"] == "undetermined":
            notes.append("May have to wait: a recommendation that would come before everything else is undetermined.")
        if row["preferred"] == "undetermined":
            missing = [self.words.finding(f) for f in row["preferredMissing"]]
            on = f"depends on {listed(missing, 'and')}" if missing else "is undetermined"
            notes.append(f"Whether it comes first {on}.")
        return notes

    def _details(self, row: Json) -> list[str]:
        words = self.words
        notes = [f"{self._origin(row)} {say.grade(row, words)} {say.wording(row, words)}"]
        if row["arguments"]:
            told = [f"{words.said(a['finding'], a['value'])} ({a['source']})" for a in row["arguments"]]
            notes.append(f"Speaks for it: {', '.join(told)}.")
        if not row["evidence"]:
            notes.append("Evidence: no estimate found for it.")
        return notes

    def _mark(self, row: Json) -> str:
        """Beside the action itself: whether its evidence comes from other cases than this."""
        guideline = next(g for g in self.scoped if row in g["recommendations"])
        return ", INDIRECT: evidence from other cases" if guideline["applicability"] == "indirect" else ""

    def _origin(self, row: Json) -> str:
        """Which guideline says it, and whether its evidence comes from such cases."""
        guideline = next(g for g in self.scoped if row in g["recommendations"])
        label = (
            self.words.guidelines[guideline["id"]].label
            if guideline["id"] in self.words.guidelines
            else guideline["id"]
        )
        doubt = {"indirect": ", INDIRECT", "undetermined": ", undetermined whether direct"}.get(
            guideline["applicability"], ""
        )
        return f"{capital(label)}{doubt}."

    def _against(self) -> Section:
        rows = [r for r in self.eligible if r["direction"] == "against"]
        items = tuple(
            Item(capital(say.action(r, self.words)), r["id"], as_notes(r["statement"] or "", *self._details(r)))
            for r in rows
        )
        return Section("Do not", items, ALERT)

    def _conflicts(self) -> Section:
        items = tuple(
            Item(f"{say.named_ids(row['between'], self.words)}: {row['why']}.") for row in self.subject["conflicts"]
        )
        return Section("The guidelines conflict", items, ALERT)

    def _also(self) -> Section:
        rows = [
            r for r in self.eligible
            if r not in self.lead and r["direction"] == "for" and r["overriddenBy"] in (None, "undetermined")
        ]  # fmt: skip
        groups: dict[str, list[Json]] = {}
        for row in sorted(rows, key=lambda r: r["line"] or 0):
            groups.setdefault(row["decision"], []).append(row)
        items = []
        for decision, members in groups.items():
            unordered = len(members) > 1 and not any(r["line"] for r in members)
            title = capital(self.words.label("decision", decision)) + (" (in no order of choice)" if unordered else "")
            items.append(Item(title, "", tuple(self._other(row) for row in members)))
        return Section("Also eligible" if self.lead else "Eligible", tuple(items))

    def _other(self, row: Json) -> Item:
        wording = say.wording(row, self.words).rstrip(".").lower()
        marks = [say.choice(row), say.short_grade(row, self.words), wording]
        text = f"{capital(say.action(row, self.words))}: {'; '.join(mark for mark in marks if mark)}"
        return Item(text, row["id"], as_notes(*self._order_notes(row)))

    def _suspended(self) -> Section:
        rows = [r for r in self.eligible if r["overriddenBy"] not in (None, "undetermined")]
        waits: dict[str, list[str]] = {}
        for row in rows:
            waits.setdefault(row["overriddenBy"], []).append(say.named(row))
        items = tuple(
            Item(f"Until {say.named_ids([by], self.words)} is done: {', '.join(who)}") for by, who in waits.items()
        )
        return Section("Eligible but waiting", items)

    # What is open

    def _undecided(self) -> Section:
        groups: dict[str, list[str]] = {}
        for row in self.open:
            missing = [self.words.finding(f) for f in row["missing"]]
            if row["verdict"] == "conflicting-data":
                key = "What is recorded contradicts itself"
            else:
                key = f"Needs {listed(missing, 'and')}" if missing else "No single answer settles it"
            groups.setdefault(key, []).append(say.named(row))
        items = tuple(Item(f"{key}: {', '.join(who)}") for key, who in sorted(groups.items(), key=lambda g: -len(g[1])))
        return Section("Cannot be decided yet", items)

    def _ask(self) -> Section:
        asked = say.questions(self.subject)
        items = []
        for question in asked[:_QUESTIONS]:
            text, allowed, settles = say.ask(question, self.words)
            items.append(Item(text, question.finding, as_notes(f"Answers: {allowed}", capital(settles) + ".")))
        if rest := [self.words.finding(q.finding) for q in asked[_QUESTIONS:]]:
            items.append(Item(f"Then: {', '.join(rest)}."))
        return Section("Ask next, most decisive first", tuple(items), numbered=True)

    def _contradictions(self) -> Section:
        known = self.subject["findings"]
        rows = [name for name, value in known.items() if isinstance(value, Mapping) and "conflict" in value]
        items = tuple(Item(capital(self.words.said(name, known[name])), name) for name in rows)
        intro = "These findings count as unknown until the record is corrected."
        return Section("The record contradicts itself", items, ALERT, intro)

    def _look(self) -> Section:
        """What is odd in the record of this subject: it may be more urgent than any recommendation."""
        items = tuple(Item(row["message"].rstrip(".") + ".", row["path"] or "") for row in self.warnings)
        return Section("Look at this first", items, ALERT)

    # What stands behind it

    def _cautions(self) -> Section:
        found: dict[str, tuple[Json, list[str]]] = {}
        for row in [*self.eligible, *self.open]:
            for caution in row["cautions"]:
                found.setdefault(caution["text"], (caution, []))[1].append(row["id"])
        items = []
        for caution, ids in found.values():
            about = [i for i in ids if any(r["id"] == i for r in self.eligible)]
            if about:
                items.append(Item(say.caution(caution, self.words), ", ".join(about)))
        return Section("Cautions", tuple(items))

    def _guidelines(self) -> Section:
        items = []
        for row in self.subject["guidelines"]:
            guideline = self.words.guidelines.get(row["id"])
            label = guideline.label if guideline else row["id"]
            about = self.words.class_label(guideline.scope.iri) if guideline else ""
            items.append(Item(f"{capital(label)}: {self._scope(row, about)}", row["id"], self._standing(row)))
        return Section("Guidelines", tuple(items))

    def _scope(self, row: Json, about: str) -> str:
        if row["scope"] == "out-of-scope":
            why = say.reasons(row["scopeBecause"], self.words)
            return f"out of scope, because {why}. It speaks about: {about}."
        if row["scope"] == "undetermined":
            missing = listed([self.words.finding(f) for f in row["scopeMissing"]], "and")
            return f"undetermined whether it speaks about this case; needs {missing or 'a corrected record'}."
        verdicts = {r["verdict"] for r in row["recommendations"]}
        if verdicts == {"not-eligible"}:
            return "in scope, with nothing to recommend."
        return "in scope."

    def _standing(self, row: Json) -> tuple[Item, ...]:
        if row["scope"] == "out-of-scope":
            return ()
        guideline = self.words.guidelines.get(row["id"])
        notes = []
        if guideline and guideline.population:
            population = self.words.class_label(guideline.population.iri)
            notes.append({
                "direct": f"Direct: the case belongs to those whom its evidence comes from ({population}).",
                "indirect": f"INDIRECT: its evidence comes from another population ({population}), so its order of "
                "choice has no evidence base here.",
                "undetermined": f"Undetermined whether the case belongs to those whom its evidence comes from "
                f"({population}).",
            }.get(row["applicability"], ""))  # fmt: skip
        notes += [f"Declared gap: {say.gap(gap, self.words)}" for gap in row.get("gaps", ())]
        return as_notes(*notes)

    def _assumed(self) -> Section:
        rows = [r for g in self.subject["guidelines"] for r in g["recommendations"]]
        items, idle = [], []
        for row in self.subject["assumed"]:
            said = self.words.said(row["finding"], row["value"])
            bears = [r for r in rows if row["finding"] in r["assumed"]]
            if not bears:
                idle.append(said)
                continue
            eligible = [r["id"] for r in bears if r["verdict"] == "eligible"]
            others = len(bears) - len(eligible)
            on = [", ".join(eligible)] if eligible else []
            on += [f"{others} that are not eligible or open"] if others else []
            why = say.policy(row["policy"], self.words)
            items.append(Item(f"{capital(said)} ({why}); bears on {listed(on, 'and')}", row["finding"]))
        if idle:
            items.append(Item(f"Without bearing on any verdict: {', '.join(idle)}"))
        return Section("Assumed, please check", tuple(items))

    def _evidence(self) -> Iterable[Section]:
        """One section a measure: ratios of different kinds are never put side by side."""
        found: dict[str, tuple[Json, list[str]]] = {}
        for row in self.eligible:
            for estimate in row["evidence"]:
                found.setdefault(estimate["id"], (estimate, []))[1].append(row["id"])
        measures: dict[str, list[Item]] = {}
        for id_, (estimate, ids) in found.items():
            note = f"{say.estimate_standing(estimate, self.words)}. For {', '.join(ids)}."
            item = Item(capital(say.estimate(estimate, self.words)), id_, as_notes(note))
            measures.setdefault(estimate["measure"], []).append(item)
        for measure, items in measures.items():
            title = f"Evidence: {self.words.label('measure', measure)}"
            yield Section(title, tuple(items), PLAIN, self.words.definition("measure", measure))

    def _disagreements(self) -> Section:
        found: dict[str, tuple[Json, list[str]]] = {}
        for row in self.eligible:
            for claim in row["disagreements"]:
                found.setdefault(claim["claim"], (claim, []))[1].append(row["id"])
        items = []
        for claim, ids in found.values():
            told = as_notes(f"Against it: {claim['contradictedBy']}")
            items.append(Item(f"Claim: {claim['claim']} ({claim['source']})", ", ".join(ids), told))
        return Section("Claims that other sources contradict", tuple(items))

    def _not_eligible(self) -> Section:
        groups: dict[str, list[str]] = {}
        for row in self.barred:
            why = say.reasons(row["because"], self.words) or "its criteria are not met"
            groups.setdefault(why, []).append(say.named(row))
        ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
        items = tuple(Item(f"{capital(why)}: {', '.join(who)}") for why, who in ordered)
        return Section("Not eligible, by reason", items, FINE)

    def _known(self) -> Section:
        rows = {r["finding"]: r for g in self.subject["guidelines"] for v in g["recommendations"] for r in v["because"]}
        rows |= {r["finding"]: r for g in self.subject["guidelines"] for r in g.get("scopeBecause", ())}
        groups: dict[str, list[Item]] = {}
        own = (self.subject["subject"], self.subject["patient"])
        for name, value in self.subject["findings"].items():
            if value is None:
                continue
            origin = f" ({said})" if name in rows and (said := say.provenance(rows[name], own)) else ""
            group = self.words.findings[name].group if name in self.words.findings else ""
            groups.setdefault(group or "Other", []).append(Item(f"{self.words.said(name, value)}{origin}"))
        items = tuple(
            Item(f"{group}: {'; '.join(member.text for member in members)}")
            for group, members in sorted(groups.items())
        )
        return Section("Known", items, FINE)
