"""Edits that change the meaning: the exact count of brute force, and the mirror image the other way round."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

import pytest

from reasoner.diff.compare import Affected, Difference, compare
from reasoner.diff.questions import ELIGIBLE, SCOPE
from reasoner.diff.sides import Side
from reasoner.graph import GR, OWL, Graph

from .brute import Grid
from .test_rewrites import classes
from .worlds import EQUIVALENT, World, base, shipped

Edit = Callable[[World, str, random.Random], None]


def eligibility() -> list[str]:
    """The classes that recommendations name, and those that guidelines name as scope."""
    graph = shipped().graph
    return sorted({str(o) for _, p, o in graph.triples() if p in (GR + "eligibility", GR + "hasScope")})


def _parts(world: World, node: str) -> tuple[str, list[str]]:
    construct = next(p for s, p, _ in world.triples if s == node and p.endswith(("intersectionOf", "unionOf")))
    return construct.rsplit("#")[-1], [str(part) for part in world.members(world.node(node, construct))]


def drop(world: World, class_: str, dice: random.Random) -> None:
    def build(node: str) -> str:
        construct, parts = _parts(world, node)
        parts.remove(dice.choice(parts))
        return world.expression(construct, world.listed(parts))

    world.redefine(class_, build)


def negate(world: World, class_: str, dice: random.Random) -> None:
    def build(node: str) -> str:
        construct, parts = _parts(world, node)
        at = dice.randrange(len(parts))
        parts[at] = world.negated(parts[at])
        return world.expression(construct, world.listed(parts))

    world.redefine(class_, build)


def swap_value(world: World, class_: str, dice: random.Random) -> None:
    """Another value in one restriction of the class, or of a class that it names."""
    values = {v.iri: f for f in shipped().model.findings.values() for v in f.values}
    inside = _inside(world, class_)
    places = [t for t in world.triples if t[2] in values and t[0] in inside]
    subject, predicate, value = dice.choice(places)
    other = dice.choice([v.iri for v in values[str(value)].values if v.iri != value])
    world.triples = [
        (s, p, other) if (s, p, o) == (subject, predicate, value) else (s, p, o) for s, p, o in world.triples
    ]


def _inside(world: World, class_: str) -> set[str]:
    """All nodes of a class's own expression."""
    out: dict[str, list[str]] = {}
    for subject, _, value in world.triples:
        if subject.startswith("_:") and isinstance(value, str):
            out.setdefault(subject, []).append(value)
    found: set[str] = set()
    todo = [world.node(class_, EQUIVALENT)]
    while todo:
        node = todo.pop()
        if node.startswith("_:") and node not in found:
            found.add(node)
            todo += out.get(node, [])
    return found


def add_criterion(world: World, class_: str, dice: random.Random) -> None:
    findings = [f for f in shipped().model.findings.values() if f.values]
    finding = dice.choice(findings)
    values = dice.sample([v.iri for v in finding.values], dice.randint(1, len(finding.values) - 1))
    join = dice.choice([world.both, world.both, world.either])
    world.redefine(class_, lambda node: join(node, world.has(finding.iri, *values)))


def numbers() -> list[tuple[str, float]]:
    """Numeric findings with a number well inside their range."""
    found: list[tuple[str, float]] = []
    for finding in shipped().model.findings.values():
        if finding.range is not None:
            low, high = finding.range.minimum or 0, finding.range.maximum or 10
            found.append((finding.iri, round(low + (high - low) / 3)))
    return found


def add_number(world: World, class_: str, dice: random.Random) -> None:
    finding, limit = dice.choice(numbers())
    facet = dice.choice(["minInclusive", "minExclusive", "maxInclusive", "maxExclusive"])
    world.redefine(class_, lambda node: world.both(node, world.number(finding, **{facet: limit})))


EDITS: list[tuple[Edit, int]] = [(drop, 24), (negate, 20), (swap_value, 22), (add_criterion, 24), (add_number, 10)]


def generated() -> list[tuple[str, Edit, str, int]]:
    """A fixed choice of edits: mostly of eligibility classes, some of what several of them share."""
    dice = random.Random(11)
    of_values = {c for f in shipped().model.findings.values() for c in f.classes}
    joined = {*classes("intersectionOf"), *classes("unionOf")} - of_values
    own = [c for c in eligibility() if c in joined]
    # Only classes that a recommendation rests on: others, such as those of safety properties, change no verdict.
    shared = [c for c in sorted(joined - set(own)) if users(shipped().graph, c) & set(own)]
    coded = [c for c in own if any(o for o in values_of(c))]
    found = []
    for edit, many in EDITS:
        places = coded if edit is swap_value else own
        chosen = [dice.choice(places) for _ in range(many - 3)]
        chosen += dice.sample([c for c in shared if edit is not swap_value or values_of(c)], 3)
        found += [(f"{edit.__name__}-{i}-{c.rsplit('/', 1)[-1]}", edit, c, i) for i, c in enumerate(chosen)]
    return found


@cache
def values_of(class_: str) -> tuple[str, ...]:
    world = World()
    values = {v.iri for f in shipped().model.findings.values() for v in f.values}
    inside = _inside(world, class_)
    return tuple(str(o) for s, _, o in world.triples if s in inside and o in values)


def users(graph: Graph, class_: str) -> set[str]:
    """The class and all in whose definition it stands, directly or through others."""
    found = {class_}
    while True:
        more = {c for c in classes() if c not in found and found & _named_in(graph, graph.node(c, EQUIVALENT) or "")}
        if not more:
            return found
        found |= more


def _named_in(graph: Graph, node: str) -> set[str]:
    if not node.startswith("_:"):
        return {node}
    values = [v for vs in graph.predicates(node).values() for v in vs if isinstance(v, str)]
    return {name for value in values if value != OWL + "Class" for name in _named_in(graph, value)}


CASES = generated()


def told(difference: Difference, about: str) -> dict[tuple[str, str], Affected]:
    return {
        (a.question.guideline, a.question.recommendation): a for a in difference.affected if a.question.about == about
    }


def check_counts(old: Side, new: Side, class_: str) -> int:
    """Compare every class that the edit can reach with brute force; the number of states that change."""
    difference, mirror = compare(old, new), compare(new, old)
    mirrored(difference, mirror)
    grid = Grid(old.knowledge.graph, new.knowledge.graph)
    reached = users(new.knowledge.graph, class_)
    moved = 0
    for guideline in new.knowledge.guidelines:
        asked = [(SCOPE, "", guideline.scope.iri)]
        asked += [(ELIGIBLE, r.id, r.eligibility.iri) for r in guideline.recommendations]
        for about, id_, iri in asked:
            one = told(difference, about).get((guideline.id, id_))
            if iri not in reached:
                assert one is None, f"{id_ or guideline.id} does not mention {class_}"
                continue
            brute = grid.count(iri, iri)
            if one is None:
                assert (brute.gained, brute.lost) == (0, 0), id_
                continue
            assert (one.shift.findings, one.shift.states, one.shift.gained, one.shift.lost) == (
                brute.findings, brute.states, brute.gained, brute.lost), id_  # fmt: skip
            moved += brute.gained + brute.lost
    return moved


def mirrored(one: Difference, other: Difference) -> None:
    """All of one difference, the other way round."""
    assert len(one.affected) == len(other.affected)
    for a, b in zip(one.affected, other.affected, strict=True):
        assert a.question == b.question
        assert (a.shift.findings, a.shift.states) == (b.shift.findings, b.shift.states)
        assert (a.shift.gained, a.shift.lost) == (b.shift.lost, b.shift.gained)
        assert a.shift.members == b.shift.members[::-1]
        assert a.shift.apart == b.shift.apart[::-1]
        assert {"added": "removed", "removed": "added"}.get(a.change, a.change) == b.change
        assert (a.gained is None, a.lost is None) == (b.lost is None, b.gained is None)
    # A renamed thing is told under its newer name.
    assert sorted(("" if c.what == "renamed" else c.about, c.what, c.old, c.new) for c in one.decisions) == sorted(
        ("" if c.what == "renamed" else c.about, c.what, c.new, c.old) for c in other.decisions
    )
    assert [(g.finding, g.records, g.changed) for g in one.regraded] == [
        (g.finding, g.records, g.changed) for g in other.regraded
    ]
    assert {m for g in one.regraded for m in g.moves} == {(b, a, n) for g in other.regraded for a, b, n in g.moves}
    assert [(r.id, r.states) for r in one.rules] == [
        (r.id, r.states and (r.states[0], *r.states[:0:-1])) for r in other.rules
    ]
    assert [(d.old, d.new, d.same) for d in one.definitions] == [(d.new, d.old, d.same) for d in other.definitions]
    assert sorted((c.old, c.new) for c in one.metadata) == sorted((c.new, c.old) for c in other.metadata)


NAMED = {name: (edit, class_, seed) for name, edit, class_, seed in CASES}


@cache
def edited(name: str) -> int:
    """How many states an edit changes, once the count is held to brute force."""
    edit, class_, seed = NAMED[name]
    world = World()
    edit(world, class_, random.Random(seed))
    return check_counts(base(), world.side(name), class_)


@pytest.mark.parametrize("name", NAMED)
def test_edit_gives_the_brute_force_count_and_its_mirror(name: str) -> None:
    edited(name)


THRESHOLDS = [(finding, limit, shift, facet) for finding, limit in numbers() for shift, facet in (
    (0.25, "minInclusive"), (0.25, "maxExclusive"))]  # fmt: skip


@cache
def moved(finding: str, limit: float, shift: float, facet: str) -> int:
    """How many states a shifted limit changes, once the count is held to brute force."""
    class_ = sorted(eligibility())[0]
    number = next(f for f in shipped().model.findings.values() if f.iri == finding)
    assert number.range is not None
    sides = []
    for at in (limit, limit + (1 if number.range.integer else shift)):
        world = World()
        part = world.number(finding, **{facet: at})
        world.redefine(class_, lambda node, w=world, p=part: w.both(node, p))  # type: ignore[misc]
        sides.append(world.side(f"{facet} {at}"))
    return check_counts(sides[0], sides[1], class_)


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_changed_threshold_gives_the_brute_force_count(threshold: tuple[str, float, float, str]) -> None:
    moved(*threshold)


def test_at_least_a_hundred_edits_change_the_meaning() -> None:
    changed = [edited(name) for name in NAMED] + [moved(*threshold) for threshold in THRESHOLDS]
    assert sum(many > 0 for many in changed) >= 100
