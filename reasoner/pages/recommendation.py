"""The page of one recommendation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from reasoner import sentences as say
from reasoner.blocks import capital
from reasoner.draw.pathway import pathway
from reasoner.guidelines import Guideline, Recommendation
from reasoner.words import listed

from .effects import effects
from .site import Site

Context = dict[str, Any]


def recommendation(own: Recommendation, guideline: Guideline, site: Site) -> Context:
    """What the template shows of a recommendation."""
    formula = site.program.named(own.eligibility)
    return {
        "own": own,
        "guideline": guideline,
        "options": _joined([_option(option, site) for option in own.static["interventions"]], " or "),
        "grade": graded(own, site),
        "order": order(own, guideline, site),
        "table": site.tabulator.table(formula.yes),
        "barred": site.tabulator.ways(formula.no),
        "picture": picture(own, guideline, site),
        "outline": site.outline(own.eligibility),
        "classes": site.classes_in(own.eligibility),
        "axiom": site.axiom(own.eligibility.iri),
        "notes": site.notes(own.iri) + site.notes(own.eligibility.iri),
        "effects": effects(own.static["evidence"], site, "evidence"),
        "cautions": [caution(one, site) for one in own.cautions],
        "clashes": [row for row in clashes(site) if own.id in row["ids"]],
    }


def graded(own: Recommendation, site: Site) -> list[tuple[str, str, Markup]]:
    """Wording, grade, strength and certainty, each with how it was transcribed."""
    static, words = own.static, site.words
    status = static["transcription"]
    rows = [("wording", "a paraphrase", site.status(status["text"]))]
    if (own_grade := static["grade"]) is not None:
        rows.append(("grade", source_grade(own_grade), site.status(own_grade["status"])))
    for space in ("strength", "certainty"):
        value = words.label(space, static[space]) if static[space] else "none" if status[space] else "not found"
        rows.append((space, value, site.status(status[space])))
    return rows


def source_grade(grade: Mapping[str, Any]) -> str:
    """A grade in the source's own scheme, with what it means."""
    meaning = f": {grade['meaning']}" if grade["meaning"] else ""
    return f"{grade['label']}{meaning}"


def order(own: Recommendation, guideline: Guideline, site: Site) -> list[Markup]:
    """How the recommendation stands to the others of its guideline, in sentences."""
    others, join = guideline.recommendations, _joined
    found = []
    decided = site.words.label("decision", own.decision)
    if own.line is not None:
        found.append(Markup("Choice {} of the decision “{}”.").format(own.line, decided))
    else:
        found.append(Markup("Part of the decision “{}”, with no place in an order of choice.").format(decided))
    if own.preferred_over:
        found.append(Markup("Preferred over {}.").format(join(site.named_ids(own.preferred_over))))
    if later := [r.id for r in others if own.id in r.preferred_over]:
        found.append(Markup("Comes after {}, where that is eligible.").format(join(site.named_ids(later))))
    if own.overrides:
        names = [site.words.label("decision", one) for one in sorted(own.overrides)]
        found.append(Markup("While it holds, all else waits in {}.").format(_decisions(names)))
    if above := [r.id for r in others if not own.overrides and own.decision in r.overrides]:
        found.append(Markup("Waits while one of these holds: {}.").format(join(site.named_ids(above))))
    return found


def _decisions(names: list[str]) -> str:
    return f"the decision{'s' if len(names) > 1 else ''} {listed([f'“{name}”' for name in names], 'and')}"


def _joined(links: list[Markup], joint: str = ", ") -> Markup:
    return Markup(joint).join(links)


def _option(option: list[dict[str, Any]], site: Site) -> Markup:
    """One alternative: what goes together, then what comes after."""
    steps: dict[int, list[Markup]] = {}
    for part in sorted(option, key=lambda part: part["order"]):
        steps.setdefault(part["order"], []).append(site.term("intervention", part["id"]))
    return _joined([_joined(together, " with ") for together in steps.values()], ", then ")


def picture(own: Recommendation, guideline: Guideline, site: Site) -> Markup:
    """The pathway of the criteria."""
    kind = site.words.kind(guideline.kind)
    start = f"{capital(kind)} in the scope of {guideline.label}"
    advised = "advised" if own.direction == "for" else "advised against"
    end = f"Eligible: {say.action(own.static, site.words)} {advised}"
    drawn = pathway(site.steps(own.eligibility), "criteria", f"Criteria of {own.static['label']}", start, end)
    return Markup(drawn)


def caution(one: Any, site: Site) -> Context:
    """A caution with when it applies."""
    return {
        "text": one.text,
        "when": site.link(one.when.iri) if one.when is not None else None,
        "policy": site.words.label("policy", one.policy) if one.policy else None,
        "status": site.status(one.status),
        "source": one.source,
    }


def clashes(site: Site) -> list[Context]:
    """Recommendations of different guidelines that cannot both be followed."""
    return [
        {"ids": {a, b}, "a": site.recommendation(a), "b": site.recommendation(b), "why": why}
        for _, a, _, b, why in site.knowledge.clashes
    ]
