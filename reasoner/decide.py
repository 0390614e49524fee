"""Verdicts, order and conflicts: the compiled guidelines asked about one state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .criteria import Criterion
from .derive import State
from .guidelines import Gap, Guideline, Recommendation
from .program import Formula, Program, both, neither

ELIGIBLE, NOT_ELIGIBLE, UNDETERMINED, CONFLICTING = "eligible", "not-eligible", "undetermined", "conflicting-data"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on one recommendation. ``proof`` is the prime implicant that settles it, None where none does."""

    recommendation: Recommendation
    verdict: str
    proof: int | None
    missing: int
    """The findings whose value can change the verdict, as guard bits."""
    assumed: int
    """The findings whose assumed value would be asked for in strict mode, as guard bits."""
    preferred: bool | str | None
    preferred_missing: int
    overridden_by: str | None


@dataclass(frozen=True, slots=True)
class GuidelineVerdict:
    """The decision on one guideline; ``ask`` maps finding to value to what the value would settle.

    ``gaps`` are the declared gaps that the subject certainly lies in.
    """

    guideline: Guideline
    scope: str
    scope_proof: int | None
    scope_missing: int
    applicability: str | None
    verdicts: tuple[Verdict, ...]
    ask: Mapping[str, Mapping[str, Mapping[str, str]]]
    gaps: tuple[Gap, ...]


@dataclass(slots=True)
class Compiled:
    """One recommendation with its formulas."""

    recommendation: Recommendation
    formula: Formula
    preferred: Formula | None
    overriders: list[int] = field(default_factory=list)
    """Places, in the guideline's list, of the recommendations that override this one."""


class Decider:
    """One guideline compiled; ``decide`` answers for a state."""

    def __init__(self, guideline: Guideline, program: Program) -> None:
        self.guideline, self.program = guideline, program
        self.scope = program.named(guideline.scope)
        self.population = program.named(guideline.population) if guideline.population else None
        self.compiled = [self._compile(r) for r in guideline.recommendations]

    def _compile(self, own: Recommendation) -> Compiled:
        others = self.guideline.recommendations
        overriders = [i for i, r in enumerate(others) if overrides(r, own)]
        preferred = None
        if own.direction == "for" and own.line is not None:
            before: list[Criterion] = [r.eligibility for r in others if comes_before(r, own)]
            before += [others[i].eligibility for i in overriders]
            preferred = self.program.formula(both(own.eligibility, neither(*before)))
        return Compiled(own, self.program.named(own.eligibility), preferred, overriders)

    def decide(self, state: State) -> GuidelineVerdict:
        """Decide every recommendation; exact over the completions that the model allows."""
        cube = state.cube
        assumed = self._assumed_findings(state)
        proofs = [compiled.formula.prove(cube, assumed) for compiled in self.compiled]
        answers = [answer for answer, _ in proofs]
        missing = [0 if proof else c.formula.missing(cube) for (_, proof), c in zip(proofs, self.compiled, strict=True)]
        words = [_word(a, m & state.doubtful) for a, m in zip(answers, missing, strict=True)]
        applicability = self._applicability(cube)
        verdicts = []
        for i, compiled in enumerate(self.compiled):
            preferred, preferred_missing = self._preferred(compiled, cube, applicability, state.doubtful)
            verdicts.append(
                Verdict(
                    compiled.recommendation,
                    words[i],
                    proofs[i][1],
                    0 if words[i] == CONFLICTING else missing[i],
                    self._assumed(compiled.formula, state, assumed),
                    preferred,
                    preferred_missing,
                    self._overridden_by(compiled, words, words[i]),
                )
            )
        scope, scope_proof = self.scope.prove(cube, assumed)
        return GuidelineVerdict(
            self.guideline,
            "undetermined" if scope is None else "in-scope" if scope else "out-of-scope",
            scope_proof,
            0 if scope is not None else self.scope.missing(cube),
            applicability,
            tuple(verdicts),
            self._ask(verdicts, cube),
            tuple(gap for gap in self.guideline.gaps if gap.when and self.program.named(gap.when).verdict(cube))
            if scope
            else (),
        )

    def _applicability(self, cube: int) -> str | None:
        if self.population is None:
            return None
        inside = self.population.verdict(cube)
        return "undetermined" if inside is None else "direct" if inside else "indirect"

    def _preferred(
        self, compiled: Compiled, cube: int, applicability: str | None, doubtful: int
    ) -> tuple[bool | str | None, int]:
        if compiled.preferred is None or applicability == "indirect":
            return None, 0
        answer = compiled.preferred.verdict(cube)
        if applicability == "undetermined":
            # The order holds only inside the population of the evidence, so what tells that is asked first.
            assert self.population is not None
            return "undetermined", self.population.missing(cube) & ~doubtful
        if answer is None:
            return "undetermined", compiled.preferred.missing(cube) & ~doubtful
        return answer, 0

    def _overridden_by(self, compiled: Compiled, words: Sequence[str], own: str) -> str | None:
        if own not in (ELIGIBLE, UNDETERMINED) or not compiled.overriders:
            return None
        for i in compiled.overriders:
            if words[i] == ELIGIBLE:
                return self.guideline.recommendations[i].id
        if any(words[i] in (UNDETERMINED, CONFLICTING) for i in compiled.overriders):
            return UNDETERMINED
        return None

    def _assumed_findings(self, state: State) -> int:
        guards = 0
        for assumption in state.assumptions:
            guards |= self.program.space.fields[assumption.finding].guard
        return guards

    def _assumed(self, formula: Formula, state: State, assumed: int) -> int:
        """The assumed findings that would be missing under strict."""
        if not assumed & formula.guards or formula.verdict(state.recorded) is not None:
            return 0
        missing = formula.missing(state.recorded)
        # Where a contradiction keeps the strict verdict open, nothing would be missing in it.
        return 0 if missing & state.doubtful else missing & assumed

    def _ask(self, verdicts: Sequence[Verdict], cube: int) -> dict[str, dict[str, dict[str, str]]]:
        """For each missing finding, most decisive first, what each of its values would settle."""
        space, model = self.program.space, self.program.model
        wanted: dict[str, list[int]] = {}
        for i, verdict in enumerate(verdicts):
            if verdict.missing:
                for name in space.guarded(verdict.missing):
                    wanted.setdefault(name, []).append(i)
        ranked = []
        for name, places in wanted.items():
            place, finding = space.fields[name], model.findings[name]
            settles: dict[str, dict[str, str]] = {}
            for cell in range(place.width):
                bit = 1 << (place.offset + cell)
                if not cube & bit:
                    continue
                answered = self.program.hull(cube & (~place.mask | bit))
                if not answered:
                    continue
                settled = {}
                for i in places:
                    answer = self.compiled[i].formula.verdict(answered)
                    if answer is not None:
                        settled[verdicts[i].recommendation.id] = ELIGIBLE if answer else NOT_ELIGIBLE
                label = finding.values[cell].notation if finding.values else space.cell_name(place, cell)
                settles[label] = settled
            score = sum(len(s) for s in settles.values()) / max(1, len(settles))
            ranked.append((-score, name, settles))
        return {name: settles for _, name, settles in sorted(ranked, key=lambda r: r[:2])}


def _word(answer: bool | None, doubtful: int) -> str:
    if answer is None:
        return CONFLICTING if doubtful else UNDETERMINED
    return ELIGIBLE if answer else NOT_ELIGIBLE


def overrides(other: Recommendation, own: Recommendation) -> bool:
    """Whether ``other``, while it is eligible, suspends ``own`` of the same guideline."""
    return own.direction == "for" and not own.overrides and own.decision in other.overrides


def comes_before(other: Recommendation, own: Recommendation) -> bool:
    """Whether ``own`` is not preferred where ``other`` of the same guideline is eligible."""
    if other.id == own.id or other.decision != own.decision or other.direction != "for":
        return False
    return own.id in other.preferred_over or (other.line is not None and own.line is not None and other.line < own.line)
