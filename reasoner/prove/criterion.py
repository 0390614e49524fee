"""What is to be proved of criteria and findings: each one matters, and no assumption turns towards treatment unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from reasoner.criteria import All, Any, Criterion, Named, Not, Within, leaves, support
from reasoner.knowledge import Knowledge
from reasoner.model import Finding
from reasoner.owl import short

from .obligation import ASSUMED, ELIGIBLE, GAP, NOBODY, OPEN, RULED_OUT, SOMEBODY, Claim, Frame, Obligation, named
from .trees import NEVER, Part, classes, fixed, parts, replaced

Root = tuple[Frame, Claim, Named]
"""A class that an answer rests on: its guideline, what the answer says of its members, the class."""


def of_criteria(frames: Sequence[Frame], words: Callable[[Criterion], str]) -> Iterator[Obligation]:
    """Whether each part of each definition that an answer rests on changes any answer."""
    roots = _roots(frames)
    direct = {root.iri for _, _, root in roots}
    found: dict[str, Named] = {}
    for _, _, root in roots:
        found |= classes(root)
    below = {root.iri: classes(root).keys() for _, _, root in roots}
    for iri, class_ in found.items():
        users = [root for root in roots if iri in below[root[2].iri]]
        turning: list[Criterion] = [] if iri in direct else [_turning(class_, root) for _, _, root in users]
        for part in parts(class_):
            yield _matters(part, users, turning, words)


def _roots(frames: Sequence[Frame]) -> list[Root]:
    found: list[Root] = []
    for frame in frames:
        guideline = frame.guideline
        found += [(frame, frame.claim(own, ELIGIBLE), own.eligibility) for own in guideline.recommendations]
        found.append((frame, frame.scope_claim(), guideline.scope))
        found += [(frame, Claim(guideline.id, gap.id, GAP), gap.when) for gap in guideline.gaps if gap.when]
    return found


def _turning(class_: Named, root: Named) -> Criterion:
    """The subjects whose membership of the root turns with their membership of the class."""
    inside, outside = replaced(root, class_.iri, All(())), replaced(root, class_.iri, NEVER)
    tree = Any((All((inside, Not(outside))), All((outside, Not(inside)))))
    return Named(f"turning:{class_.iri}:{root.iri}", tree)


def _matters(
    part: Part, users: Sequence[Root], turning: Sequence[Criterion], words: Callable[[Criterion], str]
) -> Obligation:
    frame, claim, root = users[0]
    # A gap is told only of those in scope.
    shown = All((root, frame.guideline.scope)) if claim.what == GAP else root
    criterion = Any(tuple(All((part.difference, turn)) for turn in turning)) if turning else part.difference
    return Obligation(
        "idle-criterion",
        frame.guideline.id,
        (part.class_.iri,),
        SOMEBODY,
        criterion,
        f"in `{short(part.class_.iri)}` the part ‹{words(part.part)}› changes no verdict",
        "leave it out, or mend it: what it asks for follows from the rest, or cannot be",
        (claim,),
        (shown,),
        part.place,
    )


def of_findings(knowledge: Knowledge, frames: Sequence[Frame]) -> Iterator[Obligation]:
    """Whether each finding changes any verdict or is read by a derivation."""
    derived: set[str] = set()
    for tree in knowledge.derivations.trees():
        derived |= support(tree)
    for rule in knowledge.derivations.recorded:
        derived |= set(rule.when_recorded)
    roots = _roots(frames)
    axioms = [axiom.tree for axiom in knowledge.derivations.axioms]
    for finding in knowledge.model.findings.values():
        users = [root for _, _, root in roots if finding.notation in support(root)]
        holders = [f for f in frames if finding.kind in knowledge.model.lineage(f.guideline.kind)]
        if finding.notation in derived or not holders:
            continue
        yield Obligation(
            "idle-finding",
            holders[0].guideline.id,
            (finding.iri,),
            SOMEBODY,
            Any(tuple(pair for root in users for pair in _differences(finding, root, axioms))),
            f"no verdict depends on {finding.label}",
            "use it in a criterion, or take it out",
            (),
            (holders[0].guideline.scope,),
        )


def _differences(finding: Finding, root: Named, axioms: Sequence[Criterion]) -> Iterator[Criterion]:
    """The subjects for whom two values of the finding, with everything else the same, differ in the root."""
    values = _values(finding, root)
    for value in values[1:]:
        one, other = (_with(finding, v, root, axioms) for v in (values[0], value))
        yield All((*one[1], *other[1], one[0], Not(other[0])))
        yield All((*one[1], *other[1], other[0], Not(one[0])))


def _values(finding: Finding, root: Criterion) -> list[int | float]:
    """Every value as a mask; of a number, one in every interval that the criterion tells apart."""
    if finding.range is None:
        return [1 << i for i in range(len(finding.values))]
    limits = {
        limit
        for leaf in leaves(root)
        if isinstance(leaf, Within) and leaf.finding == finding.notation
        for limit in (leaf.low, leaf.high)
        if limit is not None
    }
    cuts = sorted(limits)
    between: list[float] = [(a + b) / 2 for a, b in pairwise(cuts)]
    return sorted({*cuts, *between, *((cuts[0] - 1, cuts[-1] + 1) if cuts else ())})


def _with(
    finding: Finding, value: int | float, root: Criterion, axioms: Sequence[Criterion]
) -> tuple[Criterion, list[Criterion]]:
    """The root and the axioms for subjects with the value."""
    name = finding.notation
    return fixed(root, name, value), [fixed(axiom, name, value) for axiom in axioms if name in support(axiom)]


def of_assumptions(knowledge: Knowledge, frame: Frame) -> Iterator[Obligation]:
    """Whether an assumed value makes anybody eligible, or rules anybody out, who would otherwise be asked."""
    lineage = knowledge.model.lineage(frame.guideline.kind)
    axioms = [axiom.tree for axiom in knowledge.derivations.axioms]
    for finding in knowledge.model.findings.values():
        if finding.policy != "assume" or finding.kind not in lineage:
            continue
        for own in frame.offers:
            if finding.notation not in support(own.eligibility):
                continue
            taken = f"{finding.label}, where it is not recorded, is taken as `{_assumed(finding)}`"
            yield Obligation(
                "assumption",
                frame.guideline.id,
                (finding.iri, own.iri),
                NOBODY,
                _turned(finding, own.eligibility, own.eligibility, axioms),
                f"{taken}, which makes {named(own)} eligible",
                "ask for the finding (policy:ask), or acknowledge the assumption with its reason",
                (frame.claim(own, OPEN, finding.notation), frame.claim(own, ASSUMED, finding.notation)),
            )
            yield Obligation(
                "assumption-against",
                frame.guideline.id,
                (finding.iri, own.iri),
                NOBODY,
                _turned(finding, own.eligibility, Not(own.eligibility), axioms),
                f"{taken}, which rules {named(own)} out",
                "ask for the finding (policy:ask), or acknowledge the assumption with its reason",
                (frame.claim(own, OPEN, finding.notation), frame.claim(own, RULED_OUT, finding.notation)),
            )


def _assumed(finding: Finding) -> str:
    return ", ".join(finding.notations(finding.assumed))


def _turned(finding: Finding, root: Named, assumed: Criterion, axioms: Sequence[Criterion]) -> Criterion:
    """The subjects for whom ``assumed`` holds with the assumed value, and not with some other one."""
    taken, allowed = _with(finding, finding.assumed, assumed, axioms)
    others: list[Criterion] = []
    for value in _values(finding, root):
        if value != finding.assumed:
            tree, also = _with(finding, value, assumed, axioms)
            others.append(All((*also, Not(tree))))
    return All((taken, *allowed, Any(tuple(others))))
