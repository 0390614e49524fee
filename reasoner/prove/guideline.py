"""What is to be proved of the recommendations of guidelines: gaps, conflicts, reach, order, leaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

from reasoner.criteria import All, Any, Criterion, Not
from reasoner.decide import comes_before
from reasoner.graph import GR, LABEL, Graph
from reasoner.guidelines import Gap, Recommendation, conflicting

from .declared import Declared, Demand, Property
from .obligation import (
    ELIGIBLE,
    FIRST,
    GAP,
    IN_FORCE,
    IN_SCOPE,
    NOBODY,
    NOT_ELIGIBLE,
    NOT_FIRST,
    NOT_IN_FORCE,
    OUT_OF_SCOPE,
    SOMEBODY,
    Claim,
    Frame,
    Obligation,
    named,
    none_of,
)


def of_guideline(frame: Frame, declared: Declared) -> Iterator[Obligation]:
    """Everything about one guideline but its criteria."""
    for own in frame.guideline.recommendations:
        yield from _reach(frame, own)
    yield from _order(frame)
    yield from _within(frame, declared)
    yield from _adds_nothing(frame)
    yield _gap(frame, declared)
    for gap in frame.guideline.gaps:
        if gap.when is not None:
            yield from _declared_gap(frame, gap, declared)
    for demand in declared.demands:
        if declared.concerns(demand.guideline, frame.guideline):
            yield from _demand(frame, demand, declared)
    for property_ in declared.properties:
        if declared.concerns(property_.guideline, frame.guideline):
            yield from _leaks(frame, property_, declared)
    yield from _notes(frame)


def across(frames: Sequence[Frame], declared: Declared) -> Iterator[Obligation]:
    """Conflicts between guidelines, and whether each safety property can fail at all."""
    for one, other in combinations(frames, 2):
        if one.guideline.kind == other.guideline.kind:
            pairs = product(one.guideline.recommendations, other.guideline.recommendations)
            for a, b in pairs:
                yield from _conflict(one, a, other, b, declared)
    for property_ in declared.properties:
        yield _property(frames, property_, declared)


def _reach(frame: Frame, own: Recommendation) -> Iterator[Obligation]:
    guideline, scope = frame.guideline, frame.guideline.scope
    yield Obligation(
        "unreachable",
        guideline.id,
        (own.iri,),
        SOMEBODY,
        All((own.eligibility, scope)),
        f"nobody in the scope is eligible for {named(own)}",
        "mend its eligibility: the parts named exclude one another",
        (frame.scope_claim(), frame.claim(own, NOT_ELIGIBLE)),
        _nearest(own.eligibility.part, scope),
    )
    yield Obligation(
        "beyond-scope",
        guideline.id,
        (own.iri,),
        NOBODY,
        All((own.eligibility, Not(scope))),
        f"somebody outside the scope is eligible for {named(own)}",
        "narrow its eligibility to the scope, or widen the scope",
        (frame.scope_claim(OUT_OF_SCOPE), frame.claim(own, ELIGIBLE)),
    )
    if own.direction == "for" and frame.overriders(own):
        yield Obligation(
            "always-overridden",
            guideline.id,
            (own.iri,),
            SOMEBODY,
            frame.in_force(own),
            f"{named(own)} is overridden for whoever is eligible for it",
            "narrow the recommendations that override it, or take it out",
            (frame.claim(own, ELIGIBLE), frame.claim(own, NOT_IN_FORCE)),
            (own.eligibility,),
        )
    if own.direction == "for" and own.line is not None:
        yield Obligation(
            "never-first",
            guideline.id,
            (own.iri,),
            SOMEBODY,
            frame.first(own),
            f"{named(own)} is choice {own.line} and comes first for nobody",
            "mend its line of choice, or what is preferred over it",
            (frame.claim(own, ELIGIBLE), frame.claim(own, NOT_FIRST)),
            (All((own.eligibility, *frame.population)), own.eligibility),
        )


def _nearest(definition: Criterion, scope: Criterion) -> tuple[Criterion, ...]:
    """Whom to show for an empty class: subjects in scope that meet all parts but one, else any in scope."""
    parts = definition.parts if isinstance(definition, All) else ()
    close = [All((scope, *parts[:i], *parts[i + 1 :])) for i in range(len(parts))]
    return (*close, scope)


def _order(frame: Frame) -> Iterator[Obligation]:
    decisions: dict[str, list[Recommendation]] = {}
    for own in frame.offers:
        if own.line is not None:
            decisions.setdefault(own.decision, []).append(own)
    for decision, members in sorted(decisions.items()):
        # With lines alone something is always first; only a declared preference can make a circle.
        for a, b in combinations(members, 2):
            if comes_before(a, b) and comes_before(b, a):
                yield Obligation(
                    "no-first-choice",
                    frame.guideline.id,
                    (a.iri, b.iri),
                    NOBODY,
                    All((frame.in_force(a), frame.in_force(b), *frame.population)),
                    f"{named(a)} and {named(b)} each come before the other in the decision {decision}",
                    "take back one of the two preferences, or change a line of choice",
                    tuple(frame.claim(own, what) for own in (a, b) for what in (ELIGIBLE, NOT_FIRST)),
                )


def _within(frame: Frame, declared: Declared) -> Iterator[Obligation]:
    members = frame.guideline.recommendations
    for own in frame.offers:
        if (why := _clash_in_option(own, declared)) is not None:
            yield Obligation(
                "conflict",
                frame.guideline.id,
                (own.iri,),
                NOBODY,
                own.eligibility,
                f"{named(own)} asks for what cannot go together: {why}",
                "make them two options, or give the components an order",
                (frame.claim(own, ELIGIBLE),),
            )
    for a, b in combinations(members, 2):
        if a.decision == b.decision and (comes_before(a, b) or comes_before(b, a)):
            continue  # the order between them settles it
        yield from _conflict(frame, a, frame, b, declared)


def _clash_in_option(own: Recommendation, declared: Declared) -> str | None:
    graph = declared.graph
    for option in graph.nodes(own.iri, GR + "option"):
        placed = [
            (graph.text(part, GR + "order"), node)
            for part in graph.nodes(option, GR + "component")
            if (node := graph.node(part, GR + "intervention"))
        ]
        for (when, x), (then, y) in combinations(placed, 2):
            if when == then and _clash(graph, x, y, declared):
                return f"{graph.text(x, LABEL)} and {graph.text(y, LABEL)}"
    return None


def _clash(graph: Graph, x: str, y: str, declared: Declared) -> bool:
    wide = declared.broader
    pairs = product(wide.get(x, frozenset({x})), wide.get(y, frozenset({y})))
    return any(
        q in graph.nodes(p, GR + "incompatibleWith") or p in graph.nodes(q, GR + "incompatibleWith") for p, q in pairs
    )


def _conflict(
    one: Frame, a: Recommendation, other: Frame, b: Recommendation, declared: Declared
) -> Iterator[Obligation]:
    why = conflicting(declared.graph, declared.broader, a, b)
    if why is None:
        return
    yield Obligation(
        "conflict",
        one.guideline.id,
        (a.iri, b.iri),
        NOBODY,
        All((one.in_force(a), other.in_force(b))),
        f"{named(a)} and {named(b)} cannot both be followed: {why}",
        "narrow one of them, let one override the other, or order them in one decision",
        (one.claim(a, IN_FORCE), other.claim(b, IN_FORCE)),
    )


def _adds_nothing(frame: Frame) -> Iterator[Obligation]:
    members = frame.guideline.recommendations
    for own, other in product(members, members):
        same = own.direction == other.direction and set(own.interventions) == set(other.interventions)
        if own.iri != other.iri and same:
            yield Obligation(
                "adds-nothing",
                frame.guideline.id,
                (own.iri, other.iri),
                SOMEBODY,
                All((own.eligibility, Not(other.eligibility))),
                f"whoever is eligible for {named(own)} is eligible for {named(other)}, which offers the same",
                "take one of them out, or mend the eligibility of one",
                (frame.claim(own, ELIGIBLE), frame.claim(other, ELIGIBLE)),
                (own.eligibility,),
            )


def _gap(frame: Frame, declared: Declared) -> Obligation:
    exempt = [gap.when for gap in frame.guideline.gaps if gap.when and not declared.lacking(gap)]
    return Obligation(
        "gap",
        frame.guideline.id,
        (frame.guideline.iri,),
        NOBODY,
        All((frame.guideline.scope, none_of([own.eligibility for own in frame.offers]), none_of(exempt))),
        "somebody in the scope gets no recommendation for anything, and no declared gap says so",
        "widen a recommendation, or declare a gr:KnownGap with its reason",
        (frame.scope_claim(), *(frame.claim(own, NOT_ELIGIBLE) for own in frame.offers)),
    )


def _declared_gap(frame: Frame, gap: Gap, declared: Declared) -> Iterator[Obligation]:
    assert gap.when is not None
    iri, lacking = declared.gap_iri(gap), declared.lacking(gap)
    lacks = [own for own in frame.offers if not lacking or declared.offers(own, lacking)]
    scope = frame.guideline.scope
    inside = (frame.scope_claim(), Claim(frame.guideline.id, gap.id, GAP))
    for own in lacks:
        yield Obligation(
            "untrue-gap",
            frame.guideline.id,
            (iri, own.iri),
            NOBODY,
            All((gap.when, scope, own.eligibility)),
            f"the gap `{gap.id}` is declared where {named(own)} applies",
            "narrow the class of the gap, or the recommendation",
            (*inside, frame.claim(own, ELIGIBLE)),
        )
    nothing = none_of([own.eligibility for own in lacks])
    asked: list[Criterion] = [] if lacking else [All(())]
    for demand in declared.demands:
        if declared.concerns(demand.guideline, frame.guideline) and declared.covers(gap, demand):
            asked.append(demand.when)
    yield Obligation(
        "needless-gap",
        frame.guideline.id,
        (iri,),
        SOMEBODY,
        All((gap.when, scope, nothing, Any(tuple(asked)))),
        f"the gap `{gap.id}` covers nobody for whom anything is demanded and lacking",
        "mend its class, take the gap out, or declare the gr:Demand that it is an exception to",
        inside,
        (All((gap.when, scope)),),
    )


def _demand(frame: Frame, demand: Demand, declared: Declared) -> Iterator[Obligation]:
    scope, guideline = frame.guideline.scope, frame.guideline
    exempt = none_of([gap.when for gap in guideline.gaps if gap.when and declared.covers(gap, demand)])
    yield Obligation(
        "idle-property",
        guideline.id,
        (demand.iri,),
        SOMEBODY,
        All((demand.when, scope, *(frame.population if demand.demands_first else ()), exempt)),
        f"the demand `{demand.label}` is about nobody in the scope",
        "mend its class, or take it out",
        (frame.scope_claim(),),
        (scope,),
    )
    if demand.demands:
        meeting = [own for own in frame.offers if declared.offers(own, demand.demands)]
        yield Obligation(
            "unmet-demand",
            guideline.id,
            (demand.iri,),
            NOBODY,
            All((demand.when, scope, exempt, none_of([frame.in_force(own) for own in meeting]))),
            f"`{demand.label}` is not met for somebody",
            "widen a recommendation, narrow the demand, or declare a gr:KnownGap with its reason",
            (frame.scope_claim(), *(frame.claim(own, NOT_IN_FORCE) for own in meeting)),
        )
    if demand.demands_first:
        meeting = [own for own in frame.offers if own.line and declared.offers(own, demand.demands_first)]
        yield Obligation(
            "unmet-demand",
            guideline.id,
            (demand.iri, GR + "demandsFirst"),
            NOBODY,
            All((demand.when, scope, *frame.population, exempt, none_of([frame.first(own) for own in meeting]))),
            f"`{demand.label}` is not met for somebody: nothing of the kind comes first",
            "mend the lines of choice or the preferences, or narrow the demand",
            (frame.scope_claim(), *(frame.claim(own, NOT_FIRST) for own in meeting)),
        )
    if demand.demands_against:
        meeting = [own for own in frame.warnings if declared.warns(own, demand.demands_against)]
        yield Obligation(
            "unmet-demand",
            guideline.id,
            (demand.iri, GR + "demandsAgainst"),
            NOBODY,
            All((demand.when, scope, none_of([own.eligibility for own in meeting]))),
            f"`{demand.label}` is not met for somebody: nothing advises against it",
            "widen a recommendation, or narrow the demand",
            (frame.scope_claim(), *(frame.claim(own, NOT_ELIGIBLE) for own in meeting)),
        )


def _leaks(frame: Frame, property_: Property, declared: Declared) -> Iterator[Obligation]:
    for own in frame.offers:
        if declared.offers(own, property_.forbids):
            fix = "narrow its eligibility, or let what comes first override it"
            yield _leak(frame, property_, own, IN_FORCE, frame.in_force(own), "is in force", fix)
        if own.line is not None and declared.offers(own, property_.forbids_first):
            fix = "mend the lines of choice, or what is preferred over it"
            yield _leak(frame, property_, own, FIRST, frame.first(own), "comes first", fix)
    for own in frame.warnings:
        if declared.warns(own, property_.forbids_against):
            yield _leak(frame, property_, own, ELIGIBLE, own.eligibility, "warns", "narrow its eligibility")


def _leak(
    frame: Frame, property_: Property, own: Recommendation, claim: str, holds: Criterion, does: str, fix: str
) -> Obligation:
    """Nobody of the property's class is one of whom the recommendation claims this."""
    return Obligation(
        "wrong-first-choice" if claim == FIRST else "leak",
        frame.guideline.id,
        (own.iri, property_.iri),
        NOBODY,
        All((property_.when, holds)),
        f"{named(own)} {does} where `{property_.label}`",
        fix,
        (frame.claim(own, claim),),
    )


def _property(frames: Sequence[Frame], property_: Property, declared: Declared) -> Obligation:
    own = [frame for frame in frames if declared.concerns(property_.guideline, frame.guideline)]
    concerned = [frame.guideline.scope for frame in own if any(_leaks(frame, property_, declared))]
    return Obligation(
        "idle-property",
        own[0].guideline.id,
        (property_.iri,),
        SOMEBODY,
        All((property_.when, Any(tuple(concerned)))),
        f"the safety property `{property_.label}` concerns no recommendation or nobody in a scope, so it cannot fail",
        "mend its class or its interventions, or take it out",
        (Claim(own[0].guideline.id, "", IN_SCOPE),),
        (own[0].guideline.scope,),
    )


def _notes(frame: Frame) -> Iterator[Obligation]:
    """Each caution with a class over all that it goes with, and each argument."""
    cautions: dict[tuple[str, str], list[Recommendation]] = {}
    for own in frame.guideline.recommendations:
        for caution in own.cautions:
            if caution.when is not None:
                cautions.setdefault((caution.text, caution.when.iri), []).append(own)
        for argument in own.arguments:
            yield _note(frame, argument.when.iri, [own], argument.when, f"argument `{argument.finding}`")
    for (text, iri), members in sorted(cautions.items()):
        when = next(c.when for c in members[0].cautions if c.when is not None and (c.text, c.when.iri) == (text, iri))
        yield _note(frame, iri, members, when, f"caution `{text}`")


def _note(frame: Frame, iri: str, members: Sequence[Recommendation], when: Criterion, what: str) -> Obligation:
    eligible = Any(tuple(own.eligibility for own in members))
    return Obligation(
        "silent-note",
        frame.guideline.id,
        (*(own.iri for own in members), iri),
        SOMEBODY,
        All((when, eligible)),
        f"the {what} of {named(members[0])} never holds for anybody eligible",
        "mend its class, or take it out",
        (frame.claim(members[0], ELIGIBLE),),
        (members[0].eligibility,),
    )
