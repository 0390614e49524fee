"""An empty patient to fill in: as it stands, nothing is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from .graph import GR, Graph
from .knowledge import Knowledge
from .model import Finding
from .sentences import number_range
from .terms import local_systems
from .words import Words

_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def template(knowledge: Knowledge, form: str) -> str:
    """The empty patient as turtle, fhir or csv."""
    return {"turtle": _turtle, "fhir": _fhir, "csv": _csv}[form](knowledge)


def _kind(knowledge: Knowledge) -> str:
    return min(guideline.kind for guideline in knowledge.guidelines)


def _allowed(finding: Finding, words: Words) -> str:
    return " | ".join(finding.notations(finding.full)) or number_range(finding.notation, words)


def _turtle(knowledge: Knowledge) -> str:
    model, words = knowledge.model, Words(knowledge)
    lineage = model.lineage(_kind(knowledge))
    findings = [f for f in model.findings.values() if f.kind in lineage]
    lines = [
        "# An empty patient. To record a finding, take the # off one of its lines (and write the NUMBER); what stays",
        "# behind a # is not recorded, and not recorded is not absent.",
    ]
    lines += [f"@prefix gr: <{GR}> ."]
    lines += [
        f"@prefix {f.notation}: <{f.values[0].iri.removesuffix(f.values[0].notation)}> ." for f in findings if f.values
    ]
    for place, name in enumerate(lineage):
        kind = model.kinds[name]
        lines += ["", f"<urn:example:{name.lower()}-1> a {_short(kind.iri)} ;"]
        own = [f for f in findings if f.kind == name]
        for finding in sorted(own, key=lambda f: (f.group, f.notation)):
            kind_of_answer = f" ({_allowed(finding, words)})" if finding.range else ""
            lines += ["", f"    ## {finding.question or finding.label}{kind_of_answer}"]
            lines += [f"    # {_short(finding.iri)} {value} ;" for value in _choices(finding)]
        link = f"    {_short(kind.link)} <urn:example:{lineage[place + 1].lower()}-1> ." if kind.link else "    ."
        lines.append(link)
    return "\n".join(lines) + "\n"


def _short(iri: str) -> str:
    return f"gr:{iri.removeprefix(GR)}" if iri.startswith(GR) else f"<{iri}>"


def _choices(finding: Finding) -> list[str]:
    return [f"{finding.notation}:{v.notation}" for v in finding.values] or ["NUMBER"]


def _csv(knowledge: Knowledge) -> str:
    names = [f.notation for f in knowledge.model.findings_of(_kind(knowledge))]
    return (
        ",".join(["patient", "subject", *names])
        + "\n"
        + ",".join(["patient-1", "subject-1", *("" for _ in names)])
        + "\n"
    )


def _fhir(knowledge: Knowledge) -> str:
    """A Bundle with one Observation a finding, each with a reason for having no value; its note says what it may be."""
    resources = list(_resources(knowledge))
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": f"https://example.org/{r['resourceType']}/{r['id']}", "resource": r} for r in resources],
    }
    return orjson.dumps(bundle, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _resources(knowledge: Knowledge) -> Iterator[dict[str, Any]]:
    kind, words = _kind(knowledge), Words(knowledge)
    system = next(iter(local_systems(knowledge)), "")
    patient = {"reference": "Patient/patient-1"}
    yield {"resourceType": "Patient", "id": "patient-1"}
    named = _naming(knowledge.graph, knowledge, kind)
    if named:
        yield {
            "resourceType": "Condition",
            "id": f"{kind.lower()}-1",
            "verificationStatus": {"coding": [{"system": _VERIFICATION, "code": "unconfirmed"}]},
            "code": {"coding": [{"system": system, "code": named}]},
            "subject": patient,
            "note": [{"text": "Set verificationStatus to confirmed, and add bodySite with the site and the side."}],
        }
    for finding in knowledge.model.findings_of(kind):
        text = f"{finding.question or finding.label} Allowed: {_allowed(finding, words)}"
        observation: dict[str, Any] = {
            "resourceType": "Observation",
            "id": finding.notation,
            "status": "final",
            "code": {"coding": [{"system": system, "code": finding.notation}]},
            "subject": patient,
        }
        if named and finding.kind == kind:
            observation["focus"] = [{"reference": f"Condition/{kind.lower()}-1"}]
        reason = {"coding": [{"system": _ABSENT, "code": "unknown"}]}
        yield observation | {"dataAbsentReason": reason, "note": [{"text": text}]}


def _naming(graph: Graph, knowledge: Knowledge, kind: str) -> str | None:
    """The finding whose value establishes a subject of the kind, the first in naming order."""
    iris = graph.subjects(GR + "establishes", knowledge.model.kinds[kind].iri)
    ordered = sorted(iris, key=lambda iri: (int(graph.text(iri, GR + "namingOrder") or 0), iri))
    values = {v.iri: f.notation for f in knowledge.model.findings.values() for v in f.values}
    return next((values[iri] for iri in ordered if iri in values), None)
