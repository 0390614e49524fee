"""Seeded defects: one edit each of the ontology graph, generated from the knowledge itself.

Every class of defect lists all its edits; a fixed share of each is taken, by a fixed die. A defect that changes no
answer on any complete subject and nothing that is declared is equivalent: that is compared exactly, not judged.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyoxigraph as ox

from reasoner.criteria import All, Criterion, Named
from reasoner.derive import Deriver
from reasoner.errors import ReasonerError
from reasoner.graph import GR, OWL, RDF, TYPE, XSD, Graph, Term
from reasoner.knowledge import Knowledge, build_knowledge, load_knowledge
from reasoner.program import Program
from reasoner.prove.declared import Declared
from reasoner.prove.obligation import Frame
from reasoner.prove.run import alarms
from reasoner.prove.trees import classes

Triple = tuple[str, str, Term]
DICE = 20261123
EACH = 20
"""At most so many defects of one class."""

FIRST, REST, NIL = RDF + "first", RDF + "rest", RDF + "nil"
_JOINTS = (OWL + "intersectionOf", OWL + "unionOf")
_LIMITS = ("minInclusive", "maxInclusive", "minExclusive", "maxExclusive")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One edit: triples taken out and put in."""

    kind: str
    about: str
    removed: frozenset[Triple]
    added: tuple[Triple, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.about}"


@cache
def base() -> Knowledge:
    """The released knowledge."""
    return load_knowledge()


def mutated(mutant: Mutant) -> Knowledge:
    """The knowledge with the edit; raises KnowledgeError where loading refuses it."""
    old, graph = base().graph, Graph()
    for triple in old.triples():
        if triple not in mutant.removed:
            graph.add(*triple, old.file(triple[0]))
    for triple in mutant.added:
        graph.add(*triple, old.file(triple[0]) if triple[0] in old else "mutant.ttl")
    knowledge = build_knowledge({}, graph, Path("mutant"), lambda: base().shapes)
    if any(predicate.startswith(XSD) for _, predicate, _ in mutant.removed):
        # Bands that leave a hole are refused when a reasoner is made of them.
        axioms = [axiom.tree for axiom in knowledge.derivations.axioms]
        program = Program(knowledge.model, axioms, knowledge.derivations.trees())
        Deriver(knowledge.model, program, knowledge.derivations, strict=False)
    return knowledge


def outcome(mutant: Mutant) -> str:
    """`refused` by loading, `found` by a proof, `equivalent`, or `survived`."""
    try:
        knowledge = mutated(mutant)
        if next(alarms(knowledge), None) is not None:
            return "found"
    except ReasonerError:
        return "refused"
    # What is seeded by repeating a criterion is the redundancy itself.
    may_be_equal = mutant.kind != "criterion repeated"
    return "equivalent" if may_be_equal and answers(knowledge) == released() else "survived"


@cache
def released() -> dict[str, object]:
    """What the released knowledge answers."""
    return answers(base())


def answers(knowledge: Knowledge) -> dict[str, object]:
    """Everything that can differ in an answer, exactly: for each criterion its allowed prime implicants."""
    declared = Declared(knowledge)
    axioms = [axiom.tree for axiom in knowledge.derivations.axioms]
    trees: list[Criterion] = [tree for guideline in knowledge.guidelines for tree in guideline.trees()]
    program = Program(knowledge.model, axioms, [*trees, *knowledge.derivations.trees(), *declared.trees()])

    def exact(tree: Criterion) -> object:
        return program.blake.conjunction([program.blake.primes(tree), program.allowed])

    found: dict[str, object] = {"clashes": knowledge.clashes}
    for finding in knowledge.model.findings.values():
        found[finding.notation] = (finding.policy, finding.assumed, finding.values, finding.range)
    for guideline in knowledge.guidelines:
        frame = Frame(guideline)
        found[guideline.id] = (guideline.kind, exact(guideline.scope), exact(guideline.population or All(())))
        for gap in guideline.gaps:
            found[f"{guideline.id}/{gap.id}"] = (
                gap.text,
                gap.reason,
                gap.when and exact(gap.when),
                declared.lacking(gap),
            )
        for own in guideline.recommendations:
            over = [(other.id, exact(All((own.eligibility, other.eligibility)))) for other in frame.overriders(own)]
            notes = [(n.text, n.policy, n.when and exact(n.when)) for n in own.cautions]
            found[own.id] = (
                own.direction,
                own.decision,
                own.interventions,
                exact(own.eligibility),
                exact(frame.first(own)) if own.line is not None else None,
                [pair for pair in over if pair[1]],
                notes,
                [(a.finding, exact(a.when)) for a in own.arguments],
            )
    for scale in (scale for g in knowledge.derivations.gradings for step in g.steps for scale in step.scales):
        found[f"scale {scale.inputs}"] = [(value, exact(band)) for value, band in scale.bands]
    return found


def mutants() -> list[Mutant]:
    """The seeded defects, the same ones every time."""
    chosen: list[Mutant] = []
    for make in MAKERS:
        every = sorted(make(), key=lambda mutant: mutant.about)
        random.Random(f"{DICE} {make.__name__}").shuffle(every)
        chosen += every[:EACH]
    return chosen


# What the edits are made of ---------------------------------------------------------------------------------------


def _short(node: Term) -> str:
    return node.removeprefix(GR) if isinstance(node, str) else node.value


def _deciding() -> list[str]:
    """The classes that scopes, eligibilities and declared gaps rest on."""
    found: dict[str, Named] = {}
    for guideline in base().guidelines:
        roots = [guideline.scope, *(own.eligibility for own in guideline.recommendations)]
        for root in [*roots, *(gap.when for gap in guideline.gaps if gap.when)]:
            found |= classes(root)
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Member:
    """A part of an intersection or union: the class, the joint, the cells of the list, and which one."""

    class_: str
    owner: str
    joint: str
    cells: tuple[str, ...]
    place: int

    @property
    def cell(self) -> str:
        return self.cells[self.place]

    @property
    def node(self) -> str:
        value = base().graph.values(self.cell, FIRST)[0]
        assert isinstance(value, str)
        return value

    @property
    def about(self) -> str:
        return (
            f"{_short(self.class_)}, {_short(self.joint).rsplit('#')[-1]} of {len(self.cells)}, part {self.place + 1}"
        )


def _nodes(class_: str) -> Iterator[str]:
    """The expressions in a definition, outermost first; named classes are not entered."""
    graph = base().graph
    todo = graph.nodes(class_, OWL + "equivalentClass")
    while todo:
        node = todo.pop(0)
        if not node.startswith("_:"):
            continue
        yield node
        for joint in _JOINTS:
            if (head := graph.node(node, joint)) is not None:
                todo += [part for part in graph.list(head) if isinstance(part, str)]
        todo += [*graph.nodes(node, OWL + "complementOf"), *graph.nodes(node, OWL + "someValuesFrom")]


def _members() -> Iterator[Member]:
    graph = base().graph
    for class_ in _deciding():
        for node in _nodes(class_):
            for joint in _JOINTS:
                head = graph.node(node, joint)
                cells: list[str] = []
                while head is not None and head != NIL:
                    cells.append(head)
                    head = graph.node(head, REST)
                for place in range(len(cells)):
                    member = Member(class_, node, joint, tuple(cells), place)
                    if len(cells) > 1 and member.node != GR + "Lesion":
                        yield member


def _not(node: str, name: str) -> tuple[Triple, ...]:
    blank = f"_:not{name}"
    return ((blank, TYPE, OWL + "Class"), (blank, OWL + "complementOf", node))


def _longer(class_: str, node: str, more: tuple[Triple, ...] = ()) -> Mutant:
    """The class and something else: its definition becomes an intersection."""
    graph = base().graph
    old = graph.nodes(class_, OWL + "equivalentClass")[0]
    whole, one, two = "_:whole", "_:one", "_:two"
    added = (
        (class_, OWL + "equivalentClass", whole), (whole, TYPE, OWL + "Class"), (whole, OWL + "intersectionOf", one),
        (one, FIRST, old), (one, REST, two), (two, FIRST, node), (two, REST, NIL), *more,
    )  # fmt: skip
    return Mutant("", "", frozenset({(class_, OWL + "equivalentClass", old)}), added)


def _literal(number: int | str, type_: str = "integer") -> ox.Literal:
    return ox.Literal(str(number), datatype=ox.NamedNode(XSD + type_))


# The classes of defects -------------------------------------------------------------------------------------------


def part_dropped() -> Iterator[Mutant]:
    graph = base().graph
    for member in _members():
        rest = graph.nodes(member.cell, REST)[0]
        before = (member.cells[member.place - 1], REST) if member.place else (member.owner, member.joint)
        yield Mutant("part dropped", member.about, frozenset({(*before, member.cell)}), ((*before, rest),))


def part_negated() -> Iterator[Mutant]:
    graph = base().graph
    for member in _members():
        old = member.node
        inner = graph.node(old, OWL + "complementOf")
        new, more = (inner, ()) if inner else ("_:notpart", _not(old, "part"))
        yield Mutant(
            "part negated", member.about, frozenset({(member.cell, FIRST, old)}), ((member.cell, FIRST, new), *more)
        )


def joint_exchanged() -> Iterator[Mutant]:
    for member in _members():
        if member.place == 0:
            other = _JOINTS[1 - _JOINTS.index(member.joint)]
            head = member.cells[0]
            triple, new = (member.owner, member.joint, head), (member.owner, other, head)
            yield Mutant("and, or exchanged", member.about, frozenset({triple}), (new,))


def value_swapped() -> Iterator[Mutant]:
    graph = base().graph
    values = {value.iri: finding for finding in base().model.findings.values() for value in finding.values}
    for class_ in _deciding():
        for node in _nodes(class_):
            for predicate in (OWL + "hasValue", FIRST):
                holders = [node]
                if predicate == FIRST:
                    holders, head = [], graph.node(node, OWL + "oneOf")
                    while head is not None and head != NIL:
                        holders.append(head)
                        head = graph.node(head, REST)
                for holder in holders:
                    old = graph.node(holder, predicate)
                    if old not in values:
                        continue
                    for value in values[old].values:
                        if value.iri != old:
                            about = f"{_short(class_)}: {_short(old)} becomes {value.notation}"
                            yield Mutant(
                                "value swapped",
                                about,
                                frozenset({(holder, predicate, old)}),
                                ((holder, predicate, value.iri),),
                            )


def class_swapped() -> Iterator[Mutant]:
    deciding = _deciding()
    named = sorted({m.node for m in _members() if not m.node.startswith("_:") and m.node in deciding})
    for member in _members():
        if member.node in named:
            for other in named:
                inside = any(member.class_ in classes(own) for own in [_read(other)]) or other == member.class_
                if other != member.node and not inside:
                    about = f"{member.about}: {_short(other)} for {_short(member.node)}"
                    triple = (member.cell, FIRST, member.node)
                    yield Mutant("class swapped", about, frozenset({triple}), ((member.cell, FIRST, other),))


@cache
def _named() -> dict[str, Named]:
    found: dict[str, Named] = {}
    for guideline in base().guidelines:
        for tree in guideline.trees():
            found |= classes(tree)
    return found


def _read(iri: str) -> Named:
    return _named()[iri]


def contradiction_added() -> Iterator[Mutant]:
    for member in _members():
        own = [own for g in base().guidelines for own in g.recommendations if own.eligibility.iri == member.class_]
        if own:
            longer = _longer(member.class_, "_:notthat", _not(member.node, "that"))
            yield Mutant("contradiction added", member.about, longer.removed, longer.added)


def criterion_repeated() -> Iterator[Mutant]:
    for member in _members():
        if member.joint == _JOINTS[0]:
            longer = _longer(member.class_, member.node)
            yield Mutant("criterion repeated", member.about, longer.removed, longer.added)


def scope_changed() -> Iterator[Mutant]:
    graph = base().graph
    for guideline in base().guidelines:
        triple = (guideline.iri, GR + "hasScope", guideline.scope.iri)
        for iri in sorted(_named()):
            if iri != guideline.scope.iri:
                about = f"{guideline.id}: {_short(iri)} is the scope"
                yield Mutant("scope changed", about, frozenset({triple}), ((guideline.iri, GR + "hasScope", iri),))
                if guideline.scope.iri not in classes(_read(iri)) and iri in graph:
                    longer = _longer(guideline.scope.iri, iri)
                    yield Mutant("scope changed", f"{guideline.id}: only {_short(iri)}", longer.removed, longer.added)


def override_changed() -> Iterator[Mutant]:
    graph = base().graph
    for guideline in base().guidelines:
        decisions = sorted({n for own in guideline.recommendations for n in graph.nodes(own.iri, GR + "decision")})
        for own in guideline.recommendations:
            overridden = graph.nodes(own.iri, GR + "overrides")
            for decision in decisions:
                triple = (own.iri, GR + "overrides", decision)
                about = f"{own.id}, {_short(decision)}"
                if decision in overridden:
                    yield Mutant("override changed", f"{about} taken out", frozenset({triple}))
                elif own.direction == "for":
                    yield Mutant("override changed", f"{about} put in", frozenset(), (triple,))


def order_changed() -> Iterator[Mutant]:
    graph = base().graph
    for guideline in base().guidelines:
        lined = [own for own in guideline.recommendations if own.line is not None]
        for own in lined:
            old = next(iter(graph.values(own.iri, GR + "line")))
            for line in sorted({other.line or 0 for other in lined} | {9}):
                if line != own.line:
                    new = (own.iri, GR + "line", _literal(line))
                    about = f"{own.id}: choice {line} instead of {own.line}"
                    yield Mutant("order changed", about, frozenset({(own.iri, GR + "line", old)}), (new,))
            for other in lined:
                triple = (own.iri, GR + "preferredOver", other.iri)
                if other.iri in graph.nodes(own.iri, GR + "preferredOver"):
                    yield Mutant("order changed", f"{own.id} no more over {other.id}", frozenset({triple}))
                elif other is not own and other.decision == own.decision:
                    yield Mutant("order changed", f"{own.id} over {other.id}", frozenset(), (triple,))


def policy_changed() -> Iterator[Mutant]:
    graph = base().graph
    for finding in base().model.findings.values():
        triple = (finding.iri, GR + "whenNotRecorded", graph.nodes(finding.iri, GR + "whenNotRecorded")[0])
        given = {(finding.iri, GR + "assumedValue", n) for n in graph.nodes(finding.iri, GR + "assumedValue")}
        for value in finding.values:
            if finding.policy == "assume" and finding.assumed == finding.mask(value.notation):
                continue
            new = (
                (finding.iri, GR + "whenNotRecorded", GR + "policy/assume"),
                (finding.iri, GR + "assumedValue", value.iri),
            )
            about = f"{finding.notation} assumed {value.notation}"
            yield Mutant("policy changed", about, frozenset({triple, *given}), new)


def intervention_changed() -> Iterator[Mutant]:
    """An intervention that something forbids, or that is incompatible with another, added or put in another's place."""
    graph = base().graph
    declared = Declared(base())
    clashing = {n for n in graph.instances(GR + "Intervention") if graph.nodes(n, GR + "incompatibleWith")}
    for guideline in base().guidelines:
        properties = [own for own in declared.properties if declared.concerns(own.guideline, guideline)]
        interventions = sorted(clashing | {node for own in properties for node in own.forbids})
        for own in guideline.recommendations:
            if own.direction != "for":
                continue
            option = graph.nodes(own.iri, GR + "option")[0]
            component = graph.nodes(option, GR + "component")[0]
            old = graph.nodes(component, GR + "intervention")[0]
            for new in interventions:
                if new in {node for o in own.interventions for node in o}:
                    continue
                about = f"{own.id}: {_short(new)}"
                more = (
                    (option, GR + "component", "_:more"), ("_:more", TYPE, GR + "Component"),
                    ("_:more", GR + "intervention", new), ("_:more", GR + "order", _literal(1)),
                )  # fmt: skip
                yield Mutant("intervention changed", f"{about} added", frozenset(), more)
                replaced = frozenset({(component, GR + "intervention", old)})
                yield Mutant(
                    "intervention changed",
                    f"{about} for {_short(old)}",
                    replaced,
                    ((component, GR + "intervention", new),),
                )


def recommendation_removed() -> Iterator[Mutant]:
    for guideline in base().guidelines:
        for own in guideline.recommendations:
            yield Mutant("recommendation removed", own.id, frozenset({(own.iri, TYPE, GR + "Recommendation")}))


def direction_turned() -> Iterator[Mutant]:
    for guideline in base().guidelines:
        for own in guideline.recommendations:
            old, new = ("for", "against") if own.direction == "for" else ("against", "for")
            path = GR + "direction"
            triple = (own.iri, path, f"{GR}direction/{old}")
            yield Mutant("direction turned", own.id, frozenset({triple}), ((own.iri, path, f"{GR}direction/{new}"),))


def eligibility_exchanged() -> Iterator[Mutant]:
    path = GR + "eligibility"
    for guideline in base().guidelines:
        for own in guideline.recommendations:
            for other in guideline.recommendations:
                if own.id < other.id and own.eligibility is not other.eligibility:
                    mine, theirs = own.eligibility.iri, other.eligibility.iri
                    removed = frozenset({(own.iri, path, mine), (other.iri, path, theirs)})
                    added = ((own.iri, path, theirs), (other.iri, path, mine))
                    yield Mutant("eligibility exchanged", f"{own.id}, {other.id}", removed, added)


def gap_changed() -> Iterator[Mutant]:
    graph = base().graph
    declared = Declared(base())
    for guideline in base().guidelines:
        gaps = [(declared.gap_iri(gap), gap.when.iri) for gap in guideline.gaps if gap.when]
        for iri, when in gaps:
            part_of = (iri, GR + "partOfGuideline", guideline.iri)
            yield Mutant("gap changed", f"{_short(iri)} taken out", frozenset({part_of}))
            for _, other in gaps:
                if other != when:
                    new = (iri, GR + "when", other)
                    yield Mutant(
                        "gap changed", f"{_short(iri)}: {_short(other)}", frozenset({(iri, GR + "when", when)}), (new,)
                    )
            for lacked in graph.nodes(iri, GR + "lacks"):
                yield Mutant("gap changed", f"{_short(iri)} lacks all", frozenset({(iri, GR + "lacks", lacked)}))


def threshold_moved() -> Iterator[Mutant]:
    graph = base().graph
    for grading in graph.instances(GR + "Grading"):
        for step in graph.nodes(grading, GR + "step"):
            for scale in graph.nodes(step, GR + "scale"):
                for band in graph.nodes(scale, GR + "band"):
                    yield from _moved(band)


def _moved(class_: str) -> Iterator[Mutant]:
    graph = base().graph
    facets: list[str] = []
    for node in _nodes(class_):
        if (head := graph.node(node, OWL + "withRestrictions")) is not None:
            facets += [facet for facet in graph.list(head) if isinstance(facet, str)]
    for facet in facets:
        for limit in _LIMITS:
            for old in graph.values(facet, XSD + limit):
                assert not isinstance(old, str)
                for by in (-1, 1):
                    number = float(old.value) + by
                    type_ = old.datatype.value.removeprefix(XSD)
                    new = _literal(f"{number:g}", type_)
                    about = f"{_short(class_)}: {limit} {old.value} becomes {number:g}"
                    yield Mutant(
                        "threshold moved", about, frozenset({(facet, XSD + limit, old)}), ((facet, XSD + limit, new),)
                    )


MAKERS: tuple[Callable[[], Iterator[Mutant]], ...] = (
    part_dropped, part_negated, joint_exchanged, value_swapped, class_swapped, contradiction_added, criterion_repeated,
    scope_changed, override_changed, order_changed, policy_changed, intervention_changed, recommendation_removed,
    direction_turned, eligibility_exchanged, gap_changed, threshold_moved,
)  # fmt: skip
