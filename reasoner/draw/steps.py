"""A criteria tree as a reader follows it: conditions, and groups of them with the names that the knowledge gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from reasoner.criteria import All, Among, Any, Criterion, Named, Not, Within
from reasoner.model import Finding, Model
from reasoner.words import Words, listed

CONDITION, ALL, ANY, NONE, NOT_ALL = "condition", "all", "any", "none", "not-all"
OPERATORS = {ALL: "all of", ANY: "any of", NONE: "none of", NOT_ALL: "not all of"}
"""What a group asks of its parts, in words."""

YES, NO, OPEN = "met", "unmet", "open"
MARK_WORDS = {YES: "yes", NO: "no", OPEN: "open"}
"""A mark tells whether what the box says is so, also inside ``none of``."""

_FEW = 3
_OPPOSITE = {ALL: NOT_ALL, NOT_ALL: ALL, ANY: NONE, NONE: ANY}


@dataclass(frozen=True, slots=True)
class Step:
    """A condition, or a group of steps. ``node`` names it within its tree: ``1.2`` is the second part of the first."""

    node: str
    kind: str
    text: str
    """The condition in words, or the label of the group; empty for a group without a name."""
    tree: Criterion
    """What the box says, as a criterion."""
    class_: str | None = None
    """The named class that the step stands for."""
    finding: str | None = None
    parts: tuple[Step, ...] = ()
    denied: bool = False
    """A condition that must not hold; the text says so."""


def steps(tree: Criterion, model: Model, words: Words) -> Step:
    """The steps of a tree; what says nothing (a group of one, a group in one of its kind) is left out."""
    return _numbered(_Reader(model, words).read(tree), "1")


def every(step: Step) -> Iterator[Step]:
    """The step and all below it, from top to bottom."""
    yield step
    for part in step.parts:
        yield from every(part)


def marks(step: Step, verdict: Callable[[Criterion], bool | None]) -> Mapping[str, str]:
    """A mark for each step, from what is known of a patient."""
    word = {True: YES, False: NO, None: OPEN}
    return {own.node: word[verdict(own.tree)] for own in every(step)}


def allowed(finding: Finding, mask: int, words: Words) -> str:
    """Values of a coded finding in words: its named set, the values where they are few, else what they exclude."""
    named = next((iri for iri, own in finding.classes.items() if own == mask != finding.full), None)
    values = finding.notations(mask)
    if named is not None and len(values) > 1:
        return f"{finding.label}: {words.class_label(named)}"
    if not values:
        return f"no value of {finding.label}"
    if len(values) <= _FEW:
        return listed([words.said(finding.notation, value) for value in values], "or")
    return words.said(finding.notation, {"possible": values})


def interval(low: float | None, low_closed: bool, high: float | None, high_closed: bool, unit: str) -> str:
    """The limits of a number in words."""
    limits = []
    if low is not None:
        limits.append(f"{'at least' if low_closed else 'more than'} {low:g} {unit}".rstrip())
    if high is not None:
        limits.append(f"{'at most' if high_closed else 'less than'} {high:g} {unit}".rstrip())
    return " and ".join(limits) or "any number"


def _beyond(tree: Criterion) -> Within | None:
    """The numbers on the other side of a single limit."""
    match tree:
        case Named(_, part):
            return _beyond(part)
        case Within(finding, float() | int() as low, closed, None, _):
            return Within(finding, None, False, low, not closed)
        case Within(finding, None, _, float() | int() as high, closed):
            return Within(finding, high, not closed, None, False)
    return None


def _numbered(step: Step, node: str) -> Step:
    parts = tuple(_numbered(part, f"{node}.{place}") for place, part in enumerate(step.parts, 1))
    return replace(step, node=node, parts=parts)


class _Reader:
    def __init__(self, model: Model, words: Words) -> None:
        self.model, self.words = model, words

    def read(self, tree: Criterion) -> Step:
        match tree:
            case Among() | Within():
                return Step("", CONDITION, self._said(tree), tree, finding=tree.finding)
            case Named(iri, part):
                return self._named(tree, iri, self.read(part))
            case Not(Not(part)):
                return self.read(part)
            case Not(part):
                return self._denied(tree, self.read(part))
            case All(parts) | Any(parts):
                return self._group(tree, ALL if isinstance(tree, All) else ANY, parts)

    def _said(self, leaf: Among | Within) -> str:
        if isinstance(leaf, Within):
            limits = interval(leaf.low, leaf.low_closed, leaf.high, leaf.high_closed, self.words.unit(leaf.finding))
            return f"{self.words.finding(leaf.finding)} {limits}"
        return allowed(self.model.findings[leaf.finding], leaf.mask, self.words)

    def _named(self, tree: Named, iri: str, inner: Step) -> Step:
        label = self.words.class_label(iri)
        if inner.class_ is not None:
            # A name for a name: the outer group keeps the inner one as its only part.
            return Step("", ALL, label, tree, iri, parts=(inner,))
        if inner.kind == CONDITION:
            text = inner.text if inner.text.casefold() == label.casefold() else f"{label}: {inner.text}"
            return replace(inner, text=text, tree=tree, class_=iri)
        return replace(inner, text=label, tree=tree, class_=iri)

    def _denied(self, tree: Not, inner: Step) -> Step:
        if inner.kind != CONDITION:
            if inner.class_ is not None and inner.kind in (NONE, NOT_ALL):
                # Turning the operator round would leave the name saying the contrary of the group.
                return Step("", NONE, "", tree, parts=(inner,))
            return replace(inner, kind=_OPPOSITE[inner.kind], tree=tree)
        if isinstance(inner.tree, Among) and inner.class_ is None:
            rest = Among(inner.tree.finding, self.model.findings[inner.tree.finding].full & ~inner.tree.mask)
            if rest.mask and not rest.mask & (rest.mask - 1):
                return replace(inner, text=self._said(rest), tree=tree)
        if (beyond := _beyond(inner.tree)) is not None:
            # A name for the numbers on this side of the limit would say the contrary of those beyond it.
            return replace(inner, text=self._said(beyond), tree=tree, class_=None)
        return replace(inner, text=f"not: {inner.text}", tree=tree, denied=True)

    def _group(self, tree: All | Any, kind: str, parts: tuple[Criterion, ...]) -> Step:
        found: list[Step] = []
        for part in parts:
            step = self.read(part)
            if step.class_ is None and step.kind == kind:
                found += step.parts
            else:
                found.append(step)
        if len(found) == 1:
            return found[0]
        return Step("", kind, "", tree, parts=tuple(found))
