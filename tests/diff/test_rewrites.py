"""Rewrites that keep the meaning: not one state may change side."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from reasoner.diff.compare import Difference, compare
from reasoner.graph import GR, LABEL, OWL, RDF, Term

from .worlds import EQUIVALENT, World, base, shipped

Rewrite = Callable[[World, str, random.Random], None]


def classes(construct: str = "") -> list[str]:
    """Named classes of subjects in use, those whose definition is of one kind where a kind is asked for."""
    graph = shipped().graph
    found = sorted(
        {s for s, p, _ in graph.triples() if p == EQUIVALENT and not s.startswith("_:")}
        & {str(o) for s, p, o in graph.triples() if isinstance(o, str)}
    )
    subjects = [c for c in found if _is_of_subjects(c)]
    if not construct:
        return subjects
    return [c for c in subjects if graph.node(graph.node(c, EQUIVALENT) or "", OWL + construct)]


def _is_of_subjects(class_: str) -> bool:
    graph = shipped().graph
    node = graph.node(class_, EQUIVALENT) or ""
    return not any(graph.node(node, OWL + c) for c in ("oneOf", "onDatatype"))


def value_classes() -> list[str]:
    graph = shipped().graph
    return [
        c for c in sorted(graph.instances(OWL + "Class")) if graph.node(graph.node(c, EQUIVALENT) or "", OWL + "oneOf")
    ]


def rename(world: World, class_: str, dice: random.Random) -> None:
    world.rename(class_, f"{class_}Renamed")


def reorder(world: World, class_: str, dice: random.Random) -> None:
    def build(node: str) -> str:
        for construct in ("intersectionOf", "unionOf"):
            if (head := next((o for s, p, o in world.triples if s == node and p == OWL + construct), None)) is not None:
                parts = world.members(str(head))
                dice.shuffle(parts)
                return world.expression(construct, world.listed(parts))
        raise AssertionError("an intersection or union is needed")

    world.redefine(class_, build)


def de_morgan(world: World, class_: str, dice: random.Random) -> None:
    def build(node: str) -> str:
        construct = next(p for s, p, _ in world.triples if s == node and p.endswith(("intersectionOf", "unionOf")))
        parts = [world.negated(str(part)) for part in world.members(world.node(node, construct))]
        other = "unionOf" if construct.endswith("intersectionOf") else "intersectionOf"
        return world.negated(world.expression(other, world.listed(parts)))

    world.redefine(class_, build)


def double_negation(world: World, class_: str, dice: random.Random) -> None:
    world.redefine(class_, lambda node: world.negated(world.negated(node)))


def split(world: World, class_: str, dice: random.Random) -> None:
    def build(node: str) -> str:
        parts = [str(part) for part in world.members(world.node(node, OWL + "intersectionOf"))]
        dice.shuffle(parts)
        own = world.named(f"{class_}Part", world.both(*parts[:2]))
        return world.both(own, *parts[2:])

    world.redefine(class_, build)


def inline(world: World, class_: str, dice: random.Random) -> None:
    def build(node: str) -> str:
        parts: list[Term] = world.members(world.node(node, OWL + "intersectionOf"))
        at = next(i for i, part in enumerate(parts) if part in classes())
        parts[at] = world.copied(world.node(str(parts[at]), EQUIVALENT))
        return world.expression("intersectionOf", world.listed(parts))

    world.redefine(class_, build)


def repeat(world: World, class_: str, dice: random.Random) -> None:
    """The class or itself, and it or its negation on top."""
    world.redefine(
        class_, lambda node: world.either(world.both(node, world.has(GR + "ulcer", GR + "ulcer/present")), node)
    )


def case_split(world: World, class_: str, dice: random.Random) -> None:
    finding = dice.choice([f for f in shipped().model.findings.values() if f.kind == "Lesion" and f.values])
    one = finding.values[0].iri
    world.redefine(
        class_,
        lambda node: world.either(
            world.both(node, world.has(finding.iri, one)), world.both(node, world.negated(world.has(finding.iri, one)))
        ),
    )


def reorder_values(world: World, class_: str, dice: random.Random) -> None:
    node = world.node(class_, EQUIVALENT)
    values = world.members(world.node(node, OWL + "oneOf"))
    dice.shuffle(values)
    world.set(node, OWL + "oneOf", world.listed(values))


def reorder_file(world: World, class_: str, dice: random.Random) -> None:
    dice.shuffle(world.triples)


def _splittable() -> list[str]:
    graph = shipped().graph
    heads = {c: graph.node(graph.node(c, EQUIVALENT) or "", OWL + "intersectionOf") for c in classes("intersectionOf")}
    return [c for c, head in heads.items() if head and len(list(graph.list(head))) > 2]


def _inlinable() -> list[str]:
    graph, known = shipped().graph, set(classes())
    heads = {c: graph.node(graph.node(c, EQUIVALENT) or "", OWL + "intersectionOf") for c in classes("intersectionOf")}
    return [c for c, head in heads.items() if head and known & set(map(str, graph.list(head)))]


def _joined() -> list[str]:
    return [*classes("intersectionOf"), *classes("unionOf")]


def generated() -> list[tuple[str, Rewrite, str, int]]:
    """A fixed choice of rewrites, each on a class drawn at random."""
    dice = random.Random(4)
    plan: list[tuple[Rewrite, list[str], int]] = [
        (rename, classes(), 16),
        (reorder, _joined(), 14),
        (de_morgan, _joined(), 16),
        (double_negation, classes(), 12),
        (split, _splittable(), 14),
        (inline, _inlinable(), 14),
        (repeat, _joined(), 8),
        (case_split, _joined(), 8),
        (reorder_values, value_classes(), 12),
        (reorder_file, ["all"], 1),
    ]
    found = []
    for rewrite, places, many in plan:
        chosen = dice.sample(places, min(many, len(places)))
        found += [(f"{rewrite.__name__}-{c.rsplit('/', 1)[-1]}", rewrite, c, i) for i, c in enumerate(chosen)]
    return found


REWRITES = generated()


def changes(difference: Difference) -> list[object]:
    """Everything that would be a change of meaning."""
    return [
        *difference.affected,
        *difference.regraded,
        *difference.rules,
        *difference.recorded,
        *([difference.allowed] if difference.allowed else []),
        *(c for c in difference.decisions if c.clinical),
        *(c for c in difference.metadata if c.clinical),
    ]


def test_at_least_a_hundred_rewrites_are_generated() -> None:
    assert len({name for name, *_ in REWRITES}) >= 100


@pytest.mark.parametrize(("name", "rewrite", "class_", "seed"), REWRITES, ids=[name for name, *_ in REWRITES])
def test_rewrite_changes_nothing(name: str, rewrite: Rewrite, class_: str, seed: int) -> None:
    world = World()
    rewrite(world, class_, random.Random(seed))
    # The model is read again where values or their classes may have moved.
    side = world.side(name, reads_model=rewrite in (reorder_values, reorder_file) or class_ in value_classes())
    for difference in (compare(base(), side), compare(side, base())):
        assert changes(difference) == []
        assert not difference.is_clinical
        assert all(one.same is not False for one in difference.definitions)


@pytest.mark.parametrize("rewrite", [reorder, reorder_file, reorder_values])
def test_order_alone_is_no_difference_at_all(rewrite: Rewrite) -> None:
    world = World()
    place = value_classes()[0] if rewrite is reorder_values else _joined()[0]
    rewrite(world, place, random.Random(1))
    assert compare(base(), world.side(reads_model=True)).is_empty


def test_renamed_class_is_told_as_renamed_and_its_users_are_not() -> None:
    graph, class_ = shipped().graph, _inlinable()[0]
    head = graph.node(graph.node(class_, EQUIVALENT) or "", OWL + "intersectionOf") or ""
    part = next(str(p) for p in graph.list(head) if str(p) in classes())
    world = World()
    world.rename(part, f"{part}Renamed")
    (one,) = compare(base(), world.side()).definitions
    assert (one.renamed_from, one.iri, one.same) == (part, f"{part}Renamed", True)


def test_renamed_and_relabelled_class_is_told_as_renamed() -> None:
    class_ = _joined()[0]
    world = World()
    label = shipped().graph.values(class_, LABEL)
    world.triples = [t for t in world.triples if t[:2] != (class_, LABEL)]
    world.rename(class_, f"{class_}Renamed")
    assert label
    difference = compare(base(), world.side())
    assert [one.renamed_from for one in difference.definitions] == [class_]
    assert changes(difference) == []


def test_lists_are_rebuilt_whole() -> None:
    world = World()
    assert world.members(world.listed(["a", "b"])) == ["a", "b"]
    assert world.listed([]) == RDF + "nil"
