"""Where dates decide more than which record of one finding is the latest.

Codes carry no dates. Between findings dates matter only where what is recorded contradicts itself under a grading or
an axiom: then the later record governs. Whether a combination does is asked of the derivations themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reasoner.assess import Reasoner
from reasoner.cohort.coding import Code
from reasoner.cohort.derivation import components, coupled
from reasoner.dates import later
from reasoner.model import SubjectFacts
from reasoner.settle import Known

_MEMORY = 1_000_000


class Entangled:
    """Tells which subjects need their dates after all."""

    def __init__(self, reasoner: Reasoner, codes: Mapping[str, Code]) -> None:
        self.reasoner, self.codes = reasoner, list(codes.values())
        derivations = reasoner.knowledge.derivations
        dated = {grading.finding for grading in derivations.gradings}
        dated |= {name for axiom in derivations.axioms if axiom.implies for name in axiom.implies[::2]}
        at = {name: i for i, name in enumerate(codes)}
        groups = components(codes, coupled(derivations, reasoner.program))
        self.groups = [sorted(at[name] for name in group) for group in groups if len(group) > 1 and group & dated]
        """Findings, by place, that some derivation reads together and dates may settle."""
        self._kind = min(guideline.kind for guideline in reasoner.knowledge.guidelines)
        self._known: dict[tuple[int, tuple[int, ...]], bool] = {}

    def by_known(self, known: Mapping[str, Known]) -> bool:
        """Whether findings that are read together have different dates."""
        for group in self.groups:
            dates = {one.when for i in group if (one := known.get(self.codes[i].name)) is not None}
            if len(dates) > 1 and any(later(a, b) for a in dates for b in dates):
                return True
        return False

    def by_codes(self, codes: Sequence[int]) -> bool:
        """Whether what is recorded contradicts itself in any group."""
        return any(self.in_group(g, tuple(codes[i] for i in group)) for g, group in enumerate(self.groups))

    def in_group(self, group: int, codes: tuple[int, ...]) -> bool:
        """Whether the findings of one group contradict each other, were they all of the same time."""
        found = self._known.get((group, codes))
        if found is None:
            if len(self._known) >= _MEMORY:
                self._known.clear()
            found = self._known[group, codes] = self._ask(group, codes)
        return found

    def _ask(self, group: int, codes: tuple[int, ...]) -> bool:
        own = [self.codes[i] for i in self.groups[group]]
        facts = tuple(fact for code, value in zip(own, codes, strict=True) for fact in code.facts(value))
        unsettled = frozenset(code.name for code, value in zip(own, codes, strict=True) if value == code.unsettled)
        state = self.reasoner.state(SubjectFacts("urn:subject", None, self._kind, None, facts, unsettled=unsettled))
        return any(
            one.contradiction and not (name in state.settled and state.settled[name].contradiction)
            for name, one in state.known.items()
        )
