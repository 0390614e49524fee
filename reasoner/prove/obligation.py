"""What is to be proved: a criterion that no allowed subject may meet, or that some allowed subject must meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reasoner.criteria import All, Any, Criterion, Named, Not
from reasoner.decide import comes_before, overrides
from reasoner.guidelines import Guideline, Recommendation

NOBODY, SOMEBODY = "nobody", "somebody"
IN_SCOPE, OUT_OF_SCOPE, NO_GAP, GAP = "in scope", "out of scope", "in no declared gap", "in a declared gap"
ELIGIBLE, NOT_ELIGIBLE, IN_FORCE, NOT_IN_FORCE = "eligible", "not eligible", "in force", "not in force"
FIRST, NOT_FIRST, OPEN = "comes first", "does not come first", "open"
ASSUMED, RULED_OUT = "eligible by assumption", "ruled out by assumption"


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that the answer to a witness must say of a recommendation, or of a guideline, gap or finding."""

    guideline: str
    about: str
    """The id of a recommendation or gap; empty for the guideline."""
    what: str
    finding: str = ""


@dataclass(frozen=True, slots=True)
class Obligation:
    """One thing to prove; ``about`` are IRIs, the first of what has to be mended."""

    kind: str
    guideline: str
    about: tuple[str, ...]
    wants: str
    """Whether NOBODY or SOMEBODY may meet the criterion."""
    criterion: Criterion
    says: str
    """What a failure means, as a sentence."""
    fix: str
    claims: tuple[Claim, ...] = ()
    """What the answer to a witness says."""
    shows: tuple[Criterion, ...] = field(default=())
    """Where SOMEBODY is wanted: whom to show when there is nobody, the first that exists."""
    place: tuple[int, ...] = ()
    """Where in a definition, for parts of one."""

    @property
    def id(self) -> str:
        """A name that stays the same as long as what it is about does."""
        names = "+".join(iri.rsplit("/", 1)[-1] for iri in self.about)
        at = "/" + ".".join(str(i + 1) for i in self.place) if self.place else ""
        return f"{self.kind}:{names}{at}"


def none_of(trees: Sequence[Criterion]) -> Criterion:
    """The subjects that belong to none of the classes."""
    return Not(Any(tuple(trees)))


class Frame:
    """One guideline as criteria: who is eligible, for whom a recommendation is in force, for whom it comes first."""

    def __init__(self, guideline: Guideline) -> None:
        self.guideline = guideline
        self.offers = [own for own in guideline.recommendations if own.direction == "for"]
        self.warnings = [own for own in guideline.recommendations if own.direction == "against"]
        self._in_force: dict[str, Criterion] = {}
        self._first: dict[str, Criterion] = {}

    def overriders(self, own: Recommendation) -> list[Recommendation]:
        """The recommendations that override this one."""
        return [other for other in self.guideline.recommendations if overrides(other, own)]

    def in_force(self, own: Recommendation) -> Criterion:
        """Eligible, and eligible for nothing that overrides it."""
        if own.iri not in self._in_force:
            over = [other.eligibility for other in self.overriders(own)]
            tree = All((own.eligibility, none_of(over))) if over else own.eligibility
            # A name lets the compiled form be shared by all that mention it.
            self._in_force[own.iri] = Named(f"in-force:{own.iri}", tree)
        return self._in_force[own.iri]

    def first(self, own: Recommendation) -> Criterion:
        """In force, with nothing before it, inside the population in which the order holds."""
        if own.iri not in self._first:
            before = [other.eligibility for other in self.guideline.recommendations if comes_before(other, own)]
            parts = [self.in_force(own), none_of(before), *self.population]
            self._first[own.iri] = Named(f"first:{own.iri}", All(tuple(parts)))
        return self._first[own.iri]

    @property
    def population(self) -> list[Criterion]:
        """The population of the evidence, where the guideline names one."""
        return [] if self.guideline.population is None else [self.guideline.population]

    def claim(self, own: Recommendation, what: str, finding: str = "") -> Claim:
        """A claim about a recommendation of this guideline."""
        return Claim(self.guideline.id, own.id, what, finding)

    def scope_claim(self, what: str = IN_SCOPE) -> Claim:
        """A claim about the scope."""
        return Claim(self.guideline.id, "", what)


def named(own: Recommendation) -> str:
    """A recommendation as a reader knows it."""
    return f"`{own.static['label'] or own.id}` [{own.id}]"
