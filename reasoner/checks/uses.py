"""Checks of how terms are used: names that are given twice, text where a term belongs, and terms of the wrong kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches

from reasoner.graph import GR, NOTATION, OWL, RDFS, TYPE, Graph

from .axioms import listed
from .bench import Bench
from .found import Found
from .problem import Problem

_RARE = 0.1
"""Share of uses up to which a way to use an annotation property counts as a slip beside the other way."""


def uses(bench: Bench) -> Found:
    """Names are given once, values belong to one finding, and statements lead to the kind of thing that they should."""
    yield from bench.memo.get(("uses of terms", bench.key), lambda: list(_uses(bench)))


def _uses(bench: Bench) -> Found:
    yield len(bench.graph.all_subjects())
    yield from _notations(bench)
    yield from _partitions(bench)
    yield from _objects(bench)
    yield from _itself(bench)


def _notations(bench: Bench) -> Iterator[Problem]:
    """No two things of one kind have one notation."""
    graph = bench.graph
    kinds = {kind for node in graph.all_subjects() for kind in graph.nodes(node, TYPE) if kind.startswith(GR)}
    for kind in sorted(kinds):
        first: dict[str, str] = {}
        for node in graph.instances(kind):
            notation = graph.text(node, NOTATION)
            if notation is None or node.startswith("_:"):
                continue
            other = first.setdefault(notation, node)
            if other != node:
                # The one whose own name is the notation has the better claim to it.
                wrong, right = (node, other) if not node.endswith(notation) else (other, node)
                message = f"has the notation `{notation}`, as {bench.label(right)} has"
                yield bench.problem(wrong, message, "give it one of its own", clues=(f'"{notation}"',))


def _partitions(bench: Bench) -> Iterator[Problem]:
    """No value belongs to two findings, and none is left out of the list of its class."""
    graph = bench.graph
    for value, range_ in unlisted(bench).items():
        message = f"does not list `{bench.curie(value)}` in owl:oneOf, which is declared as one"
        fix = f"add {bench.curie(value)} to owl:oneOf"
        problem = bench.problem(range_, message, fix, clues=("owl:oneOf",))
        yield replace(problem, also=(value,))
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for finding in graph.instances(GR + "Finding"):
        for range_ in graph.nodes(finding, RDFS + "range"):
            for value in listed(graph, range_):
                if range_ not in homes[value]:
                    homes[value].append(range_)
    for value, ranges in homes.items():
        if len(ranges) > 1:
            own = [r for r in ranges if r in graph.nodes(value, TYPE)]
            wrong = next((r for r in ranges if r not in own[:1]), ranges[-1])
            message = f"lists the value {bench.label(value)}, which belongs to {bench.label((own or ranges)[0])}"
            yield bench.problem(wrong, message, "make a value of its own for this finding", clues=(value,))


def unlisted(bench: Bench) -> dict[str, str]:
    """Values that the class which they are declared to belong to does not list, with that class."""
    graph, found = bench.graph, dict[str, str]()
    for finding in graph.instances(GR + "Finding"):
        for range_ in graph.nodes(finding, RDFS + "range"):
            if own := listed(graph, range_):
                found |= {value: range_ for value in graph.instances(range_) if value not in own}
    return found


def _objects(bench: Bench) -> Iterator[Problem]:
    """Text where text belongs, terms where terms do, and these of the kind that the property leads to."""
    graph = bench.graph
    counts: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    for _, predicate, value in graph.triples():
        counts[predicate][isinstance(value, str)] += 1
    for subject, predicate, value in graph.triples():
        if not predicate.startswith(GR):
            continue
        is_term = isinstance(value, str)
        kinds = graph.nodes(predicate, TYPE)
        mixed = counts[predicate]
        slip = OWL + "AnnotationProperty" in kinds and mixed[is_term] <= _RARE * mixed[not is_term]
        name = f"`{bench.curie(predicate)}`"
        if not is_term and (OWL + "ObjectProperty" in kinds or slip):
            assert not isinstance(value, str)
            message = f'{name} has the text `"{value.value}"`, where a term belongs'
            yield bench.problem(subject, message, _term_for(bench, predicate, value.value), clues=(f'"{value.value}"',))
        elif isinstance(value, str) and (OWL + "DatatypeProperty" in kinds or slip):
            message = f"{name} leads to {bench.label(value)}, where a text or number belongs"
            clue = f"{bench.curie(predicate)} {bench.curie(value)}"
            yield bench.problem(subject, message, 'write it in `"`', clues=(clue, value))
        elif isinstance(value, str) and OWL + "ObjectProperty" in kinds:
            yield from _kind(bench, subject, predicate, value)


def _kind(bench: Bench, subject: str, predicate: str, value: str) -> Iterator[Problem]:
    graph = bench.graph
    range_ = graph.node(predicate, RDFS + "range")
    types = [kind for kind in graph.nodes(value, TYPE) if kind != OWL + "NamedIndividual"]
    if range_ is None or range_.startswith("_:") or not types or GR + "Finding" in graph.nodes(predicate, TYPE):
        return
    if range_ not in _ancestors(graph, types):
        members = [bench.label(member) for member in graph.instances(range_) if not member.startswith("_:")][:6]
        message = f"`{bench.curie(predicate)}` leads to {bench.label(value)}, which is no {bench.label(range_)}"
        fix = f"name one of {', '.join(members)}" if members else "name one"
        yield bench.problem(subject, message, fix, clues=(f"{bench.curie(predicate)} {bench.curie(value)}", value))


def _ancestors(graph: Graph, classes: list[str]) -> set[str]:
    seen, todo = set(classes), list(classes)
    while todo:
        for parent in graph.nodes(todo.pop(), RDFS + "subClassOf"):
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
    return seen


def _term_for(bench: Bench, predicate: str, text: str) -> str:
    """The term that a text probably means: one that the property leads to elsewhere."""
    graph = bench.graph
    others = {o for s in graph.all_subjects() for o in graph.nodes(s, predicate) if not o.startswith("_:")}
    names = {
        name: o for o in sorted(others) for name in (o.rsplit("/")[-1], graph.text(o, NOTATION) or "", bench.curie(o))
    }
    names |= {bench.curie(iri): iri for iri in graph.all_subjects() if bench.curie(iri) == text}
    near = get_close_matches(text, names, 1, 0.7)
    return (
        f"did you mean {bench.label(names[near[0]])}, without quotation marks?" if near else 'name the term without `"`'
    )


def _itself(bench: Bench) -> Iterator[Problem]:
    """Nothing excludes itself, or comes before itself."""
    graph = bench.graph
    for predicate, what in ((GR + "incompatibleWith", "is declared incompatible with itself"),
                            (GR + "preferredOver", "is preferred over itself"),
                            (GR + "overrides", "overrides itself")):  # fmt: skip
        for subject in graph.all_subjects():
            if subject in graph.nodes(subject, predicate):
                fix = "name the other one that is meant, or remove the statement"
                yield bench.problem(
                    subject, what, fix, clues=(f"{bench.curie(predicate)} {bench.curie(subject)}", predicate)
                )
