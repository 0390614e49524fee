"""Laws of a safe reasoner, on patients that hypothesis makes up.

They hold in strict mode over coded findings and grades. Two things are not monotone by design and stay out: the
default policy (an assumption gives way to a record) and the choice of the measurement that governs.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import reasoner

from . import answers
from .brute_force import is_consistent, possible
from .derivations import Recorded, derive
from .generate import Findings, random_state, recordable
from .readings import FINDINGS, FOREFOOT, LESSER_DIGIT, METATARSAL_HEAD

SAMPLES = answers.samples()
STRICT = reasoner.load(strict=True)
STRICT_AGAIN = reasoner.load(strict=True)
GR = "https://w3id.org/guideline-reasoner/"

laws = settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None
)


@st.composite
def patients(draw: st.DrawFn) -> Findings:
    """What is recorded of one lesion, shrinking towards few findings."""
    findings = random_state(Random(draw(st.integers(0, 10**6))))
    forgotten = draw(st.sets(st.sampled_from(FINDINGS), max_size=6))
    return {finding: value for finding, value in findings.items() if finding not in forgotten}


def recommendations(findings: Findings) -> dict[str, dict[str, Any]]:
    """What the program says of each recommendation."""
    subject = STRICT.assess_findings(findings)
    return {item["id"]: item for guideline in subject["guidelines"] for item in guideline["recommendations"]}


def answers_to(findings: Findings, finding: str) -> list[str]:
    """The values that may still turn out true of a finding."""
    return possible(derive(findings, strict=True).state, finding)


def answered(findings: Findings, finding: str, value: str) -> Findings:
    """The findings with one more; whoever grades the ischaemia has assessed the vessels by that."""
    known: dict[str, Recorded] = {**findings, finding: value}
    if finding == "ischaemia-grade" and known.get("vascular-assessment") == "not-done":
        del known["vascular-assessment"]
    return known


@laws
@given(patients(), st.data())
def test_adding_a_finding_never_flips_a_definite_verdict(findings: Findings, data: st.DataObject) -> None:
    state = derive(findings, strict=True).state
    unsettled = [finding for finding in FINDINGS if len(answers_to(findings, finding)) > 1]
    if findings.get("vascular-assessment") == "not-done":
        unsettled = [finding for finding in unsettled if finding != "ischaemia-grade"]
    assume(unsettled)
    finding = data.draw(st.sampled_from(unsettled))
    value = data.draw(st.sampled_from(possible(state, finding)))
    more: Findings = {**findings, finding: value}
    assume(recordable(more) and is_consistent(derive(more, strict=True).state))
    before, after = recommendations(findings), recommendations(more)
    for name, its in before.items():
        if its["verdict"] != "undetermined":
            assert after[name]["verdict"] == its["verdict"], name
        if its["preferred"] in (True, False):
            assert after[name]["preferred"] == its["preferred"], name


@laws
@given(patients())
def test_something_is_missing_exactly_where_the_verdict_is_not_definite(findings: Findings) -> None:
    for name, its in recommendations(findings).items():
        assert (its["verdict"] == "undetermined") == bool(its["missing"]), name
        assert its["missing"] == sorted(its["missing"]), name


@laws
@given(patients(), st.data())
def test_answering_every_missing_finding_in_turn_leads_to_a_definite_verdict(
    findings: Findings, data: st.DataObject
) -> None:
    open_ones = [name for name, its in recommendations(findings).items() if its["missing"]]
    assume(open_ones)
    name = data.draw(st.sampled_from(open_ones))
    known, asked = findings, set[str]()
    while missing := recommendations(known)[name]["missing"]:
        assert asked.isdisjoint(missing), "nothing is asked twice"
        finding = data.draw(st.sampled_from(missing))
        known = answered(known, finding, data.draw(st.sampled_from(answers_to(known, finding))))
        asked.add(finding)
    assert recommendations(known)[name]["verdict"] in ("eligible", "not-eligible")


@laws
@given(patients(), st.randoms(use_true_random=False))
def test_the_order_of_findings_never_matters(findings: Findings, random: Random) -> None:
    shuffled = list(findings.items())
    random.shuffle(shuffled)
    assert STRICT.assess_findings(dict(shuffled)) == STRICT.assess_findings(findings)


@settings(laws, max_examples=60)
@given(st.integers(0, len(SAMPLES) - 1), st.data())
def test_the_order_of_resources_never_matters(sample: int, data: st.DataObject) -> None:
    bundle = SAMPLES[sample]["bundle"]
    shuffled = {**bundle, "entry": data.draw(st.permutations(bundle["entry"]))}
    assert _subjects(shuffled) == _subjects(bundle)


def _unrelated(patient: str) -> list[dict[str, Any]]:
    """Resources that say nothing of a foot: unknown codes, kinds that are not read, a code of another field."""
    whose = {"subject": {"reference": patient}}
    foot = f"{GR}CodeSystem/foot"
    observation = {"resourceType": "Observation", "status": "final", "effectiveDateTime": "2026-03-02", **whose}
    resources: list[dict[str, Any]] = [
        {**observation, "id": "x1", "code": {"coding": [{"system": foot, "code": "shoe-size"}]}, "valueInteger": 43},
        {
            **observation,
            "id": "x2",
            "code": {"coding": [{"system": "http://loinc.org", "code": "41979-6"}]},
            "valueQuantity": {"value": 0.3, "unit": "1", "system": "http://unitsofmeasure.org", "code": "1"},
        },
        {
            "resourceType": "Condition",
            "id": "x3",
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "J45.909"}]},
            **whose,
        },
        {"resourceType": "Encounter", "id": "x4", "status": "finished", "class": {"code": "AMB"}, **whose},
        {"resourceType": "Organization", "id": "x5", "name": "Clinic"},
    ]
    return [{"fullUrl": f"http://example.org/fhir/{it['resourceType']}/{it['id']}", "resource": it} for it in resources]


@settings(laws, max_examples=60)
@given(st.integers(0, len(SAMPLES) - 1), st.data())
def test_unrelated_resources_never_matter(sample: int, data: st.DataObject) -> None:
    bundle = SAMPLES[sample]["bundle"]
    entries = bundle["entry"]
    patient = next(e["resource"]["id"] for e in entries if e["resource"]["resourceType"] == "Patient")
    more = data.draw(st.lists(st.sampled_from(_unrelated(f"Patient/{patient}")), min_size=1, unique_by=_full_url))
    assert _subjects({**bundle, "entry": [*more, *entries]}) == _subjects(bundle)


def _full_url(entry: dict[str, Any]) -> str:
    return str(entry["fullUrl"])


def _subjects(source: Any) -> list[dict[str, Any]]:
    subjects = STRICT.assess(source).to_dict()["subjects"]
    assert isinstance(subjects, list)
    return subjects


OF_PATIENT = {
    *("diabetes", "falls-risk", "offloading-device-availability"),
    *("non-removable-device-contraindication", "non-removable-device-tolerance"),
}
OF_FOOT = {"neuropathy", "ischaemia-grade", "vascular-assessment", "limited-ankle-dorsiflexion"}
NAMED_SITES = {METATARSAL_HEAD: "MetatarsalHead", LESSER_DIGIT: "LesserDigit", FOREFOOT: "Forefoot"}


def _triples(findings: Findings) -> list[str]:
    """A patient graph in N-Triples, with the foot, the patient and what is known in part as blank nodes."""

    def name(finding: str) -> str:
        return re.sub("-(.)", lambda match: match[1].upper(), finding)

    a, lesion = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>", "<urn:example:lesion>"
    lines = [
        f"{lesion} {a} <{GR}Lesion> .",
        f"{lesion} <{GR}onFoot> _:foot .",
        f"_:foot {a} <{GR}Foot> .",
        f"_:foot <{GR}ofPatient> _:patient .",
        f"_:patient {a} <{GR}Patient> .",
    ]
    for finding, value in findings.items():
        whose = "_:patient" if finding in OF_PATIENT else "_:foot" if finding in OF_FOOT else lesion
        if isinstance(value, str):
            lines.append(f"{whose} <{GR}{name(finding)}> <{GR}{finding}/{value}> .")
        elif isinstance(value, list):
            lines.append(f"{whose} <{GR}{name(finding)}> _:{finding} .")
            lines.append(f"_:{finding} {a} <{GR}{NAMED_SITES[tuple(value)]}> .")
    return lines


def _assess_triples(lines: list[str]) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "patient.nt")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        (subject,) = _subjects(str(path))
    # A patient without an IRI has no name but the one that the reader gives it.
    return {key: value for key, value in subject.items() if key != "patient"}


@settings(laws, max_examples=100)
@given(patients(), st.data())
def test_triple_order_blank_node_names_and_unrelated_triples_never_matter(
    findings: Findings, data: st.DataObject
) -> None:
    tellable: Findings = {
        finding: value
        for finding, value in findings.items()
        if isinstance(value, str) or (isinstance(value, list) and tuple(value) in NAMED_SITES)
    }
    assume(recordable(tellable))
    lines = _triples(tellable)
    renamed = [re.sub(r"_:([a-z-]+)", r"_:x\1", line) for line in data.draw(st.permutations(lines))]
    unrelated = [
        '<urn:example:lesion> <http://www.w3.org/2000/01/rdf-schema#comment> "seen on Monday" .',
        "<urn:example:shoe> <urn:example:worn> _:shoe .",
    ]
    plain, other = _assess_triples(lines), _assess_triples(renamed + unrelated)
    assert other == plain
    assert answers.from_product(plain) == answers.from_product(STRICT.assess_findings(tellable))


@settings(laws, max_examples=30)
@given(st.integers(0, len(SAMPLES) - 1))
def test_the_same_input_gives_the_same_bytes(sample: int) -> None:
    bundle = SAMPLES[sample]["bundle"]
    assert _bytes(STRICT, bundle) == _bytes(STRICT_AGAIN, json.loads(json.dumps(bundle)))


def _bytes(guideline: reasoner.Reasoner, source: Any) -> bytes:
    """The JSON answer as it is written, without the time at which it was."""
    text: bytes = guideline.assess(source).to_json()
    without, times = re.subn(rb'"evaluatedAt":"[^"]*"', b"", text)
    assert times == 1
    return without


def test_the_laws_are_tried_on_definite_and_on_open_verdicts() -> None:
    random = Random(0)
    seen = [its["verdict"] for _ in range(200) for its in recommendations(random_state(random)).values()]
    assert min(seen.count(verdict) for verdict in ("eligible", "not-eligible", "undetermined")) >= 100
