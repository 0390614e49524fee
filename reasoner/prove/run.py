"""Every obligation put to both back ends, what is acknowledged set apart, and a witness for the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from reasoner.criteria import All, Criterion, Named, Not
from reasoner.errors import UsageError
from reasoner.knowledge import Knowledge
from reasoner.manchester import criterion as in_words
from reasoner.program import Program

from .criterion import of_assumptions, of_criteria, of_findings
from .declared import Acknowledgement, Declared
from .guideline import across, of_guideline
from .implicants import Implicants
from .obligation import NOBODY, SOMEBODY, Frame, Obligation
from .replay import Replayer, Witness
from .smt import Smt

PROVED, KNOWN, FAILED, DISPUTED, LOST = "proved", "known", "failed", "disputed", "not replayed"
STALE, UNREACHABLE = "stale-acknowledgement", "unreachable"


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of one obligation.

    ``status`` is proved, known (acknowledged), failed, disputed (the back ends disagree), or not replayed (it failed,
    and ``assess`` does not answer the witness as claimed).
    """

    obligation: Obligation
    status: str
    acknowledged: tuple[Acknowledgement, ...] = ()
    witness: Witness | None = None
    seconds: float = 0.0
    answers: tuple[bool, ...] = ()
    """Whether anybody meets the criterion, by the implicants and by the solver."""
    core: tuple[Criterion, ...] = ()
    """Of a recommendation that nobody is eligible for: parts of its criteria that exclude one another."""

    @property
    def is_alarm(self) -> bool:
        """Whether somebody has to act."""
        return self.status not in (PROVED, KNOWN)


def obligations(knowledge: Knowledge, declared: Declared) -> Iterator[Obligation]:
    """Everything that is to be proved, what is quickly answered first."""
    frames = [Frame(guideline) for guideline in knowledge.guidelines]
    for frame in frames:
        yield from of_guideline(frame, declared)
        yield from of_assumptions(knowledge, frame)
    yield from across(frames, declared)
    yield from of_findings(knowledge, frames)
    yield from of_criteria(frames, lambda tree: in_words(tree, knowledge.model, knowledge.graph))


class Prover:
    """The back ends over one body of knowledge; without ``solver`` the implicants answer alone."""

    def __init__(self, knowledge: Knowledge, solver: bool = True) -> None:
        self.knowledge, self.declared = knowledge, Declared(knowledge)
        axioms = [axiom.tree for axiom in knowledge.derivations.axioms]
        trees: list[Criterion] = [tree for guideline in knowledge.guidelines for tree in guideline.trees()]
        trees += [*knowledge.derivations.trees(), *self.declared.trees()]
        self.implicants = Implicants(Program(knowledge.model, axioms, trees))
        self.solver = Smt(knowledge.model, axioms) if solver else None
        self._matched: dict[str, set[str]] = {}

    def answers(self, criterion: Criterion) -> tuple[bool, ...]:
        """Whether anybody meets the criterion, by each back end."""
        first = self.implicants.anybody(criterion)
        return (first,) if self.solver is None else (first, self.solver.anybody(criterion))

    def proof(self, obligation: Obligation) -> Proof:
        """The obligation settled, without a witness."""
        start = time.perf_counter()
        answers = self.answers(obligation.criterion)
        status, used = self._settle(obligation, answers)
        return Proof(obligation, status, used, None, time.perf_counter() - start, answers)

    def _settle(self, obligation: Obligation, answers: tuple[bool, ...]) -> tuple[str, tuple[Acknowledgement, ...]]:
        if len(set(answers)) > 1:
            return DISPUTED, ()
        if answers[0] == (obligation.wants == SOMEBODY):
            return PROVED, ()
        used = tuple(own for own in self.declared.acknowledgements if self._excuses(own, obligation))
        for own in used:
            self._matched.setdefault(own.iri, set()).update(obligation.about)
        if not used:
            return FAILED, ()
        if obligation.wants == SOMEBODY or any(own.when is None for own in used):
            return KNOWN, used
        rest = self.answers(beyond(obligation, used))
        return (DISPUTED if len(set(rest)) > 1 else FAILED if rest[0] else KNOWN), used

    def _excuses(self, own: Acknowledgement, obligation: Obligation) -> bool:
        if own.kind != obligation.kind:
            return False
        if not own.about and own.guideline not in (None, obligation.guideline):
            return False
        # What it names tells more than the guideline: a conflict may be of two of them.
        if not self.declared.excuses(own, obligation.about):
            return False
        if own.when is None or obligation.wants == SOMEBODY:
            return True
        return self.implicants.anybody(All((obligation.criterion, own.when)))

    def stale(self) -> Iterator[Proof]:
        """The acknowledgements that excused nothing, or name something that needed no excuse; asked last."""
        for own in self.declared.acknowledgements:
            matched = self._matched.get(own.iri)
            idle = sorted(own.about - matched) if matched else []
            if matched is not None and not idle:
                continue
            what = "nothing that it is about" if matched is None else ", ".join(n.rsplit("/", 1)[-1] for n in idle)
            guideline = own.guideline or self.knowledge.guidelines[0].id
            says = f"the acknowledgement `{own.label}` excuses what is not so: {what} needs none"
            obligation = Obligation(STALE, guideline, (own.iri,), NOBODY, All(()), says, "take it out, or mend it")
            yield Proof(obligation, FAILED)


def beyond(obligation: Obligation, used: Sequence[Acknowledgement]) -> Criterion:
    """Who meets the criterion and is not acknowledged."""
    return All((obligation.criterion, *(Not(own.when) for own in used if own.when is not None)))


def alarms(knowledge: Knowledge) -> Iterator[Proof]:
    """What fails by the implicants alone, without witnesses: the quick answer."""
    prover = Prover(knowledge, solver=False)
    for obligation in obligations(knowledge, prover.declared):
        proof = prover.proof(obligation)
        if proof.is_alarm:
            yield proof
    yield from prover.stale()


def proofs(knowledge: Knowledge, guidelines: Collection[str] = ()) -> list[Proof]:
    """Every proof of the knowledge, or of some guidelines by id, with a witness for what fails or is known.

    Raises UsageError for a guideline that is not there, KnowledgeError for a declaration that lacks what it needs,
    EngineError where the solver is missing.
    """
    known = {guideline.id for guideline in knowledge.guidelines}
    for name in sorted(set(guidelines) - known):
        raise UsageError(f"`{name}` is no guideline", None, f"use one of {', '.join(sorted(known))}")
    prover = Prover(knowledge)
    replayer = Replayer(knowledge, prover.implicants)
    found = [_shown(prover.proof(own), prover, replayer) for own in obligations(knowledge, prover.declared)]
    found += prover.stale()
    return [proof for proof in found if not guidelines or proof.obligation.guideline in guidelines]


def _shown(proof: Proof, prover: Prover, replayer: Replayer) -> Proof:
    if proof.status not in (KNOWN, FAILED):
        return proof
    obligation, start = proof.obligation, time.perf_counter()
    criteria, core = obligation.shows, tuple[Criterion, ...]()
    if obligation.wants == NOBODY:
        criteria = (beyond(obligation, proof.acknowledged if proof.status == FAILED else ()),)
    elif obligation.kind == UNREACHABLE:
        core = smallest_core(list(_conjuncts(obligation.criterion)), prover.implicants.anybody)
    witness = replayer.witness(obligation, criteria)
    status = LOST if witness is not None and witness.replays else proof.status
    seconds = proof.seconds + time.perf_counter() - start
    return replace(proof, status=status, witness=witness, seconds=seconds, core=core)


def _conjuncts(tree: Criterion) -> Iterator[Criterion]:
    match tree:
        case All(parts):
            for part in parts:
                yield from _conjuncts(part)
        case Named(_, All() as definition):
            yield from _conjuncts(definition)
        case _:
            yield tree


def smallest_core(parts: Sequence[Criterion], anybody: Callable[[Criterion], bool]) -> tuple[Criterion, ...]:
    """The fewest of the parts that nobody meets together, as far as leaving out one by one finds."""
    kept = list(parts)
    for part in list(kept):
        rest = [other for other in kept if other is not part]
        if not anybody(All(tuple(rest))):
            kept = rest
    return tuple(kept)
