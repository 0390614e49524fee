"""From the FHIR resources of one input to its subjects and their facts; every resource is counted once."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reasoner.model import Fact, Model, Reading, SubjectFacts

from .grouping import Lesion, group
from .identity import Identities, content_name
from .placing import Placer
from .said import Said, Sheet
from .statement import Statements
from .tables import FhirMapping

_ANONYMOUS = ""
COUNTS = ("used", "unmapped", "unplaced", "unused")
"""Each resource is in one of these."""
_TYPED = re.compile(r"(?:^|[/:])([A-Z][A-Za-z]+)/[^/]+$")


def read_resources(
    resources: Sequence[dict[str, Any]],
    mapping: FhirMapping,
    model: Model,
    kinds: frozenset[str],
    full_urls: Sequence[str | None],
    on: datetime.date | None = None,
) -> Reading:
    """Read the resources of one input, which may be about several patients.

    ``kinds`` are the subjects that guidelines decide about. Resources that begin after ``on`` are listed as unused;
    ages are computed at it, without it today. Whatever the resources hold, nothing is raised and none is lost.
    """
    sheet = Sheet()
    identities = Identities(resources, full_urls)
    statements = Statements(mapping, model, identities, sheet, on)
    counted = ["unused"] * len(resources)
    saids: list[Said] = []
    # The same resources in another order give the same facts in the same order.
    for i in sorted(range(len(resources)), key=identities.labels.__getitem__):
        known = len(sheet.unmapped)
        if (said := statements.read(i, resources[i])) is not None:
            saids.append(said)
        elif len(sheet.unmapped) > known:
            counted[i] = "unmapped"
    subjects: list[SubjectFacts] = []
    taken: set[str] = set()
    for patient, own in sorted(_by_patient(saids, identities, sheet).items()):
        subjects += subjects_of(patient, own, mapping, model, kinds, sheet, taken)
    for said in saids:
        if said.used or said.unplaced:
            counted[said.index] = "used" if said.used else "unplaced"
    subjects.sort(key=lambda subject: (subject.patient or "", subject.reference or "", subject.iri))
    return Reading(
        subjects=tuple(subjects),
        resources=len(resources),
        used=counted.count("used"),
        unmapped=tuple(sheet.unmapped),
        unplaced=tuple(sheet.unplaced),
        unused=tuple(sheet.unused),
        results=tuple(sheet.results),
        counts={"resources": len(resources)} | {name: counted.count(name) for name in COUNTS},
    )


def _by_patient(saids: list[Said], identities: Identities, sheet: Sheet) -> dict[str, list[Said]]:
    """What is said of each patient; what names nobody is of the only one."""
    groups: dict[str, list[Said]] = {}
    nobody: list[Said] = []
    for said in saids:
        if said.patient is None:
            nobody.append(said)
        elif said.patient in groups or _is_person(said.patient, identities):
            groups.setdefault(said.patient, []).append(said)
        else:
            sheet.not_used(said.label, "its subject is not a patient")
    if nobody and len(groups) < 2:
        mine = groups.setdefault(next(iter(groups), _ANONYMOUS), [])
        mine += nobody
        mine.sort(key=lambda said: said.label)
        return groups
    for said in nobody:
        sheet.not_used(said.label, "it does not say which of the patients it is about")
        for fact in said.facts:
            sheet.not_placed(said, fact.finding)
    return groups


def _is_person(iri: str, identities: Identities) -> bool:
    kind = identities.types.get(iri)
    if kind is None:
        named = _TYPED.search(iri)
        kind = named[1] if named else "Patient"
    return kind == "Patient"


def subjects_of(
    patient: str,
    saids: list[Said],
    mapping: FhirMapping,
    model: Model,
    kinds: frozenset[str],
    sheet: Sheet,
    taken: set[str],
) -> list[SubjectFacts]:
    """The subjects of one patient, each with the facts of what it belongs to; ``saids`` are sorted by label."""
    roots = {name for name, kind in model.kinds.items() if kind.parent is None}
    person = [(said, fact) for said in saids for fact in said.facts if model.findings[fact.finding].kind in roots]
    shared = [fact for _, fact in person]
    found: list[SubjectFacts] = []
    before = len(sheet.unplaced)
    heard = frozenset(sheet.heard.get(patient, ())) | frozenset(sheet.heard.get(None, ()))
    if mapping.located is not None and mapping.located.kind in kinds:
        placer = Placer(model, mapping.located, group(saids, mapping.located, sheet), saids, sheet)
        placer.place()
        adrift = heard | _adrift(saids, {name for _, name in sheet.unplaced[before:]}, model)
        for foot in placer.feet:
            common = foot.facts + shared
            side = _side(foot.side, mapping.located.sides)
            found += [
                replace(
                    _lesion(lesion, mapping.located.kind, common, patient, taken, side),
                    unsettled=adrift | frozenset(lesion.unsure),
                )
                for lesion in foot.lesions
            ]
    else:
        for said in saids:
            for fact in said.facts:
                if model.findings[fact.finding].kind not in roots:
                    sheet.not_placed(said, fact.finding)
    found += [replace(_person(patient, root, shared, saids), unsettled=heard) for root in sorted(roots & kinds)]
    for said, fact in person:
        if found:
            said.used = True
        else:
            sheet.not_placed(said, fact.finding)
    return found


def _adrift(saids: list[Said], unplaced: set[str], model: Model) -> frozenset[str]:
    """The findings of which an unplaced resource says other than what would be assumed."""
    return frozenset(
        fact.finding
        for said in saids
        if said.unplaced
        for fact in said.facts
        if fact.finding in unplaced and fact.mask != model.findings[fact.finding].assumed
    )


def _side(side: int, sides: tuple[str, ...]) -> str | None:
    return sides[side.bit_length() - 1] if side and not side & (side - 1) else None


def _lesion(
    lesion: Lesion, kind: str, shared: list[Fact], patient: str, taken: set[str], side: str | None
) -> SubjectFacts:
    """The subject bears the name of the first of its members: by naming order, then by code point."""
    members = sorted(lesion.members, key=lambda said: (said.effect != "counts", said.order, said.label, said.iri))
    iri = first = members[0].iri
    if iri in taken:
        iri = content_name(f"{iri}#{len(taken)}")
    taken.add(iri)
    same = tuple(sorted({member.iri for member in members} - {first}))
    return SubjectFacts(iri, members[0].reference, kind, patient or None, tuple(lesion.facts + shared), same, side=side)


def _person(patient: str, kind: str, facts: list[Fact], saids: list[Said]) -> SubjectFacts:
    reference = next((said.reference for said in saids if said.iri == patient), None)
    if reference is None and (named := _TYPED.search(patient)):
        reference = named[0].lstrip("/:")
    return SubjectFacts(patient or "urn:guideline-reasoner:Patient", reference, kind, patient or None, tuple(facts))
