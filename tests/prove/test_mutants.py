"""Seeded defects: at least 95 % of those that change anything are found, and the survivors are named.

Every second defect is tried; with EVERY_MUTANT in the environment all of them are, which takes twice as long.
"""

from __future__ import annotations

import os
from collections import Counter

from .mutants import EACH, MAKERS, Mutant, mutants, outcome

LEAST, LEAST_KINDS, SHARE = 60, 8, 0.95
STEP = 2 if os.environ.get("EVERY_MUTANT") else 4


def judged(part: list[Mutant]) -> None:
    """A part of the defects: two processes share the work."""
    outcomes = {mutant: outcome(mutant) for mutant in part}
    table: dict[str, Counter[str]] = {}
    for mutant, end in outcomes.items():
        table.setdefault(mutant.kind, Counter())[end] += 1
    counts = Counter(outcomes.values())
    defects = len(part) - counts["equivalent"]
    caught = counts["found"] + counts["refused"]
    lines = [f"{kind}: {dict(ends)}" for kind, ends in table.items()]
    lines += [f"survived {mutant}" for mutant, end in outcomes.items() if end == "survived"]
    print("\n".join([f"{caught} of {defects} found, {counts['equivalent']} equivalent", *lines]))
    real = [kind for kind, ends in table.items() if sum(ends.values()) > ends["equivalent"]]
    assert defects >= LEAST and len(real) >= LEAST_KINDS
    # Each half for itself, so also both together; refusal by loading must not carry the figure.
    assert caught / defects >= SHARE, "\n".join(lines)
    assert counts["found"] / (defects - counts["refused"]) >= SHARE, "\n".join(lines)


class TestOneHalf:
    """One part."""

    def test_are_found(self) -> None:
        judged(mutants()[::STEP])


class TestOtherHalf:
    """Another part."""

    def test_are_found(self) -> None:
        judged(mutants()[1::STEP])

    def test_the_seeding_is_fixed_and_spread(self) -> None:
        first, second = mutants(), mutants()
        assert first == second and len(set(first)) == len(first)
        kinds = Counter(mutant.kind for mutant in first)
        assert len(kinds) == len(MAKERS) and max(kinds.values()) <= EACH
