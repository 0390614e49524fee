"""FHIR of several versions in one input: told from what only some versions have, counted, and decided as ever."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from reasoner.cohort.run import versions

from .cohorts import as_bulk, bundles, decided, document, patients, ran, write_bulk, written

from .agreement import is_plain  # isort: skip

CODE = {"coding": [{"system": "urn:x", "code": "1"}]}
TOLD: list[tuple[dict[str, Any], str, str]] = [
    ({"resourceType": "Procedure", "performedDateTime": "2026"}, "before R5", "Procedure.performedDateTime"),
    ({"resourceType": "Procedure", "occurrencePeriod": {}}, "R5 or later", "Procedure.occurrencePeriod"),
    (
        {"resourceType": "Procedure", "reason": [{"reference": {"reference": "Condition/1"}}]},
        "R5 or later", "Procedure.reason as a CodeableReference",
    ),
    (
        {"resourceType": "MedicationRequest", "medication": {"concept": CODE}},
        "R5 or later", "MedicationRequest.medication as a CodeableReference",
    ),
    (
        {"resourceType": "MedicationRequest", "medicationCodeableConcept": CODE},
        "before R5", "MedicationRequest.medicationCodeableConcept",
    ),
    ({"resourceType": "Encounter", "actualPeriod": {}}, "R5 or later", "Encounter.actualPeriod"),
    ({"resourceType": "Observation", "triggeredBy": []}, "R5 or later", "Observation.triggeredBy"),
    ({"resourceType": "Condition", "clinicalStatus": "active"}, "before R4", "Condition.clinicalStatus as a code"),
    ({"resourceType": "Condition", "clinicalStatus": CODE}, "R4 or later", "Condition.clinicalStatus"),
    ({"resourceType": "DeviceUsage"}, "R5 or later", "DeviceUsage"),
    ({"resourceType": "Media"}, "before R5", "Media"),
    ({"resourceType": "ReferralRequest"}, "before R4", "ReferralRequest"),
    (
        {"resourceType": "Observation", "meta": {"profile": ["http://hl7.org/fhir/5.0/StructureDefinition/Observation"]}},
        "R5 or later", "meta.profile 5",
    ),
    (
        {"resourceType": "Observation", "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/bp|4.0.1"]}},
        "R4 or R4B", "meta.profile 4",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "word", "sign"), TOLD, ids=[sign for *_, sign in TOLD])
def test_what_only_some_versions_have_tells_them(resource: dict[str, Any], word: str, sign: str) -> None:
    for text in (resource, {"resourceType": "Bundle", "entry": [{"resource": resource}]}):
        report = versions.report(versions.told(orjson.dumps(text), 1.0))
        assert report["resources"] == [{"version": word, "count": 1}]
        assert report["elements"] == [{"version": word, "element": sign, "count": 1}]
        assert report["lookedAt"] == 1
        assert not report["mixed"]


def test_what_all_versions_have_tells_nothing() -> None:
    plain = {"resourceType": "Observation", "subject": {"reference": "Patient/a"}, "code": CODE, "focus": [
        {"reference": "Condition/1"}], "meta": {"profile": ["urn:own|5.0.0", 7]}, "valueInteger": 1}  # fmt: skip
    text = b"\n".join([orjson.dumps(plain), b"", b"{", b"[1]", b'{"resourceType":7}', b'{"resourceType":"Bundle"}'])
    report = versions.report(versions.told(text, 1.0))
    assert report["resources"] == [{"version": versions.ALIKE, "count": 1}]
    assert report["elements"] == []


def test_versions_are_mixed_where_none_has_all_that_is_there() -> None:
    def mixed(*resources: dict[str, Any]) -> bool:
        return bool(versions.report(versions.told(b"\n".join(map(orjson.dumps, resources)), 1.0))["mixed"])

    by_sign = {sign: resource for resource, _, sign in TOLD}
    r4, r5 = by_sign["Procedure.performedDateTime"], by_sign["Procedure.occurrencePeriod"]
    stu3, later = by_sign["Condition.clinicalStatus as a code"], by_sign["Condition.clinicalStatus"]
    assert mixed(r4, r5)
    assert mixed(stu3, later)
    assert mixed(stu3, r5)
    assert mixed(r4 | r5)
    assert not mixed(r4, later)
    assert not mixed(r4, stu3)
    assert not mixed(r5, later)


def test_of_large_inputs_a_share_of_every_block_is_looked_at() -> None:
    line = orjson.dumps(TOLD[0][0]) + b"\n"
    assert versions.share_of(versions.ALL) == versions.share_of(0) == 1.0
    assert versions.share_of(versions.ALL * 4) == 0.25
    assert versions.share_of(1 << 50) == versions.SHARE
    assert versions.report(versions.told(line * 1000, 0.25))["lookedAt"] == 250
    assert versions.report(versions.told(line, versions.SHARE))["lookedAt"] == 1


def as_r5(kind: str, text: str) -> str:
    """The same resource as R5 writes it."""
    own = document(text.encode())
    if kind == "Procedure":
        for name in ("DateTime", "Period"):
            if f"performed{name}" in own:
                own[f"occurrence{name}"] = own.pop(f"performed{name}")
        own["reason"] = [{"reference": one} for one in own.pop("reasonReference", [])]
    if kind == "MedicationRequest" and "medicationCodeableConcept" in own:
        own["medication"] = {"concept": own.pop("medicationCodeableConcept")}
    return orjson.dumps({name: value for name, value in own.items() if value != []}).decode()


@pytest.mark.parametrize("form", ["bulk", "bundles", "folder"])
def test_a_mixture_is_counted_and_changes_no_verdict(tmp_path: Path, form: str) -> None:
    of = [own for own in patients(150, odd=6.0) if is_plain(own)]
    mixed = [[(k, as_r5(k, t)) for k, t in own] if at % 3 == 0 else own for at, own in enumerate(of)]
    if form == "bulk":
        inputs = write_bulk(tmp_path / "in", mixed)
    elif form == "bundles":
        inputs = tmp_path / "in.ndjson"
        inputs.write_bytes(b"\n".join(bundles(mixed)))
    else:
        inputs = tmp_path / "in"
        inputs.mkdir()
        for at, text in enumerate(bundles(mixed)):
            (inputs / f"{at}.json").write_bytes(orjson.dumps(document(text), option=orjson.OPT_INDENT_2))
    report = ran([inputs], tmp_path / "out").report
    assert written(tmp_path / "out") == decided(as_bulk(mixed)) == decided(as_bulk(of))
    told = report["fhirVersions"]
    assert told["mixed"]
    assert told["lookedAt"] == sum(map(len, of)) == report["counts"]["resources"]
    assert sum(own["count"] for own in told["resources"]) == told["lookedAt"]
    elements = {own["element"]: own["count"] for own in told["elements"]}
    every = [(kind, document(text.encode())) for own in mixed for kind, text in own]
    for kind, name in (("Procedure", "performedDateTime"), ("Procedure", "occurrenceDateTime")):
        assert elements[f"{kind}.{name}"] == sum(k == kind and name in own for k, own in every) > 0
    assert elements["MedicationRequest.medication as a CodeableReference"] > 0
    page = (tmp_path / "out.report.html").read_text()
    assert "different versions of FHIR" in page
    assert "Procedure.occurrenceDateTime" in page


def test_one_version_is_no_mixture(tmp_path: Path) -> None:
    (tmp_path / "in.ndjson").write_bytes(b"\n".join(bundles(patients(20))))
    told = ran([tmp_path / "in.ndjson"], tmp_path / "out").report["fhirVersions"]
    assert not told["mixed"]
    assert told["lookedAt"] > 200
    assert "different versions" not in (tmp_path / "out.report.html").read_text()
