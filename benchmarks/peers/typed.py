"""msgspec: typed structs for what the rules look at, and the rules of ``handwritten.py`` in plain Python.

Two-valued, unknown read as no; a sign that is not recorded counts as absent. Placement by focus, body site and side,
and the latest value, as the SQL peer does; contradictions and ranges are not looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from handwritten import rules

FOOT = "https://w3id.org/guideline-reasoner/CodeSystem/foot"
SIDES = {"left", "right"}
SITES = frozenset((*(f"mth-{i}" for i in range(1, 6)), "hallux", *(f"digit-{i}" for i in range(2, 6)),
                   "other-forefoot", "midfoot", "heel"))  # fmt: skip
OF_PERSON = {"diabetes", "falls-risk", "offloading-device-availability", "non-removable-device-contraindication",
             "non-removable-device-tolerance", "sirs-criteria"}  # fmt: skip
OF_FOOT = {"neuropathy", "ankle-brachial-index", "ankle-pressure", "toe-pressure", "tcpo2", "ischaemia-grade",
           "vascular-assessment", "limited-ankle-dorsiflexion"}  # fmt: skip
DIABETES = ("E08", "E09", "E10", "E11", "E13")
CALCIFIED = ("calcification", "L942", "M6147", "M6527", "M1107")
UNITS = {"kPa": 7.50062, "mm": 0.1}


class Coding(msgspec.Struct):
    """A Coding."""

    code: str
    system: str | None = None


class Concept(msgspec.Struct):
    """A CodeableConcept."""

    coding: list[Coding]


class Reference(msgspec.Struct):
    """A Reference."""

    reference: str = ""


class Quantity(msgspec.Struct):
    """A Quantity."""

    value: float
    code: str = ""


class Period(msgspec.Struct):
    """A Period."""

    end: str = ""


class Condition(msgspec.Struct):
    """A Condition."""

    id: str
    subject: Reference
    code: Concept
    clinicalStatus: Concept | None = None  # noqa: N815
    verificationStatus: Concept | None = None  # noqa: N815
    bodySite: list[Concept] = []  # noqa: N815
    recordedDate: str = ""  # noqa: N815


class Observation(msgspec.Struct):
    """An Observation."""

    subject: Reference
    code: Concept
    status: str
    valueCodeableConcept: Concept | None = None  # noqa: N815
    valueQuantity: Quantity | None = None  # noqa: N815
    valueInteger: int | None = None  # noqa: N815
    effectiveDateTime: str = ""  # noqa: N815
    effectivePeriod: Period | None = None  # noqa: N815
    focus: list[Reference] = []
    bodySite: Concept | None = None  # noqa: N815


class Procedure(msgspec.Struct):
    """A Procedure."""

    subject: Reference
    code: Concept
    status: str
    reasonReference: list[Reference] = []  # noqa: N815


class Lesion:
    """The Conditions of one place."""

    __slots__ = ("calcification", "dates", "found", "ids", "region", "side", "site", "ulcer")

    def __init__(self, side: str, site: str) -> None:
        self.side, self.site, self.region = side, site, ""
        self.ids: list[str] = []
        self.ulcer = ""
        self.calcification = False
        self.found: dict[str, Any] = {}
        self.dates: dict[str, str] = {}

    def say(self, finding: str, value: Any, day: str) -> None:
        """The latest value holds."""
        if day >= self.dates.get(finding, ""):
            self.found[finding], self.dates[finding] = value, day


class Patient:
    """What is known of a person."""

    __slots__ = ("conditions", "said")

    def __init__(self) -> None:
        self.conditions: list[Condition] = []
        self.said: list[tuple[str, Any, str, str, str, str]] = []
        """Finding, value, day, focus, side, site."""


def answers(folder: Path) -> dict[str, dict[str, bool]]:
    """By lesion, named by its Condition: which of the 33 recommendations apply."""
    people: dict[str, Patient] = {}

    def person(reference: str) -> Patient:
        if (known := people.get(reference)) is None:
            known = people[reference] = Patient()
        return known

    for condition in read(folder, Condition):
        person(condition.subject.reference).conditions.append(condition)
    for observation in read(folder, Observation):
        if observation.status in ("final", "amended", "corrected", "preliminary"):
            observe(observation, person(observation.subject.reference).said)
    for procedure in read(folder, Procedure):
        if procedure.status == "completed" and procedure.code.coding[0].system == FOOT:
            said, focus = person(procedure.subject.reference).said, focus_of(procedure.reasonReference)
            # What was done stays done, so no later statement is about it.
            said.append(("offloading-surgery-performed", "present", "9", focus, "", ""))
            if procedure.code.coding[0].code == "metatarsal-head-resection":
                said.append(("metatarsal-head-resection-performed", "present", "9", focus, "", ""))
    return {lesion.ulcer or min(lesion.ids): rules(lesion.found) for one in people.values() for lesion in lesions(one)}


def read(folder: Path, kind: Any) -> Iterator[Any]:
    """The resources of a type; a line that is not as the struct says is left out."""
    decoder = msgspec.json.Decoder(kind)
    for path in sorted(folder.glob(f"{kind.__name__}.*")):
        data = path.read_bytes()
        try:
            yield from decoder.decode_lines(data)
        except msgspec.DecodeError:
            for line in data.splitlines():
                try:
                    yield decoder.decode(line)
                except msgspec.DecodeError:
                    continue


def observe(observation: Observation, said: list[tuple[str, Any, str, str, str, str]]) -> None:
    """What an Observation says, and where."""
    coding = observation.code.coding[0]
    if coding.system == FOOT:
        finding = coding.code
    elif coding.code == "446841001":
        finding = "ankle-brachial-index"
    else:
        return
    value: Any
    if observation.valueCodeableConcept is not None:
        value = observation.valueCodeableConcept.coding[0].code
    elif (quantity := observation.valueQuantity) is not None:
        value = quantity.value * UNITS.get(quantity.code, 1)
    elif (value := observation.valueInteger) is None:
        return
    day = observation.effectiveDateTime or (observation.effectivePeriod.end if observation.effectivePeriod else "")
    side, site = place(observation.bodySite.coding) if observation.bodySite else ("", "")
    said.append((finding, value, day, focus_of(observation.focus), side, site))


def focus_of(references: list[Reference]) -> str:
    """The id that a resource is about."""
    return references[0].reference.rpartition("/")[2] if references else ""


def place(codings: list[Coding]) -> tuple[str, str]:
    """Side and site."""
    side = site = ""
    for coding in codings:
        if coding.code in SIDES:
            side = coding.code
        elif coding.code in SITES:
            site = coding.code
    return side, site


def lesions(person: Patient) -> list[Lesion]:
    """The lesions of a person with all that is said of each."""
    known: dict[tuple[str, str], Lesion] = {}
    by_id: dict[str, Lesion] = {}
    general: list[tuple[str, Any, str, str, str, str]] = []
    found: list[tuple[Condition, str, str, str]] = []
    placed = False
    for condition in person.conditions:
        if not holds(condition):
            continue
        code = condition.code.coding[0].code.replace(".", "")
        side, site = place([c for concept in condition.bodySite for c in concept.coding])
        if code.startswith(("L974", "L975")):
            placed = True
            side = side or {"1": "right", "2": "left"}.get(code[4:5], "")
        found.append((condition, code, side, site))
        state(code, condition.recordedDate, side, site, general)
    found.sort(key=lambda item: not item[1].startswith(CALCIFIED))
    for condition, code, side, site in found:
        ulcer = (
            code in ("ulcer", "371087003")
            or code.startswith(("L974", "L975"))
            or (code[:3] in DIABETES and code[3:] == "621")
        )
        calcification = code.startswith(CALCIFIED)
        if not (ulcer or calcification) or (code[0] == "E" and placed and not condition.bodySite):
            continue
        if ulcer and not site:
            # An ulcer of which less is known and the only calcification are one lesion.
            same = [lesion for lesion in known.values() if lesion.calcification and side in ("", lesion.side)]
            side, site = (same[0].side, same[0].site) if len(same) == 1 else (side, site)
        lesion = known.get((side, site))
        if lesion is None:
            lesion = known[side, site] = Lesion(side, site)
        lesion.ids.append(condition.id)
        by_id[condition.id] = lesion
        if ulcer:
            lesion.ulcer = min(lesion.ulcer, condition.id) if lesion.ulcer else condition.id
        lesion.calcification |= calcification
        lesion.region = {"L974": "hind", "L975": "fore"}.get(code[:4], lesion.region)
    all_ = list(known.values())
    for item in (*general, *person.said):
        spread(item, all_, by_id)
    for lesion in all_:
        # That the forefoot is all that is known of a site is read as its other parts.
        if site := lesion.site or ("other-forefoot" if lesion.region == "fore" else ""):
            lesion.found["site"] = site
        if lesion.ulcer:
            lesion.found["ulcer"] = "present"
        if lesion.calcification:
            lesion.found["calcification"] = "present"
    return all_


def holds(condition: Condition) -> bool:
    """Whether a Condition says that something is there."""
    verification, clinical = condition.verificationStatus, condition.clinicalStatus
    return (verification is None or verification.coding[0].code == "confirmed") and (
        clinical is None or clinical.coding[0].code in ("active", "recurrence", "relapse")
    )


def state(code: str, day: str, side: str, site: str, said: list[tuple[str, Any, str, str, str, str]]) -> None:
    """What a code says beside a lesion."""
    if code[:3] in DIABETES:
        said.append(("diabetes", "present", day, "", "", ""))
        if code[3:] in ("42", "610"):
            said.append(("neuropathy", "present", day, "", "", ""))
    elif code in ("44054006", "46635009", "73211009", "371087003", "diabetes"):
        said.append(("diabetes", "present", day, "", "", ""))
    elif code == "osteomyelitis" or code == "M868X7" or (code.startswith("M86") and code[4:5] == "7"):
        said.append(("osteomyelitis", "present", day, "", side, site))
    elif code in ("L84", "hyperkeratosis"):
        said.append(("hyperkeratosis", "present", day, "", side, site))
    elif code == "limited-ankle-dorsiflexion" or code.startswith(("M670", "M2457")):
        said.append(("limited-ankle-dorsiflexion", "present", day, "", side, ""))
    elif code == "R296":
        said.append(("falls-risk", "high", day, "", "", ""))


def spread(item: tuple[str, Any, str, str, str, str], all_: list[Lesion], by_id: dict[str, Lesion]) -> None:
    """Give a statement to the lesions that it is about."""
    finding, value, day, focus, side, site = item
    if finding in OF_PERSON:
        about = all_
    elif focus:
        one = by_id.get(focus)
        if one is None:
            return
        about = [lesion for lesion in all_ if lesion.side == one.side] if finding in OF_FOOT else [one]
    elif finding in OF_FOOT:
        about = [lesion for lesion in all_ if fits(side, lesion.side, all_)]
    elif side or site:
        about = [lesion for lesion in all_ if fits(side, lesion.side, all_) and fits(site, lesion.site, all_)]
    else:
        about = all_ if len(all_) == 1 else []
    for lesion in about:
        lesion.say(finding, value, day)


def fits(said: str, own: str, all_: list[Lesion]) -> bool:
    """Whether a side or site that is said may be that of a lesion; the only lesion may be anywhere."""
    return not said or said == own or (not own and len(all_) == 1)
