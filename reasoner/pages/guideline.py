"""The page of one guideline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from reasoner import sentences as say
from reasoner.blocks import capital
from reasoner.draw.overview import Choice, Decision, overview
from reasoner.graph import GR
from reasoner.guidelines import Guideline, Recommendation
from reasoner.words import listed

from .recommendation import caution, clashes, graded
from .site import Site

Context = dict[str, Any]


def guideline(own: Guideline, site: Site) -> Context:
    """What the template shows of a guideline."""
    decisions = _decisions(own, site)
    cautions = {one.text: one for r in own.recommendations for one in r.cautions}
    return {
        "own": own,
        "definition": site.definition(own.iri),
        "notes": site.notes(own.iri),
        "kind": site.words.kind(own.kind),
        "scope": _class(own.scope, site),
        "population": _class(own.population, site) if own.population is not None else None,
        "picture": Markup(overview("order", f"Decisions of {own.label}", _overriding(own, site), _drawn(own, site))),
        "overriding": [_entry(r, site) for r in own.recommendations if r.overrides],
        "decisions": decisions,
        "graded": any(r.static["grade"] for r in own.recommendations),
        "rows": [_row(r, site) for r in own.recommendations],
        "cautions": [
            caution(one, site) | {"with": [site.recommendation(r.id) for r in own.recommendations if one in r.cautions]}
            for _, one in sorted(cautions.items())
        ],
        "clashes": [row for row in clashes(site) if {r.id for r in own.recommendations} & row["ids"]],
    }


def _class(tree: Any, site: Site) -> Context:
    return {
        "link": site.link(tree.iri),
        "definition": site.definition(tree.iri),
        "outline": site.outline(tree),
        "axiom": site.axiom(tree.iri),
    }


def _row(own: Recommendation, site: Site) -> Context:
    grades = {name: (value, status) for name, value, status in graded(own, site)}
    return {"link": site.recommendation(own.id), "action": capital(say.action(own.static, site.words)), "own": own,
            "decision": site.words.label("decision", own.decision), **grades}  # fmt: skip


def _entry(own: Recommendation, site: Site) -> Context:
    names = [site.words.label("decision", one) for one in sorted(own.overrides)]
    return {
        "link": site.recommendation(own.id),
        "direction": own.direction,
        "suspends": listed(names, "and"),
        "over": site.named_ids(own.preferred_over),
    }


def _lines(members: Sequence[Recommendation]) -> dict[int | None, list[Recommendation]]:
    """By line of choice, what has none last."""
    lines: dict[int | None, list[Recommendation]] = {}
    for own in sorted(members, key=lambda r: (r.line is None, r.line or 0, r.id)):
        lines.setdefault(own.line, []).append(own)
    return lines


def _members(own: Guideline) -> dict[str, list[Recommendation]]:
    """By decision, those that override left out: they stand above."""
    found: dict[str, list[Recommendation]] = {}
    for r in own.recommendations:
        if not r.overrides:
            found.setdefault(r.decision, []).append(r)
    return dict(sorted(found.items()))


def _decisions(own: Guideline, site: Site) -> list[Context]:
    return [
        {
            "label": site.words.label("decision", decision),
            "definition": site.definition(f"{GR}decision/{decision}"),
            "lines": [
                {"heading": _heading(line, members), "entries": [_entry(r, site) for r in entries]}
                for line, entries in _lines(members).items()
            ],
        }
        for decision, members in _members(own).items()
    ]


def _heading(line: int | None, members: Sequence[Recommendation]) -> str:
    if line is not None:
        return f"choice {line}"
    return "beside these, in no order" if any(r.line is not None for r in members) else "in no order of choice"


def _drawn(own: Guideline, site: Site) -> list[Decision]:
    suspended = {one for r in own.recommendations for one in r.overrides}
    return [
        Decision(
            site.words.label("decision", decision),
            tuple(
                Choice(_heading(line, members), line, tuple(_texts(r) for r in entries))
                for line, entries in _lines(members).items()
            ),
            decision in suspended,
        )
        for decision, members in _members(own).items()
    ]


def _overriding(own: Guideline, site: Site) -> Choice | None:
    members = [r for r in own.recommendations if r.overrides]
    if not members:
        return None
    names = sorted({site.words.label("decision", one) for r in members for one in r.overrides})
    return Choice(f"Before all else: suspends {listed(names, 'and')}", None, tuple(_texts(r) for r in members))


def _texts(own: Recommendation) -> tuple[str, ...]:
    texts = [f"{own.static['label']} [{own.id}]"]
    if own.direction != "for":
        texts.append("advised against")
    if own.preferred_over:
        texts.append(f"preferred over {', '.join(sorted(own.preferred_over))}")
    return tuple(texts)
