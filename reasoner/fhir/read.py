"""From the FHIR resources of one input to its subjects and their facts; every resource is counted once."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from ..model import Fact, Model, Reading, SubjectFacts
from .grouping import Lesion, group
from .identity import Identities
from .placing import Placer
from .said import Said, Sheet
from .statement import Statements
from .tables import FhirMapping

_ANONYMOUS = ""


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
    # The same resources in another order give the same facts in the same order.
    order = sorted(range(len(resources)), key=identities.labels.__getitem__)
    saids = [said for i in order if (said := statements.read(i, resources[i])) is not None]
    subjects: list[SubjectFacts] = []
    taken: set[str] = set()
    for patient, own in _by_patient(saids, identities, sheet).items():
        subjects += _subjects(patient, own, mapping, model, kinds, sheet, taken)
    used = {said.iri for said in saids if said.used}
    subjects.sort(key=lambda subject: (subject.patient or "", subject.reference or "", subject.iri))
    return _reading(subjects, identities, sheet, used)


def _by_patient(saids: list[Said], identities: Identities, sheet: Sheet) -> dict[str, list[Said]]:
    """What is said of each patient; what names nobody is of the only one."""
    groups: dict[str, list[Said]] = {}
    nobody: list[Said] = []
    for said in saids:
        if said.patient is None:
            nobody.append(said)
        elif _is_person(said.patient, identities):
            groups.setdefault(said.patient, []).append(said)
        else:
            sheet.not_used(said.label, "its subject is not a patient")
    if nobody and len(groups) < 2:
        only = next(iter(groups), _ANONYMOUS)
        mine = groups.setdefault(only, [])
        mine += nobody
        mine.sort(key=lambda said: said.label)
    else:
        for said in nobody:
            sheet.unplaced += [(said.label, fact.finding) for fact in said.facts]
            if not said.facts:
                sheet.not_used(said.label, "it names no patient")
    return groups


def _is_person(iri: str, identities: Identities) -> bool:
    kind = identities.types.get(iri)
    if kind is None:
        # It is not in the input: only a reference that names another type tells that it is no person.
        parts = iri.rsplit("/", 2) if "/" in iri and not iri.startswith("urn:uuid:") else []
        name = parts[-2].rpartition(":")[2] if len(parts) > 1 else ""
        kind = name if name in ("Group", "Device", "Location", "Organization", "Practitioner", "Medication") else "Patient"
    return kind == "Patient"


def _subjects(
    patient: str,
    saids: list[Said],
    mapping: FhirMapping,
    model: Model,
    kinds: frozenset[str],
    sheet: Sheet,
    taken: set[str],
) -> list[SubjectFacts]:
    found: list[SubjectFacts] = []
    root = next((name for name, kind in model.kinds.items() if kind.parent is None and name in kinds), None)
    if mapping.located is not None and mapping.located.kind in kinds:
        grouping = group(saids, mapping.located, sheet)
        placer = Placer(model, mapping.located, grouping, saids, sheet)
        placer.place()
        for foot in placer.feet:
            shared = foot.facts + placer.person
            found += [_lesion(lesion, mapping.located.kind, shared, patient, taken) for lesion in foot.lesions]
    if root is not None:
        found.append(_person(patient, root, saids, model))
    roots = {name for name, kind in model.kinds.items() if kind.parent is None}
    for said in saids:
        if not said.used:
            sheet.unplaced += [
                (said.label, fact.finding)
                for fact in said.facts
                if model.findings[fact.finding].kind in roots or mapping.located is None or root is not None and not found
            ]
    return found


def _lesion(lesion: Lesion, kind: str, shared: list[Fact], patient: str, taken: set[str]) -> SubjectFacts:
    """The subject bears the name of the first of its members: by naming order, then by code point."""
    members = sorted(lesion.members, key=lambda said: (said.effect != "counts", said.order, said.label, said.iri))
    first = members[0]
    iri = first.iri
    if iri in taken:
        iri = "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_OID, f"{iri}#{len(taken)}"))
    taken.add(iri)
    same = tuple(sorted({member.iri for member in members} - {first.iri}))
    return SubjectFacts(iri, first.reference, kind, patient or None, tuple(lesion.facts + shared), same)


def _person(patient: str, kind: str, saids: list[Said], model: Model) -> SubjectFacts:
    facts: list[Fact] = []
    reference = next((said.reference for said in saids if said.iri == patient), None)
    for said in saids:
        own = [fact for fact in said.facts if model.findings[fact.finding].kind == kind]
        facts += own
        said.used = said.used or bool(own)
    return SubjectFacts(patient or "urn:guideline-reasoner:patient", reference, kind, patient or None, tuple(facts))


def _reading(subjects: list[SubjectFacts], identities: Identities, sheet: Sheet, used: set[str]) -> Reading:
    """Count each resource once: used, else unmapped, else unplaced, else unused."""
    raise NotImplementedError
