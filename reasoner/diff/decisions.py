"""What a guideline decides apart from whom it takes in: advice, order, what is assumed, and what can be recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from reasoner.guidelines import Guideline, Recommendation
from reasoner.knowledge import Knowledge
from reasoner.model import Finding

from .common import Common
from .match import Pairs


@dataclass(frozen=True, slots=True)
class Change:
    """One difference in words: ``what`` of ``about`` was ``old`` and is ``new``; empty where there was nothing.

    ``clinical`` tells whether an answer can change by it.
    """

    about: str
    what: str
    old: str
    new: str
    clinical: bool


def _advice(own: Recommendation) -> str:
    return " or ".join(", then ".join(str(part["id"]) for part in option) for option in own.static["interventions"])


_TOLD: tuple[tuple[str, Callable[[Recommendation], Any]], ...] = (
    ("direction", lambda r: r.direction),
    ("decision", lambda r: r.decision),
    ("line of choice", lambda r: r.line),
    ("strength", lambda r: r.static["strength"]),
    ("certainty", lambda r: r.static["certainty"]),
    ("interventions", _advice),
)


def recommendations(pairs: Pairs) -> Iterator[Change]:
    """Guidelines and recommendations added, removed or renamed, and what changed about their advice and order."""
    ids = {old: new for (_, old), new in pairs.matched.recommendations.items()}
    for a, b in pairs.guidelines:
        yield from _guideline(a, b)
    for _, old, new in pairs.recommendations:
        if old is None or new is None:
            own = old or new
            assert own is not None
            word = f"{own.id}: {own.static['label'] or own.id}"
            yield Change(own.id, "recommendation", word if old else "", word if new else "", True)
            continue
        if old.id != new.id:
            yield Change(new.id, "renamed", old.id, new.id, False)
        for what, read in _TOLD:
            if read(old) != read(new):
                yield Change(new.id, what, _word(read(old)), _word(read(new)), True)
        before = sorted(ids.get(id_, id_) for id_ in old.preferred_over)
        if before != sorted(new.preferred_over):
            yield Change(new.id, "preferred over", ", ".join(before), ", ".join(sorted(new.preferred_over)), True)
        if old.overrides != new.overrides:
            yield Change(
                new.id, "suspends decisions", ", ".join(sorted(old.overrides)), ", ".join(sorted(new.overrides)), True
            )


def _guideline(a: Guideline | None, b: Guideline | None) -> Iterator[Change]:
    own = b or a
    assert own is not None
    if a is None or b is None:
        yield Change(own.id, "guideline", own.label if a else "", own.label if b else "", True)
        return
    if a.id != b.id:
        yield Change(b.id, "renamed", a.id, b.id, False)
    if a.kind != b.kind:
        yield Change(b.id, "decides about", a.kind, b.kind, True)
    if (a.population is None) != (b.population is None):
        before, after = ("declared" if g.population else "" for g in (a, b))
        yield Change(b.id, "population of the evidence", before, after, True)


def _word(said: object) -> str:
    return "" if said is None else str(said)


def clashes(old: Knowledge, new: Knowledge, pairs: Pairs) -> Iterator[Change]:
    """Pairs of recommendations that began, or ceased, to be in conflict."""
    matched = pairs.matched

    def called(guideline: str, id_: str) -> str:
        return matched.recommendations.get((guideline, id_), id_)

    before = {tuple(sorted((called(g, a), called(h, b)))): why for g, a, h, b, why in old.clashes}
    after = {tuple(sorted((a, b))): why for _, a, _, b, why in new.clashes}
    for key in sorted({*before, *after}):
        if (key in before) != (key in after):
            yield Change(" and ".join(key), "conflict", before.get(key, ""), after.get(key, ""), True)


def findings(common: Common, old: Knowledge, new: Knowledge) -> Iterator[Change]:
    """Findings and values added, removed or changed, and what is assumed where nothing is recorded."""
    paired = {id(f) for pair in common.pairs.values() for f in pair}
    for knowledge, is_new in ((old, False), (new, True)):
        for finding in knowledge.model.findings.values():
            if id(finding) not in paired:
                word = f"{finding.label} ({_kind(finding)})"
                yield Change(finding.notation, "finding", "" if is_new else word, word if is_new else "", True)
    for name, (a, b) in sorted(common.pairs.items()):
        yield from _finding(name, a, b)


def _kind(finding: Finding) -> str:
    return "number" if finding.range is not None else " | ".join(value.notation for value in finding.values)


def _finding(name: str, a: Finding, b: Finding) -> Iterator[Change]:
    if a.notation != b.notation:
        yield Change(name, "renamed", a.notation, b.notation, True)
    if a.iri != b.iri:
        yield Change(name, "IRI", a.iri, b.iri, True)
    if a.kind != b.kind:
        yield Change(name, "is of", a.kind, b.kind, True)
    if a.policy != b.policy or a.notations(a.assumed) != b.notations(b.assumed):
        yield Change(name, "when not recorded", _policy(a), _policy(b), True)
    if a.immutable != b.immutable:
        yield Change(name, "immutable", _word(a.immutable).lower(), _word(b.immutable).lower(), False)
    if a.range is not None and b.range is not None:
        if (a.range.minimum, a.range.maximum, a.range.integer) != (b.range.minimum, b.range.maximum, b.range.integer):
            yield Change(name, "range", _range(a), _range(b), True)
        if a.range.unit != b.range.unit:
            yield Change(name, "unit", a.range.unit, b.range.unit, True)
        return
    yield from _values(name, a, b)


def _values(name: str, a: Finding, b: Finding) -> Iterator[Change]:
    iris = {value.iri: value for value in b.values}
    notations = {value.notation: value for value in b.values}
    partners = {value.notation: iris.get(value.iri) or notations.get(value.notation) for value in a.values}
    kept = [other.notation for other in partners.values() if other is not None]
    for value in a.values:
        other = partners[value.notation]
        if other is None:
            yield Change(name, "value", value.notation, "", True)
        elif (value.notation, value.iri) != (other.notation, other.iri):
            yield Change(
                name, "value renamed", f"{value.notation} <{value.iri}>", f"{other.notation} <{other.iri}>", True
            )
    yield from (Change(name, "value", "", v.notation, True) for v in b.values if v.notation not in kept)
    order = [v.notation for v in b.values if v.notation in kept]
    if kept != order:
        yield Change(name, "order of values", " < ".join(kept), " < ".join(order), True)


def _policy(finding: Finding) -> str:
    if finding.policy != "assume":
        return finding.policy
    return f"assume {', '.join(finding.notations(finding.assumed))}"


def _range(finding: Finding) -> str:
    range_ = finding.range
    assert range_ is not None
    low, high = ("no limit" if x is None else f"{x:g}" for x in (range_.minimum, range_.maximum))
    return f"{low} to {high}, {'whole numbers' if range_.integer else 'decimals'}"


def clinical(changes: Iterable[Change]) -> list[Change]:
    """Those by which an answer can change first, otherwise in order."""
    return sorted(changes, key=lambda change: not change.clinical)
