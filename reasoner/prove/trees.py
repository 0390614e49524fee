"""Criteria trees cut and changed: a class replaced, a finding fixed, a part left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reasoner.criteria import All, Among, Any, Criterion, Named, Not, Within

ALWAYS, NEVER = All(()), Any(())


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a definition that can be left out: where it stands, what is left, and who gains by it."""

    class_: Named
    place: tuple[int, ...]
    part: Criterion
    without: Criterion
    """The definition of the class without the part."""
    difference: Criterion
    """The subjects that belong to the class with the part or without it, but not both."""


def parts(class_: Named) -> Iterator[Part]:
    """Every part of every intersection and union in the definition, named classes not entered."""
    for place, part, without, widens in _cuts(class_.part, (), True):
        both = (without, Not(class_.part)) if widens else (class_.part, Not(without))
        yield Part(class_, place, part, without, All(both))


def _cuts(
    tree: Criterion, at: tuple[int, ...], positive: bool
) -> Iterator[tuple[tuple[int, ...], Criterion, Criterion, bool]]:
    """(place, part, tree without it, whether the tree is wider without it)."""
    match tree:
        case Not(part):
            for place, cut, without, widens in _cuts(part, (*at, 0), not positive):
                yield place, cut, Not(without), widens
        case All(members) | Any(members):
            make: Callable[[tuple[Criterion, ...]], Criterion] = All if isinstance(tree, All) else Any
            for i, member in enumerate(members):
                rest = members[:i] + members[i + 1 :]
                # The kind of subject is read as true and only there for OWL reasoners.
                if len(members) > 1 and member != ALWAYS:
                    yield (*at, i), member, make(rest), isinstance(tree, All) == positive
                for place, cut, without, widens in _cuts(member, (*at, i), positive):
                    yield place, cut, make((*members[:i], without, *members[i + 1 :])), widens


def classes(tree: Criterion) -> dict[str, Named]:
    """Every named class in the tree, by IRI."""
    found: dict[str, Named] = {}
    todo = [tree]
    while todo:
        match todo.pop():
            case Named(iri, part) as named:
                if iri not in found:
                    found[iri] = named
                    todo.append(part)
            case Not(part):
                todo.append(part)
            case All(members) | Any(members):
                todo += members
    return found


def replaced(tree: Criterion, iri: str, by: Criterion) -> Criterion:
    """The tree with a named class replaced wherever it stands; classes that name it lose their own name."""
    if isinstance(tree, Named) and tree.iri == iri:
        return by
    return _rebuilt(tree, lambda part: replaced(part, iri, by))


def fixed(tree: Criterion, finding: str, value: int | float) -> Criterion:
    """The tree for subjects whose finding has the value: a mask of one value, or a number."""
    match tree:
        case Among(name, mask):
            return tree if name != finding else ALWAYS if mask & int(value) else NEVER
        case Within(name):
            return tree if name != finding else ALWAYS if _lies_in(tree, value) else NEVER
    return _rebuilt(tree, lambda part: fixed(part, finding, value))


def _rebuilt(tree: Criterion, change: Callable[[Criterion], Criterion]) -> Criterion:
    """The tree with its parts changed; the same object where none is."""
    match tree:
        case Named(_, part):
            changed = change(part)
            return tree if changed is part else changed
        case Not(part):
            changed = change(part)
            return tree if changed is part else Not(changed)
        case All(members) | Any(members):
            new = tuple(map(change, members))
            if all(a is b for a, b in zip(members, new, strict=True)):
                return tree
            return All(new) if isinstance(tree, All) else Any(new)
    return tree


def _lies_in(leaf: Within, number: float) -> bool:
    above = leaf.low is None or number > leaf.low or (leaf.low_closed and number == leaf.low)
    below = leaf.high is None or number < leaf.high or (leaf.high_closed and number == leaf.high)
    return above and below
