"""A patient made from a cube: the fewest findings that lie in it, as findings, Turtle or FHIR."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .errors import KnowledgeError
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
    if range_.integer and low is not None:
        return math.ceil(low) if low_closed else math.floor(low) + 1
    if range_.integer and high is not None:
        return math.floor(high) if high_closed else math.ceil(high) - 1
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


def bundle(knowledge: Knowledge, kind: str, findings: Findings) -> dict[str, Any]:
    """The patient as a FHIR R4 collection Bundle, ready for ``guideline assess``.

    Each finding is an Observation that names the subject by its focus; a subject that is no person exists by a
    Condition that states nothing. Raises KnowledgeError for a finding that no Observation can state.
    """
    resources: list[dict[str, Any]] = [{"resourceType": "Patient", "id": "patient"}]
    mapping, person = knowledge.mapping, {"reference": "Patient/patient"}
    located = mapping.located
    focus: dict[str, Any] = {}
    if located is not None and kind == located.kind:
        focus = {"focus": [{"reference": f"Condition/{kind.lower()}"}]}
        resources.append(doubted(knowledge, kind, person))
    resources += [observation(knowledge, name, value, person) | focus for name, value in sorted(findings.items())]
    entries = [{"fullUrl": f"https://example.org/{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def observation(knowledge: Knowledge, name: str, value: str | int | float, person: dict[str, str]) -> dict[str, Any]:
    """An Observation of one finding. Raises KnowledgeError where none can state it."""
    finding = knowledge.model.findings[name]
    own: dict[str, Any] = {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": _concept(*_code(knowledge, finding)),
        "subject": person,
    }
    return own | _value(knowledge, finding, value)


def _concept(system: str | None, code: str | None) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def doubted(knowledge: Knowledge, kind: str, person: dict[str, str]) -> dict[str, Any]:
    """A Condition that establishes the subject and, being unconfirmed, says nothing of it."""
    mapping = knowledge.mapping
    for (type_, system, code), rules in mapping.rules.items():
        status = next((s for s in mapping.statuses.get(type_, ()) if "doubts" in s.effects.values()), None)
        if status is None or not any(rule.meaning.order and not rule.place for rule in rules):
            continue
        doubt = next(own for own, effect in status.effects.items() if effect == "doubts")
        standing = doubt if status.system is None else _concept(status.system, doubt)
        own = {"resourceType": type_, "id": kind.lower(), "subject": person, "code": _concept(system, code)}
        return own | {status.element: standing}
    raise KnowledgeError(f"no code establishes a {kind.lower()} that FHIR may leave in doubt", None, "map one")


def _code(knowledge: Knowledge, finding: Finding) -> tuple[str | None, str | None]:
    """The code of an Observation that carries the finding, one of the local code system where there is one."""
    mapping = knowledge.mapping
    codes = [
        (system not in mapping.value_systems, system, code)
        for (type_, system, code), rules in mapping.rules.items()
        if type_ == "Observation" and all(r.meaning.finding == finding.notation and not r.meaning.note for r in rules)
    ]
    if not codes:
        raise KnowledgeError(f"no FHIR Observation can state `{finding.notation}`", None, "map a code to it")
    return min(codes)[1:]


def _value(knowledge: Knowledge, finding: Finding, value: str | int | float) -> dict[str, Any]:
    """The value of an Observation."""
    if not isinstance(value, str):
        if finding.range is not None and finding.range.integer:
            return {"valueInteger": value}
        unit = (finding.range.unit if finding.range else "") or "1"
        quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
        return {"valueQuantity": quantity}
    wanted, systems = finding.mask(value), knowledge.mapping.value_systems
    known = knowledge.mapping.values[finding.notation].items()
    codes = [(system not in systems, str(system), str(code)) for (system, code), mask in known if mask == wanted]
    if not codes:
        raise KnowledgeError(f"no code says that `{finding.notation}` is `{value}`", None, "map a code to the value")
    return {"valueCodeableConcept": _concept(*min(codes)[1:])}


def _object(finding: Finding, value: str | int | float) -> str:
    if isinstance(value, str):
        return f"{finding.notation}:{value}"
    return f"{value:d}" if isinstance(value, int) and finding.range and finding.range.integer else f"{float(value)}"


def _short(iri: str) -> str:
    return f"gr:{iri.removeprefix(GR)}" if iri.startswith(GR) else f"<{iri}>"
