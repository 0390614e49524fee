"""Synthetic cohorts as realistic FHIR R4, seeded: the same seed and number give the same bytes.

    python benchmarks/generate.py OUT --patients 10000 [--layout bulk|bundles] [--shards 4] [--gzip] [--odd 1]

``bulk`` writes a folder as a FHIR Bulk Data export does, one file a resource type and shard; ``bundles`` one Bundle a
line. A patient has about 16 resources and 14 kB, of which about 7 say something that the mapping knows:

- 1 Patient, 1 Encounter, 1 to 2 prescriptions, 1 blood pressure panel, 2 to 4 laboratory values and 15 % an unmapped
  Procedure: noise that must be read, told apart and counted;
- 1 Condition of diabetes (ICD-10-CM or SNOMED CT), 20 % also neuropathy by code;
- 1 lesion; 8 % two lesions on two feet, 1.5 % two on one foot, 1.5 % an ulcer on a calcification, 2 % none;
- each of 20 findings is recorded with a probability of its own (about a third of the measurements are missing), by
  focus on the lesion, by body site, or with no place named; pressures are in kPa in 6 %; 4 % are measured again later;
- recorded grades contradict the measurements in 3 to 5 %;
- dates: 55 % with time and zone, 35 % a day, 3 % a month, 2 % a year or a period, 5 % none.

Odd shapes, each a share of patients (``--odd`` multiplies all of them, for tests):

{odd}
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

FOOT = "https://w3id.org/guideline-reasoner/CodeSystem/foot"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
TERMS = "http://terminology.hl7.org/CodeSystem/"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CHUNK = 500
"""Patients that share one stream of random numbers."""

ODD = {
    "refuted": (0.01, "a refuted or provisional Condition of a lesion"),
    "no-side": (0.02, "a lesion whose side nobody wrote down"),
    "clash": (0.01, "two values of one finding at the same instant"),
    "range": (0.005, "a value out of range"),
    "unit": (0.005, "a unit that does not convert, or none"),
    "absent-reason": (0.01, "a dataAbsentReason in place of a value"),
    "bound": (0.005, "a value with a comparator"),
    "unread-site": (0.005, "a body site with a code that nobody mapped"),
    "other-side": (0.01, "a finding of the other foot"),
    "status": (0.02, "a resource that does not count by its status"),
    "axiom": (0.004, "findings that no model axiom allows together"),
    "grade-later": (0.01, "a recorded grade that the measurements contradict, at another date"),
    "dangling": (0.004, "a focus on what is not there"),
    "twice": (0.002, "a resource that is there twice"),
    "bad-date": (0.002, "a date that is none"),
    "malformed": (0.002, "an element of the wrong type"),
    "site-finding": (0.03, "the site as an Observation"),
    "component": (0.01, "findings as components of one Observation"),
    "absolute": (0.003, "absolute references"),
    "nobody": (0.002, "a resource without a subject"),
    "group": (0.002, "a resource about a Group"),
    "identifier": (0.001, "a subject by identifier"),
    "contained": (0.002, "a focus on a contained resource"),
    "no-id": (0.001, "a resource without id"),
    "unknown-type": (0.003, "a resource of a type that nobody knows"),
    "future": (0.004, "a resource dated in the next year"),
    "escapes": (0.01, "characters written as escapes, also where they matter"),
    "surgery": (0.05, "a completed Procedure that the mapping knows"),
    "both-sides": (0.01, "a finding of both feet"),
    "third": (0.005, "a third lesion"),
    "again": (0.01, "a second Condition for the same place"),
    "inner": (0.005, "a calcification of which only the foot is known"),
    "coarse": (0.01, "a finding placed by site alone"),
    "general": (0.02, "a finding of the feet without a side beside one with a side"),
}
"""Share of patients, and what it is."""

__doc__ = (__doc__ or "").format(odd="\n".join(f"- {name} {share:.1%}: {what}" for name, (share, what) in ODD.items()))

_SITES = ("mth-1", "mth-2", "mth-3", "mth-4", "mth-5", "hallux", "digit-2", "digit-3", "digit-4", "digit-5",
          "other-forefoot", "midfoot", "heel")  # fmt: skip
_GRADES = ("none", "mild", "moderate", "severe")
_CODED = {
    "aspect": (0.7, ("plantar", "plantar", "non-plantar", "apex")),
    "flexible-toe-deformity": (0.3, ("present", "absent")),
    "hyperkeratosis": (0.25, ("present", "absent")),
    "gait-impact": (0.1, ("present", "absent")),
    "non-surgical-offloading": (0.4, ("not-tried", "ongoing", "failed", "succeeded")),
}
_FOOT_CODED = {
    "neuropathy": (0.45, ("present", "present", "present", "absent")),
    "limited-ankle-dorsiflexion": (0.2, ("present", "absent")),
}
_PERSON = {
    "falls-risk": (0.35, ("not-high", "not-high", "high")),
    "non-removable-device-contraindication": (0.3, ("absent", "absent", "present")),
    "non-removable-device-tolerance": (0.1, ("tolerated", "not-tolerated")),
    "offloading-device-availability": (0.1, ("available", "unavailable")),
}
_LABS = (("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", 5.4, 11.0),
         ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", 0.5, 2.4),
         ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", 70.0, 320.0),
         ("29463-7", "Body weight", "kg", 50.0, 130.0),
         ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 9.0, 17.0),
         ("41979-6", "Arterial blood pressure, something else", "mm[Hg]", 60.0, 160.0))  # fmt: skip
_META = '"meta":{"versionId":"%d","lastUpdated":"2026-04-02T08:15:30.120+00:00"}'
_TEXT = '"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><p><b>%s</b></p></div>"}'


def concept(system: str, code: str, display: str = "") -> str:
    """A CodeableConcept of one coding, as JSON."""
    shown = f',"display":"{display}"' if display else ""
    return f'{{"coding":[{{"system":"{system}","code":"{code}"{shown}}}]}}'


def quantity(value: str, unit: str) -> str:
    """A Quantity, as JSON."""
    return f'{{"value":{value},"unit":"{unit}","system":"{UCUM}","code":"{unit}"}}'


class Cohort:
    """The patients of a seed; ``odd`` multiplies the shares of odd shapes."""

    def __init__(self, seed: int = 1, odd: float = 1.0) -> None:
        self.seed = seed
        self.shares = {name: min(share * odd, 0.5) for name, (share, _) in ODD.items()}

    def patients(self, start: int, end: int) -> Iterator[list[tuple[str, str]]]:
        """The resources of each patient, as type and JSON text. ``start`` is a multiple of ``CHUNK``."""
        for first in range(start, end, CHUNK):
            random_ = random.Random(f"{self.seed}/{first}")
            for number in range(first, min(first + CHUNK, end)):
                yield _Patient(number, random_, self.shares).resources()


class _Patient:
    def __init__(self, number: int, source: random.Random, shares: dict[str, float]) -> None:
        self.random, self.shares = source, shares
        self.of = f"{number:08x}-{source.getrandbits(16):04x}-4{source.getrandbits(12):03x}-a000-"
        self.patient = self.of + "000000000000"
        self.subject = f'"subject":{{"reference":"Patient/{self.patient}"}}'
        self.count = 0
        self.out: list[tuple[str, str]] = []
        self.day = f"2026-{source.randint(1, 3):02d}-{source.randint(1, 28):02d}"

    def odd(self, name: str) -> bool:
        return self.random.random() < self.shares[name]

    def pick(self, values: Any) -> Any:
        return values[int(self.random.random() * len(values))]

    def name(self) -> str:
        self.count += 1
        return f"{self.of}{self.count:012x}"

    def resources(self) -> list[tuple[str, str]]:
        self._person()
        self._noise()
        lesions = self._lesions()
        for place, name in lesions:
            self._findings(place, name, len(lesions) > 1)
        self._of_person()
        self._oddities(lesions)
        return self.out

    # What everybody has -------------------------------------------------------------------------------------------

    def _person(self) -> None:
        r = self.random
        family = self.pick(("Moreau", "Okafor", "Lindqvist", "Tanaka", "García", "Novák"))
        self.out.append((
            "Patient",
            f'{{"resourceType":"Patient","id":"{self.patient}",{_META % r.randint(1, 9)},{_TEXT % family},"identifier":'
            f'[{{"use":"usual","type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"'
            f'}}]}},"system":"urn:oid:1.2.36.146.595.217.0.1","value":"{self.of}"}}],"active":true,"name":[{{"use":'
            f'"official","family":"{family}","given":["A.","B."]}}],"telecom":[{{"system":"phone","value":"555-01'
            f'{r.randint(0, 99):02d}","use":"home"}}],"gender":"{self.pick(("female", "male"))}","birthDate":"'
            f'{r.randint(1930, 1985)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}","address":[{{"use":"home","line":'
            f'["1 Example Street"],"city":"Exampleton","postalCode":"{r.randint(10000, 99999)}","country":"XX"}}]}}',
        ))  # fmt: skip

    def _noise(self) -> None:
        r = self.random
        self.out.append((
            "Encounter",
            f'{{"resourceType":"Encounter","id":"{self.name()}",{_META % 3},{_TEXT % "Outpatient visit"},"status":'
            '"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"type":['
            f'{concept(SNOMED, "185349003", "Encounter for check up")}],{self.subject},"period":{{"start":"{self.day}'
            f'T08:00:00+01:00","end":"{self.day}T09:00:00+01:00"}},"serviceProvider":{{"reference":"Organization/o'
            f'{r.randint(1, 40)}","display":"Foot clinic"}}}}',
        ))  # fmt: skip
        for _ in range(r.randint(1, 2)):
            code, what = self.pick(
                (("860975", "metformin 500 MG"), ("1545653", "empagliflozin 10 MG"), ("311034", "insulin"))
            )
            self.out.append((
                "MedicationRequest",
                f'{{"resourceType":"MedicationRequest","id":"{self.name()}",{_META % 4},{_TEXT % what},'
                f'"status":"active","intent":"order","medicationCodeableConcept":{concept(RXNORM, code, what)},'
                f'{self.subject},"authoredOn":"{self.day}T08:30:00+01:00","requester":{{"reference":"Practitioner/d'
                f'{r.randint(1, 90)}"}},"dosageInstruction":[{{"sequence":1,"text":"twice a day","timing":{{"repeat":'
                '{"frequency":2,"period":1,"periodUnit":"d"}}}]}',
            ))  # fmt: skip
        pressure = (
            f'"component":[{{"code":{concept(LOINC, "8480-6", "Systolic blood pressure")},"valueQuantity":{{"value":'
            f'{r.randint(100, 180)},"unit":"mmHg","system":"{UCUM}","code":"mm[Hg]"}}}},{{"code":'
            f'{concept(LOINC, "8462-4", "Diastolic blood pressure")},"valueQuantity":{{"value":{r.randint(50, 100)},'
            f'"unit":"mmHg","system":"{UCUM}","code":"mm[Hg]"}}}}]'
        )  # fmt: skip
        self._observation(concept(LOINC, "85354-9", "Blood pressure panel"), pressure, "vital-signs", self.date())
        for code, display, unit, low, high in r.sample(_LABS, r.randint(2, 4)):
            value = f'"valueQuantity":{quantity(f"{r.uniform(low, high):.6g}", unit)}'
            self._observation(concept(LOINC, code, display), value, "laboratory", self.date())
        if r.random() < 0.15:
            self._procedure(concept(SNOMED, "225358003", "Wound care"), "")

    def date(self) -> str:
        """The date element of an Observation with its comma, of any precision."""
        r = self.random
        kind = r.random()
        if kind < 0.55:
            time_ = f"{r.randint(7, 18):02d}:{r.randint(0, 59):02d}:{r.randint(0, 59):02d}"
            return f',"effectiveDateTime":"{self.day}T{time_}{self.pick(("+01:00", "Z", ".250Z"))}"'
        if kind < 0.9:
            return f',"effectiveDateTime":"{self.day}"'
        if kind < 0.93:
            return f',"effectiveDateTime":"{self.day[:7]}"'
        if kind < 0.94:
            return f',"effectiveDateTime":"{self.day[:4]}"'
        return f',"effectivePeriod":{{"start":"{self.day}","end":"{self.day}"}}' if kind < 0.95 else ""

    # The three coded resources ------------------------------------------------------------------------------------

    def _observation(self, code: str, rest: str, category: str, date: str, status: str = "final") -> None:
        self.out.append((
            "Observation",
            f'{{"resourceType":"Observation","id":"{self.name()}",{_META % 5},{_TEXT % "Observation"},'
            f'"status":"{status}","category":[{{"coding":[{{"system":"http://hl7.org/fhir/observation-category","code":'
            f'"{category}"}}]}}],"code":{code},{self.subject},"encounter":{{"reference":"Encounter/{self.of}000000000001"'
            f'}}{date},"performer":[{{"reference":"Practitioner/d7"}}]{"," if rest else ""}{rest}}}',
        ))  # fmt: skip

    def _condition(self, code: str, site: str = "", verification: str = "confirmed", clinical: str = "active") -> str:
        name = self.name()
        self.out.append((
            "Condition",
            f'{{"resourceType":"Condition","id":"{name}",{_META % 6},{_TEXT % "Condition"},"clinicalStatus":'
            f'{concept("http://terminology.hl7.org/CodeSystem/condition-clinical", clinical)},"verificationStatus":'
            f'{concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", verification)},"category":['
            f'{concept(TERMS + "condition-category", "problem-list-item")}],"code":{code},'
            f'{site}{self.subject},"recordedDate":"{self.day}","recorder":{{"reference":"Practitioner/d7"}}}}',
        ))  # fmt: skip
        return name

    def _procedure(self, code: str, rest: str) -> None:
        self.out.append((
            "Procedure",
            f'{{"resourceType":"Procedure","id":"{self.name()}",{_META % 7},{_TEXT % "Procedure"},"status":"completed",'
            f'"code":{code},{self.subject},"performedDateTime":"{self.day}T10:00:00+01:00","performer":[{{"actor":'
            f'{{"reference":"Practitioner/d7"}}}}]{rest}}}',
        ))  # fmt: skip

    # Lesions ------------------------------------------------------------------------------------------------------

    def _lesions(self) -> list[tuple[tuple[str, str], str]]:
        r = self.random
        kind = r.random()
        if kind < 0.02:
            self._diabetes(False)
            return []
        side = "" if self.odd("no-side") else self.pick(("left", "right"))
        site = self.pick(_SITES)
        lesions = [((side, site), self._lesion(side, site, kind < 0.9))]
        # The classification asks for the code of the ulcer beside that of the disease.
        self._diabetes(r.random() < (0.4 if '"code":"L97' in self.out[-1][1] else 0.02))
        if kind < 0.10:
            other = ({"left": "right", "right": "left", "": ""}[side], self.pick(_SITES))
            lesions.append((other, self._lesion(*other, True)))
        elif kind < 0.115:
            other = (side, self.pick(_SITES))
            lesions.append((other, self._lesion(*other, True)))
        elif kind < 0.13:
            self._condition(concept(ICD, "L94.2", "Calcinosis cutis"), self._body_site(side, site))
        return lesions

    def _diabetes(self, with_ulcer: bool) -> None:
        code = "E11.621" if with_ulcer else self.pick(("E11.9", "E11.65", "E10.9", "E11.42", "E11.40"))
        if self.random.random() < 0.3 and not with_ulcer:
            self._condition(concept(SNOMED, "44054006", "Diabetes mellitus type 2"))
        else:
            self._condition(concept(ICD, code, "Diabetes mellitus"))

    def _lesion(self, side: str, site: str, ulcer: bool) -> str:
        how = self.random.random()
        if not ulcer:
            return self._condition(
                concept(ICD, self.pick(("L94.2", "M61.47")), "Calcification"), self._body_site(side, site)
            )
        if how < 0.4:
            part = "L97.4" if site in ("midfoot", "heel") else "L97.5"
            code = f"{part}{ {'right': 1, 'left': 2, '': 9}[side] }{self.pick('1239')}"
            site_too = self._body_site(side, site) if how < 0.3 else ""
            return self._condition(
                concept(ICD, code if how < 0.35 else code.replace(".", ""), "Ulcer of the foot"), site_too
            )
        if how < 0.6:
            return self._condition(concept(SNOMED, "371087003", "Diabetic foot ulcer"), self._body_site(side, site))
        return self._condition(concept(FOOT, "ulcer", "Foot ulcer"), self._body_site(side, site))

    def _body_site(self, side: str, site: str) -> str:
        parts = [concept(FOOT, part) for part in (site, side) if part]
        return f'"bodySite":[{",".join(parts)}],'

    # Findings -----------------------------------------------------------------------------------------------------

    def _findings(self, place: tuple[str, str], lesion: str, several: bool) -> None:
        r = self.random
        for name, (share, values) in _CODED.items():
            if r.random() < share * 0.8:
                value = self.pick(values)
                if value == "apex" and place[1] not in _SITES[5:10]:
                    value = "plantar"
                self._value(name, value, self._where(place, lesion, several, False))
        for name, (share, values) in _FOOT_CODED.items():
            if r.random() < share * 0.8:
                self._value(name, self.pick(values), self._where(place, lesion, several, True))
        self._measured(place, lesion, several)

    def _measured(self, place: tuple[str, str], lesion: str, several: bool) -> None:
        """What is measured of a foot fits the grade of its perfusion, and what is recorded of it fits in 95 %."""
        r = self.random
        grade = r.choices((0, 1, 2, 3), (60, 20, 12, 8))[0]
        if r.random() < 0.12:
            said = grade if r.random() < 0.95 else r.randint(0, 3)
            self._value("ischaemia-grade", _GRADES[said], self._where(place, lesion, several, True))
        for name, share, bands in (
            ("toe-pressure", 0.4, ((60, 120), (40, 59), (30, 39), (5, 29))),
            ("ankle-pressure", 0.25, ((101, 180), (70, 100), (50, 69), (20, 49))),
            ("tcpo2", 0.15, ((60, 90), (40, 59), (30, 39), (5, 29))),
        ):
            if r.random() < share:
                kpa = r.random() < 0.06
                value = r.uniform(*bands[grade])
                number = f"{value * 0.133322:.2f}" if kpa else f"{value:.0f}" if r.random() < 0.7 else f"{value:.1f}"
                self._number(name, number, "kPa" if kpa else "mm[Hg]", self._where(place, lesion, several, True))
        if r.random() < 0.35:
            number = f"{r.uniform(*((0.8, 1.4), (0.6, 0.79), (0.4, 0.59), (0.2, 0.39))[grade]):.2f}"
            self._number(
                "ankle-brachial-index", number, self.pick(("1", "{ratio}")), self._where(place, lesion, several, True)
            )
        self._infection(place, lesion, several)

    def _infection(self, place: tuple[str, str], lesion: str, several: bool) -> None:
        """Signs that fit the grade of infection, and a recorded grade that fits in 97 %."""
        r = self.random
        grade = r.choices((0, 1, 2, 3), (62, 20, 13, 5))[0]

        def where() -> str:
            return self._where(place, lesion, several, False)

        if r.random() < 0.45:
            said = grade if r.random() < 0.97 else r.randint(0, 3)
            self._value("infection-grade", _GRADES[said], where())
        if r.random() < 0.25:
            signs = r.randint(2, 4) if grade else r.randint(0, 1)
            self._observation(
                concept(FOOT, "local-infection-signs"), f'"valueInteger":{signs}{where()}', "exam", self.date()
            )
        if r.random() < 0.2:
            self._number(
                "erythema-extent", f"{r.uniform(*((0, 0.5), (0.6, 1.9), (2, 4), (2, 6))[grade]):.1f}", "cm", where()
            )
        if r.random() < 0.12:
            self._value("deep-tissue-involvement", "present" if grade > 1 else "absent", where())
        if r.random() < 0.24:
            self._value("osteomyelitis", "present" if grade > 1 and r.random() < 0.5 else "absent", where())

    def _where(self, place: tuple[str, str], lesion: str, several: bool, foot: bool) -> str:
        """How an Observation says what it is about."""
        how = self.random.random()
        side, site = place
        if how < (0.75 if several else 0.5):
            return f',"focus":[{{"reference":"Condition/{lesion}"}}]'
        if how < (1.0 if several else 0.8):
            parts = [side] if foot else [site, side]
            codings = ",".join(f'{{"system":"{FOOT}","code":"{part}"}}' for part in parts if part)
            return f',"bodySite":{{"coding":[{codings}]}}' if codings else ""
        return ""

    def _value(self, name: str, value: str, where: str = "", date: str | None = None) -> None:
        date = self.date() if date is None else date
        status = "entered-in-error" if self.odd("status") and self.random.random() < 0.3 else "final"
        self._observation(
            concept(FOOT, name), f'"valueCodeableConcept":{concept(FOOT, value)}{where}', "exam", date, status
        )
        if self.random.random() < 0.04:
            later = f',"effectiveDateTime":"2026-04-{self.random.randint(1, 28):02d}"'
            self._observation(
                concept(FOOT, name), f'"valueCodeableConcept":{concept(FOOT, value)}{where}', "exam", later
            )

    def _number(
        self, name: str, number: str, unit: str, where: str = "", more: str = "", date: str | None = None
    ) -> None:
        date = self.date() if date is None else date
        system = f'"system":"{UCUM}","code":"{unit}"' if unit else '"unit":"?"'
        shown = f'"unit":"{unit}",' if unit else ""
        rest = f'"valueQuantity":{{"value":{number},{more}{shown}{system}}}{where}'
        self._observation(concept(FOOT, name), rest, "exam", date)
        if self.random.random() < 0.04 and not more:
            later = f',"effectiveDateTime":"2026-04-{self.random.randint(1, 28):02d}"'
            self._observation(concept(FOOT, name), rest, "exam", later)

    def _of_person(self) -> None:
        for name, (share, values) in _PERSON.items():
            if self.random.random() < share:
                self._value(name, self.pick(values))

    # Odd shapes ---------------------------------------------------------------------------------------------------

    def _oddities(self, lesions: list[tuple[tuple[str, str], str]]) -> None:
        (side, site), lesion = lesions[0] if lesions else (("left", "heel"), "gone")
        focus = f',"focus":[{{"reference":"Condition/{lesion}"}}]'
        if self.odd("refuted"):
            what = concept(FOOT, self.pick(("ulcer", "calcification", "osteomyelitis")))
            where = self._body_site(side, self.pick((site, "heel")))
            self._condition(what, where, self.pick(("refuted", "provisional")))
        self._recorded_oddly(side, focus)
        self._acts(site, lesion, focus)
        self._places(side, site, lesion)
        self._broken(focus)

    def _recorded_oddly(self, side: str, focus: str) -> None:
        """Values that are wrong, missing, or said twice."""
        if self.odd("clash"):
            same = f',"effectiveDateTime":"{self.day}"'
            self._value("falls-risk", "high", "", same)
            self._value("falls-risk", "not-high", "", same)
            if self.random.random() < 0.5:
                self._number("toe-pressure", "20", "mm[Hg]", focus, "", same)
                self._number("toe-pressure", "80", "mm[Hg]", focus, "", same)
        if self.odd("range"):
            self._number("toe-pressure", "700", "mm[Hg]", focus)
        if self.odd("unit"):
            self._number("ankle-pressure", "90", self.pick(("furlong", "")), focus)
        if self.odd("absent-reason"):
            reason = concept("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown")
            self._observation(concept(FOOT, "toe-pressure"), f'"dataAbsentReason":{reason}', "exam", self.date())
        if self.odd("bound"):
            self._number("toe-pressure", "30", "mm[Hg]", focus, '"comparator":"<",')
        if self.odd("unread-site"):
            self._observation(concept(FOOT, "hyperkeratosis"), f'"valueCodeableConcept":{concept(FOOT, "present")},'
                              f'"bodySite":{concept(SNOMED, "56459004")}', "exam", self.date())  # fmt: skip
        if self.odd("other-side"):
            other = "left" if side == "right" else "right"
            self._value("neuropathy", "present", f',"bodySite":{concept(FOOT, other)}')

    def _acts(self, site: str, lesion: str, focus: str) -> None:
        """What was done, what does not count, and what other records say."""
        if self.odd("status"):
            self._condition(concept(FOOT, "hyperkeratosis"), "", "confirmed", "resolved")
        if self.odd("axiom"):
            self._value("metatarsal-head-resection-performed", "present", focus)
            self._value("offloading-surgery-performed", "absent", focus)
        if self.odd("grade-later"):
            self._value(
                "ischaemia-grade",
                self.pick(("none", "severe")),
                focus,
                self.pick((',"effectiveDateTime":"2025-01"', "", f',"effectiveDateTime":"{self.day}"')),
            )
            self._number("toe-pressure", self.pick(("20", "90")), "mm[Hg]", focus)
        if self.odd("surgery"):
            code = self.pick(("metatarsal-head-resection", "offloading-surgery", "digital-flexor-tenotomy"))
            self._procedure(
                concept(FOOT, code), self.pick(("", f',"reasonReference":[{{"reference":"Condition/{lesion}"}}]'))
            )
        if self.odd("site-finding"):
            self._value("site", self.pick((site, site, "heel")), self.pick(("", focus)))
        if self.odd("component"):
            part = f'{{"code":{concept(FOOT, "tcpo2")},"valueQuantity":{quantity("44", "mm[Hg]")}}}'
            self._observation(concept(LOINC, "0-0"), f'"component":[{part}]{focus}', "exam", self.date())

    def _places(self, side: str, site: str, lesion: str) -> None:
        """Odd ways to say where."""
        if self.odd("both-sides"):
            codings = ",".join(f'{{"system":"{FOOT}","code":"{part}"}}' for part in ("left", "right"))
            self._value(self.pick(("neuropathy", "hyperkeratosis")), self.pick(("present", "absent")),
                        f',"bodySite":{{"coding":[{codings}]}}')  # fmt: skip
        if self.odd("third"):
            self._condition(concept(FOOT, self.pick(("ulcer", "calcification"))),
                            self._body_site(self.pick(("left", "right")), self.pick(_SITES)))  # fmt: skip
        if self.odd("again"):
            self.day = self.pick((self.day, "2025-11-03"))
            self._condition(concept(FOOT, self.pick(("ulcer", "calcification"))), self._body_site(side, site))
        if self.odd("inner"):
            self._condition(
                concept(FOOT, self.pick(("ulcer", "calcification"))), self._body_site(side, "") if side else ""
            )
        if self.odd("coarse"):
            self._value(
                "gait-impact",
                self.pick(("present", "absent")),
                f',"bodySite":{concept(FOOT, self.pick((site, "heel")))}',
            )
        if self.odd("general"):
            for where in (
                "",
                f',"bodySite":{concept(FOOT, side or "left")}',
                f',"focus":[{{"reference":"Condition/{lesion}"}}]',
            ):
                if self.random.random() < 0.7:
                    self._value("neuropathy", self.pick(("present", "absent")), where)

    def _broken(self, focus: str) -> None:
        value = f'"valueCodeableConcept":{concept(FOOT, "present")}'
        code = concept(FOOT, "hyperkeratosis")
        if self.odd("dangling"):
            self._value("hyperkeratosis", "present", ',"focus":[{"reference":"Condition/nowhere"}]')
        if self.odd("bad-date"):
            self._observation(code, value + focus, "exam", ',"effectiveDateTime":"2026-02-31"')
        if self.odd("malformed"):
            self._observation(code, self.pick(('"valueCodeableConcept":[]', '"focus":"x"', f'{value},"bodySite":7',
                              f'{value},"component":{{}}')), "exam", "")  # fmt: skip
        for name, subject in (
            ("absolute", f'"subject":{{"reference":"https://fhir.example.org/r4/Patient/{self.patient}"}}'),
            ("nobody", '"note":[]'),
            ("group", '"subject":{"reference":"Group/g1"}'),
            (
                "identifier",
                f'"subject":{{"identifier":{{"system":"urn:oid:1.2.36.146.595.217.0.1","value":"{self.of}"}}}}',
            ),
        ):
            if self.odd(name):
                kept, self.subject = self.subject, subject
                self._value("hyperkeratosis", self.pick(("present", "absent")), self.pick(("", focus)))
                self.subject = kept
        if self.odd("contained"):
            inner = f'"contained":[{{"resourceType":"Condition","id":"in","code":{concept(FOOT, "ulcer")}}}]'
            self._observation(code, f'{inner},{value},"focus":[{{"reference":"#in"}}]', "exam", self.date())
        if self.odd("no-id"):
            self._observation(code, value, "exam", self.date())
            kind, text = self.out[-1]
            self.out[-1] = kind, text.replace('"id"', '"note"', 1)
        if self.odd("unknown-type"):
            self.out.append(("Telepathy", f'{{"resourceType":"Telepathy","id":"{self.name()}",{self.subject}}}'))
        if self.odd("future"):
            self._value("gait-impact", "present", focus, ',"effectiveDateTime":"2027-03-01"')
        if self.odd("escapes"):
            self._value("gait-impact", "pres\\u0065nt", ',"note":[{"text":"caf\\u00e9 \\ud83e\\uddb6 \\n"}]')
        if self.odd("twice"):
            self.out.append(self.pick(self.out[1:]))


def bundle(resources: list[tuple[str, str]], base: str = "https://fhir.example.org/r4/") -> str:
    """The resources as one Bundle with full URLs."""
    entries = ",".join(f'{{"fullUrl":"{base}{_local(text)}","resource":{text}}}' for _, text in resources)
    return f'{{"resourceType":"Bundle","type":"collection","entry":[{entries}]}}'


def _local(text: str) -> str:
    head = text[: text.find('"', text.find('"id":"') + 6)]
    return head[17 : head.find('"', 17)] + "/" + head[head.find('"id":"') + 6 :]


def write(out: Path, patients: int, layout: str, shards: int, packed: bool, cohort: Cohort) -> dict[str, int]:
    """Write a cohort into a folder; gives the counts."""
    out.mkdir(parents=True, exist_ok=True)
    counts = {"patients": 0, "resources": 0, "bytes": 0}
    ending = ".ndjson.gz" if packed else ".ndjson"
    step = -(-patients // shards // CHUNK) * CHUNK
    for shard, start in enumerate(range(0, patients, step)):
        with ExitStack() as stack:
            files: dict[str, IO[bytes]] = {}
            buffers: dict[str, list[str]] = {}
            for resources in cohort.patients(start, min(start + step, patients)):
                counts["patients"] += 1
                counts["resources"] += len(resources)
                lines = [("Bundle", bundle(resources))] if layout == "bundles" else resources
                for kind, text in lines:
                    buffers.setdefault(kind, []).append(text)
                if counts["patients"] % CHUNK == 0:
                    counts["bytes"] += _flush(buffers, files, stack, out, f".{shard:04d}{ending}")
            counts["bytes"] += _flush(buffers, files, stack, out, f".{shard:04d}{ending}")
    return counts


def _flush(buffers: dict[str, list[str]], files: dict[str, IO[bytes]], stack: ExitStack, out: Path, ending: str) -> int:
    size = 0
    for kind, texts in buffers.items():
        if not texts:
            continue
        if kind not in files:
            path = out / (kind + ending)
            packed = ending.endswith("gz")
            files[kind] = stack.enter_context(gzip.open(path, "wb", 4) if packed else path.open("wb"))  # type: ignore  # noqa: SIM115
        data = ("\n".join(texts) + "\n").encode()
        size += len(data)
        files[kind].write(data)
        texts.clear()
    return size


def main() -> None:
    """Write what the arguments ask for and print what it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--layout", choices=("bulk", "bundles"), default="bulk")
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--odd", type=float, default=1.0)
    given = parser.parse_args()
    start = time.perf_counter()
    counts = write(given.out, given.patients, given.layout, given.shards, given.gzip, Cohort(given.seed, given.odd))
    took = time.perf_counter() - start
    n = max(counts["patients"], 1)
    told = {"seed": given.seed, "odd": given.odd, "resourcesAPatient": round(counts["resources"] / n, 1)}
    told |= {"bytesAPatient": counts["bytes"] // n, "patientsPerSecond": round(n / took)}
    print(json.dumps(counts | told))
    print("\n".join(f"{share * given.odd:7.2%}  {name}: {what}" for name, (share, what) in ODD.items()))


if __name__ == "__main__":
    main()
