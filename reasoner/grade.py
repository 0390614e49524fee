"""What a grading gives for what is known: the values still possible, and the findings that say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import KnowledgeError
from .gradings import Discordance, Grading, Scale, Step
from .model import Model
from .owl import short
from .program import Program
from .settle import Known

Knowns = Mapping[str, Known]


@dataclass(frozen=True, slots=True)
class Graded:
    """The outcome of a grading.

    ``mask`` holds the values still possible; ``decisive`` names the findings that leave just these; ``policy`` is the
    assumption it rests on; ``doubtful`` says that a contradicted finding takes part; ``usable`` that some scale could
    be used, governing or not; ``note`` is why the grade stays unknown although scales speak.
    """

    mask: int
    inputs: tuple[str, ...]
    decisive: tuple[str, ...]
    policy: str | None
    doubtful: bool
    usable: bool
    note: str | None = None


class Grader:
    """Evaluates gradings over what is known."""

    def __init__(self, model: Model, program: Program) -> None:
        self.model, self.program, self.space = model, program, program.space

    def check(self, grading: Grading) -> None:
        """Raise KnowledgeError where the bands of a scale leave a gap or overlap: a patient would pay for it."""
        blake = self.program.blake
        for scale in (scale for step in grading.steps for scale in step.scales):
            name = ", ".join(scale.inputs)
            if gap := blake.conjunction([blake.primes(band, False) for _, band in scale.bands]):
                raise self._fault(grading, f"the bands over `{name}` leave a gap at {self._where(gap[0])}")
            for i, (one, first) in enumerate(scale.bands):
                for other, second in scale.bands[i + 1 :]:
                    both = blake.conjunction([blake.primes(first), blake.primes(second)])
                    if one != other and both:
                        raise self._fault(grading, f"the bands over `{name}` overlap at {self._where(both[0])}")

    def _fault(self, grading: Grading, message: str) -> KnowledgeError:
        error = KnowledgeError(message, f"`{short(grading.iri)}`", "mend the limits of the bands")
        error.term = grading.iri
        return error

    def _where(self, cube: int) -> str:
        parts = []
        for field in self.space.constrained(cube):
            cells = [i for i in range(field.width) if cube >> (field.offset + i) & 1]
            finding = self.model.findings[field.name]
            said = [finding.values[i].notation if finding.values else self.space.cell_name(field, i) for i in cells]
            parts.append(f"{field.name} {' or '.join(said)}")
        return ", ".join(parts)

    def grade(self, grading: Grading, known: Knowns) -> Graded:
        """The outcome for what is known; an empty ``inputs`` means that nothing could be derived."""
        cube = self.cube(known)
        full = self.model.findings[grading.finding].full
        governing: Graded | None = None
        usable = False
        for step in grading.steps:
            scales = [scale for scale in step.scales if self._is_usable(scale, known, cube)]
            usable = usable or bool(scales)
            clash = any(n in known and known[n].contradiction for scale in step.scales for n in scale.inputs)
            if governing is None and scales:
                governing = self._by_step(step, scales, known, cube, full, clash)
            elif governing is None and clash:
                # A contradicted measurement would have governed: a lesser one must not speak in its place.
                governing = Graded(full, (), (), None, True, usable)
        if governing is None:
            return Graded(full, (), (), None, False, usable)
        note = self._note(grading, governing, known, cube)
        if note is not None:
            return Graded(full, (), (), None, governing.doubtful, usable, note)
        return governing

    def cube(self, known: Knowns, said: bool = False) -> int:
        """What is known as a cube; with ``said``, a contradicted number is one of those that were said."""
        cube = self.space.full
        for name, one in known.items():
            field = self.space.fields[name]
            if not one.contradiction:
                cube &= ~field.mask | one.bits
            elif said and field.cuts is not None:
                bits = 0
                for number in one.contradiction:
                    bits |= field.cell(float(number))
                cube &= ~field.mask | bits
        return cube

    def _is_usable(self, scale: Scale, known: Knowns, cube: int) -> bool:
        if not any(n in known and not known[n].contradiction for n in scale.inputs):
            return False
        if scale.voided_by is None:
            return True
        formula = self.program.named(scale.voided_by)
        # Where one of two contradicting values would void the scale, it says nothing.
        in_doubt = any(one.contradiction and self.space.fields[n].guard & formula.guards for n, one in known.items())
        return formula.verdict(self.cube(known, said=True)) is False if in_doubt else formula.verdict(cube) is not True

    def _by_step(self, step: Step, scales: Sequence[Scale], known: Knowns, cube: int, full: int, clash: bool) -> Graded:
        own = [self._by_scale(scale, cube) for scale in scales]
        mask = own[0]
        for other in own[1:]:
            mask = _worse(mask, other)
        decisive: list[str] = []
        for scale, said in zip(scales, own, strict=True):
            # The worse scale decides; of two that say the same, both do.
            if (said & -said) == (mask & -mask):
                decisive += self._decisive(scale, said, known, cube)
        unless = step.unless is not None and self.program.named(step.unless).verdict(cube) is True
        inputs = tuple(n for s in scales for n in s.inputs if n in known and not known[n].contradiction)
        if clash and len(step.scales) > 1:
            # The other scale could be worse than what is left.
            mask = _worse(mask, full)
        return Graded(mask, inputs, tuple(decisive), None if unless else step.policy, clash, True)

    def _by_scale(self, scale: Scale, cube: int) -> int:
        mask = 0
        for place, band in scale.bands:
            if self.program.named(band).verdict(cube) is not False:
                mask |= 1 << place
        return mask

    def _decisive(self, scale: Scale, mask: int, known: Knowns, cube: int) -> list[str]:
        """The inputs that the band rests on, or all where more than one band is left."""
        recorded = [n for n in scale.inputs if n in known and not known[n].contradiction]
        if len(recorded) > 1 and not mask & (mask - 1):
            band = dict(scale.bands)[mask.bit_length() - 1]
            _, proof = self.program.named(band).prove(cube, 0)
            if proof is not None:
                names = {field.name for field in self.space.constrained(proof)}
                return [n for n in recorded if n in names] or recorded
        return recorded

    def _note(self, grading: Grading, governing: Graded, known: Knowns, cube: int) -> str | None:
        named = self.program.named
        for one in grading.discordances:
            if governing.mask & ~one.against or named(one.when).verdict(cube) is not True:
                continue
            if one.voided_by is None or named(one.voided_by).verdict(cube) is not True:
                return self._written(one, known)
        return None

    def _written(self, discordance: Discordance, known: Knowns) -> str:
        said = [
            f"{self.model.findings[n].label} {known[n].number:g}"
            for n in discordance.inputs
            if n in known and known[n].number is not None
        ]
        return f"{discordance.text} Recorded: {', '.join(said)}." if said else discordance.text


def _worse(a: int, b: int) -> int:
    """All values that are the worse of one of ``a`` and one of ``b``; values are ordered from best to worst."""
    low = max((a & -a), (b & -b))
    return (a | b) & ~(low - 1)
