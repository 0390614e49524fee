"""Grades from measurements and signs, derived a second time by hand.

What is recorded (a value, several possible values, a number) becomes a partial state of the findings that decide. Three
of them follow from others where they are not recorded: ischaemia from pressures, the vascular assessment from there
being any, infection from its signs. Where something is not known, every way it could be is tried and all grades that
come out stay possible. Numbers are compared as decimals, so 0.795 is below 0.80 and 39.5 is below 40.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product

from .readings import GRADES, VALUES

Recorded = str | list[str] | int | float
"""What is recorded of a finding: a value, the values it may have, or a number."""

ANYTHING = frozenset(GRADES)


@dataclass(frozen=True, slots=True)
class Derived:
    """What records come to: the state, what it rests on, and what contradicts itself."""

    state: Mapping[str, frozenset[str]]
    ankle_only: bool = False
    """The ischaemia grade rests on ankle values alone, in somebody who may have diabetes."""
    conflicts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Graded findings recorded with one value and derived with another, as (recorded, derived)."""


def derive(findings: Mapping[str, Recorded], *, strict: bool) -> Derived:
    """The partial state that records come to.

    A recorded grade stands; one that the signs or pressures contradict counts as unknown.
    """
    state = {
        finding: frozenset([value] if isinstance(value, str) else value)
        for finding, value in findings.items()
        if finding in VALUES and isinstance(value, str | list)
    }
    conflicts: dict[str, tuple[str, str]] = {}
    ischaemia, ankle_only = ischaemia_grade(findings, strict=strict)
    for finding, grades in (("ischaemia-grade", ischaemia), ("infection-grade", infection_grade(findings))):
        if finding not in findings:
            if grades != ANYTHING:
                state[finding] = grades
        elif len(grades) == 1 and len(state[finding]) == 1 and grades != state[finding]:
            conflicts[finding] = (min(state.pop(finding)), min(grades))
    ankle_only = ankle_only and "ischaemia-grade" not in findings
    if "vascular-assessment" not in findings and ("ischaemia-grade" in findings or _usable(findings)):
        state["vascular-assessment"] = frozenset(["done"])
    return Derived(state, ankle_only, conflicts)


def ischaemia_grade(findings: Mapping[str, Recorded], *, strict: bool) -> tuple[frozenset[str], bool]:
    """The grades that the pressures leave possible, and whether that assumes ankle values to be true.

    Toe pressure and TcPO2 govern, the worse of the two; without them ABI and ankle pressure, the worse of the two. In
    diabetes the arteries of the ankle may be stiff: trusting it is an assumption, which strict mode does not make.
    """
    usable = _usable(findings)
    toe = [_band(usable[name], (60, 40, 30)) for name in ("toe-pressure", "tcpo2") if name in usable]
    ankle: list[str] = []
    if "ankle-brachial-index" in usable:
        ankle.append(_band(usable["ankle-brachial-index"], ("0.80", "0.60", "0.40")))
    if "ankle-pressure" in usable:
        pressure = usable["ankle-pressure"]
        # The only band without its lower bound: a pressure of just 100 is mild.
        ankle.append("none" if pressure > 100 else _band(pressure, ("Infinity", 70, 50)))
    if toe:
        grade = _worst(toe)
        # Such an ankle beside such toes: one of the two is wrong, and nobody knows which.
        discordant = grade in ("none", "mild") and "severe" in ankle
        return (ANYTHING if discordant else frozenset([grade])), False
    if not ankle:
        return ANYTHING, False
    assumption = findings.get("diabetes") != "absent"
    if assumption and strict:
        return ANYTHING, False
    return frozenset([_worst(ankle)]), assumption


def infection_grade(findings: Mapping[str, Recorded]) -> frozenset[str]:
    """The grades that the signs leave possible: one for each way to fill in the signs that are not recorded."""
    grades = set()
    for signs, extent, deep, sirs, bone in product(
        _either(findings, "local-infection-signs", (0, 1, 2, 5)),
        _either(findings, "erythema-extent", (0, 2)),
        _either(findings, "deep-tissue-involvement", ("present", "absent")),
        _either(findings, "sirs-criteria", (0, 2)),
        _either(findings, "osteomyelitis", ("present", "absent")),
    ):
        infected, in_bone = Decimal(str(signs)) >= 2, bone == "present"
        if Decimal(str(sirs)) >= 2 and (infected or in_bone):
            grades.add("severe")
        elif in_bone or (infected and (Decimal(str(extent)) >= 2 or deep == "present")):
            grades.add("moderate")
        else:
            grades.add("mild" if infected else "none")
    return frozenset(grades)


def _usable(findings: Mapping[str, Recorded]) -> dict[str, Decimal]:
    """The recorded pressures that say something: an ABI above 1.3 voids the ankle of that foot."""
    pressures = {}
    for name in ("ankle-brachial-index", "ankle-pressure", "toe-pressure", "tcpo2"):
        value = findings.get(name)
        if isinstance(value, int | float):
            pressures[name] = Decimal(str(value))
    if pressures.get("ankle-brachial-index", Decimal(1)) > Decimal("1.3"):
        return {name: value for name, value in pressures.items() if not name.startswith("ankle")}
    return pressures


def _band(value: Decimal, bounds: Iterable[int | str]) -> str:
    """The first grade whose lower bound the value reaches."""
    return next((grade for grade, bound in zip(GRADES, bounds, strict=False) if value >= Decimal(bound)), "severe")


def _worst(grades: Iterable[str]) -> str:
    return max(grades, key=GRADES.index)


def _either(findings: Mapping[str, Recorded], finding: str, otherwise: tuple[int | str, ...]) -> tuple[Recorded, ...]:
    """What is recorded, or one of each kind that the definition tells apart."""
    value = findings.get(finding)
    if value is None:
        return otherwise
    return tuple(value) if isinstance(value, list) else (value,)
