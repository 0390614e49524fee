"""Cards about draft orders: what contradicts the guideline, what is open, and what could not be judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reasoner import sentences as say
from reasoner.responses.judge import (
    AGAINST,
    CLASH,
    DOUBTFUL,
    FIRST,
    LATER,
    OPEN,
    SECOND,
    SILENT,
    UNMET,
    VAGUE,
    Judge,
    Judgement,
)
from reasoner.words import counted, listed

from . import markdown as md
from .cards import INFO, WARNING, Pair, Writer
from .orders import Order

Json = dict[str, Any]
Judged = tuple[Order, str, Json, Json, Judgement]
"""An order, an intervention of it, a subject, what the guideline says of the subject, and what it says to the order."""

_TITLES = {
    AGAINST: "Advised against",
    FIRST: "Comes first",
    CLASH: "Advised instead",
    UNMET: "Its criteria are not met",
    DOUBTFUL: "The record contradicts itself",
}
_HOW = {
    LATER: "only after something else",
    SECOND: "not the first choice",
    SILENT: "the guideline says nothing of it for this case",
    VAGUE: "it does not say which kind is meant, and the guideline tells them apart",
}


class OrderWriter:
    """Writes the cards about the draft orders of one call."""

    def __init__(self, writer: Writer) -> None:
        self.writer, self.words = writer, writer.telling.words
        self.codes = writer.telling.codes
        guideline = writer.telling.guideline
        self.judge = self.codes.once(("judge", guideline.id), lambda: Judge(guideline, self.codes))

    def cards(self, orders: Sequence[Order], pairs: Sequence[Pair]) -> list[Json]:
        """The cards about orders for the subjects that the guideline speaks of."""
        by_iri = {subject["subject"]: (subject, own) for subject, own in pairs}
        judged: list[Judged] = []
        for order in orders:
            for subject in order.subjects([subject for subject, _ in pairs]) if not order.unclear else ():
                own = by_iri[subject["subject"]][1]
                judged += [(order, i, subject, own, self.judge.judge(i, own)) for i in order.interventions]
        several = len(pairs) > 1
        cards = [self._contradiction(n, one, several) for n, one in enumerate(judged) if one[-1].contradicts]
        cards += self._open([one for one in judged if one[-1].kind == OPEN])
        cards += self._placed([one for one in judged if one[-1].kind in (LATER, SECOND)])
        silent = [one for one in judged if one[-1].kind in (SILENT, VAGUE) and not _is_judged(one, judged)]
        return cards + self._unjudged([order for order in orders if order.unclear], silent)

    def _contradiction(self, number: int, judged: Judged, several: bool) -> Json:
        """``several`` says that the summary has to tell which subject it is about."""
        order, iri, subject, own, judgement = judged
        details, rows = self.writer.details, judgement.rows
        told = [details.advice(row, own) for row in rows] if judgement.kind != UNMET else self._unmet(rows)
        offered = [row for row in own["recommendations"] if row["decision"] in {row["decision"] for row in rows}]
        detail = (
            f"Draft order {md.data(order.reference)}: {md.words(self.codes.label(iri))}",
            details.subject(subject),
            md.section(_TITLES[judgement.kind], told),
            details.conflicts(subject, rows),
            details.cautions(rows) if judgement.kind != UNMET else "",
            details.evidence(rows) if judgement.kind in (AGAINST, CLASH) else "",
            details.assumed(subject, rows),
            details.sources(rows),
        )
        summary = f"{self.codes.label(iri)}: {self._why(judgement)}"
        about = {
            "order": order.reference,
            "subject": subject["reference"] or subject["subject"],
            "contradiction": judgement.kind,
            "recommendations": [{key: row[key] for key in ("id", "verdict", "preferred")} for row in rows],
        }
        return self.writer.card(
            f"contradiction|{judgement.kind}|{iri.rsplit('/', 1)[-1]}",
            number,
            WARNING,
            self.writer.of_subject(summary, subject) if several else summary,
            detail,
            self.writer.suggestions(number, subject, own, offered),
            about,
        )

    def _why(self, judgement: Judgement) -> str:
        does = listed(list(dict.fromkeys(say.action(row, self.words) for row in judgement.rows)), "or")
        return {
            AGAINST: f"the guideline advises against {does} here",
            FIRST: f"contradicts the guideline, which says {does}",
            CLASH: f"contradicts the guideline, which advises {does}",
            UNMET: "contradicts the guideline, whose criteria for it are not met",
            DOUBTFUL: "the record contradicts itself about its criteria",
        }[judgement.kind]

    def _unmet(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Why none of the recommendations for the order applies, each reason once."""
        groups: dict[str, list[str]] = {}
        for row in rows:
            why = say.reasons(row["because"], self.words) or "its criteria are not met"
            groups.setdefault(why, []).append(say.named(row))
        return [md.words(f"{', '.join(who)}: {why}") for why, who in groups.items()]

    def _open(self, judged: Sequence[Judged]) -> list[Json]:
        """One card for all orders on which the guideline cannot decide yet."""
        if not judged:
            return []
        details, parts, first = self.writer.details, [], ""
        for order, iri, subject, own, judgement in judged:
            needed = {name for row in judgement.rows for name in (*row["missing"], *row["preferredMissing"])}
            asked = [q for q in say.questions(subject | {"guidelines": [own]}) if q.finding in needed]
            names = list(own["scopeMissing"]) + [q.finding for q in asked] + sorted(needed)
            first = first or next((self.words.findings[n].question or self.words.finding(n) for n in names), "")
            rest = sorted(needed - {q.finding for q in asked})
            parts += [
                f"Draft order {md.data(order.reference)}: {md.words(self.codes.label(iri))}",
                details.subject(subject),
                details.questions([*own["scopeMissing"], *(n for n in rest if n not in own["scopeMissing"])], asked),
                details.undecided([row for row in judgement.rows if row["verdict"] == "undetermined"]),
            ]
        labels = listed(list(dict.fromkeys(self.codes.label(iri) for _, iri, *_ in judged)), "and")
        text = f"{labels}: not known whether the guideline agrees. {f'Ask: {first}' if first else ''}"
        return [self.writer.card("order-open", 0, INFO, text, parts)]

    def _placed(self, judged: Sequence[Judged]) -> list[Json]:
        """One card for orders that have their place, but not now or not first."""
        if not judged:
            return []
        details, parts = self.writer.details, []
        for order, iri, subject, own, judgement in judged:
            label = md.words(self.codes.label(iri))
            parts += [
                f"Draft order {md.data(order.reference)}: {label}, {_HOW[judgement.kind]}",
                details.subject(subject),
                md.section("The guideline", [details.advice(row, own) for row in judgement.rows]),
                details.cautions(judgement.rows),
            ]
        _, iri, _, _, judgement = judged[0]
        does = listed([say.action(row, self.words) for row in judgement.rows], "or")
        tail = f": {does}" if judgement.kind == LATER else ""
        return [
            self.writer.card("order-placed", 0, INFO, f"{self.codes.label(iri)}, {_HOW[judgement.kind]}{tail}", parts)
        ]

    def _unjudged(self, unclear: Sequence[Order], silent: Sequence[Judged]) -> list[Json]:
        """One card that names every order that was not judged, and why."""
        lines = [f"{md.data(order.reference)}: {md.words(order.unclear)}" for order in unclear]
        lines += [
            f"{md.data(order.reference)} ({md.words(self.codes.label(iri))}): {md.words(_HOW[judgement.kind])}"
            for order, iri, _, _, judgement in silent
        ]
        lines = list(dict.fromkeys(lines))
        if not lines:
            return []
        names = {order.reference for order in unclear} | {order.reference for order, *_ in silent}
        text = f"{counted(len(names), 'draft order')} not judged by this guideline, so neither supported nor warned of"
        return [self.writer.card("order-unjudged", 0, INFO, text, [md.section("Not judged", lines)])]


def _is_judged(own: Judged, judged: Sequence[Judged]) -> bool:
    """Whether the guideline says something to the same order after all, for another subject or intervention."""
    return any(one[0] is own[0] and one[-1].kind not in (SILENT, VAGUE) for one in judged)
