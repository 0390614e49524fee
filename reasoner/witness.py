"""A patient made from a cube: the fewest findings that lie in it, as findings, Turtle or FHIR."""

from __future__ import annotations

from collections.abc import Mapping

from .graph import GR
from .knowledge import Knowledge
from .model import Finding
from .program import Program
from .space import Field

Findings = Mapping[str, str | int | float]


def findings_in(cube: int, program: Program) -> dict[str, str | int | float]:
    """One value for each finding that the cube narrows, so that some allowed completion has them all.

    Raises ValueError where no state in the cube is allowed.
    """
    space = program.space
    if not program.hull(cube):
        raise ValueError("no allowed state lies in the cube")
    found: dict[str, str | int | float] = {}
    for place in space.constrained(cube):
        # The values that the axioms leave once the earlier ones are chosen; the first in the model's order.
        possible = (program.hull(cube) & place.mask) >> place.offset
        cell = (possible & -possible).bit_length() - 1
        cube &= ~place.mask | (1 << (place.offset + cell))
        finding = program.model.findings[place.name]
        found[place.name] = finding.values[cell].notation if finding.values else number_in(place, cell, finding)
    return found


def number_in(place: Field, cell: int, finding: Finding) -> int | float:
    """A number of a cell within the finding's range, as round as the cell allows."""
    assert place.cuts is not None
    range_ = finding.range
    assert range_ is not None
    low, low_closed, high, high_closed = range_.minimum, True, range_.maximum, True
    if cell:
        number, side = place.cuts[cell - 1]
        low, low_closed = number, not side
    if cell < len(place.cuts):
        number, side = place.cuts[cell]
        high, high_closed = number, bool(side)
    if low is not None and low_closed:
        chosen = low
    elif high is not None and high_closed:
        chosen = high
    elif low is None:
        chosen = (high or 0) - 1
    elif high is None:
        chosen = low + 1
    else:
        chosen = low + 1 if low + 1 < high else (low + high) / 2
    return int(chosen) if range_.integer or chosen == int(chosen) else round(chosen, 6)


def turtle(knowledge: Knowledge, kind: str, findings: Findings, comment: str = "") -> str:
    """The patient as a patient graph in Turtle, ready for ``guideline assess``."""
    model = knowledge.model
    lineage = model.lineage(kind)
    coded = [model.findings[name] for name in findings if model.findings[name].values]
    lines = [f"# {line}" for line in comment.splitlines()]
    lines.append(f"@prefix gr: <{GR}> .")
    lines += [
        f"@prefix {f.notation}: <{f.values[0].iri.removesuffix(f.values[0].notation)}> ."
        for f in sorted(coded, key=lambda f: f.notation)
    ]
    for place, name in enumerate(lineage):
        said = [f"a {_short(model.kinds[name].iri)}"]
        link = model.kinds[name].link
        if link is not None:
            said.append(f"{_short(link)} <urn:example:{lineage[place + 1].lower()}>")
        own = [f for f in findings if model.findings[f].kind == name]
        said += [f"{_short(model.findings[f].iri)} {_object(model.findings[f], findings[f])}" for f in sorted(own)]
        lines += ["", f"<urn:example:{name.lower()}> " + " ;\n    ".join(said) + " ."]
    return "\n".join(lines) + "\n"


def _object(finding: Finding, value: str | int | float) -> str:
    if isinstance(value, str):
        return f"{finding.notation}:{value}"
    return f"{value:d}" if isinstance(value, int) and finding.range and finding.range.integer else f"{float(value)}"


def _short(iri: str) -> str:
    return f"gr:{iri.removeprefix(GR)}" if iri.startswith(GR) else f"<{iri}>"
