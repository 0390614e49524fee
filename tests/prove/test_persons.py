"""A guideline about persons and numbers: proved as it is, and its witnesses replay in both forms."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reasoner.assess import Reasoner
from reasoner.errors import KnowledgeError
from reasoner.knowledge import load_knowledge
from reasoner.prove import proofs
from reasoner.witness import bundle, turtle

from .tiny import Tiny

TINY = Tiny().but(without="watch")
FOLDER = Path(__file__).parents[2] / "examples" / "guidelines" / "uspstf-statin-2022"


def test_there_is_no_alarm() -> None:
    found = proofs(load_knowledge(FOLDER))
    assert len(found) > 40
    assert [own.obligation.id for own in found if own.is_alarm] == []


def test_a_leak_is_shown_by_a_person_with_numbers(tmp_path: Path) -> None:
    """Everything that the first recommendation offers is forbidden in the whole scope."""
    shutil.copytree(FOLDER / "ontology", tmp_path / "ontology")
    guideline = load_knowledge(FOLDER).guidelines[0]
    own = next(r for r in guideline.recommendations if r.direction == "for")
    (tmp_path / "ontology" / "extra.ttl").write_text(
        "@prefix gr: <https://w3id.org/guideline-reasoner/> .\n"
        f"gr:extra a gr:SafetyProperty ; gr:when <{guideline.scope.iri}> ; gr:forbids <{own.interventions[0][0]}> .\n"
    )
    knowledge = load_knowledge(tmp_path)
    found = [p for p in proofs(knowledge) if p.status == "failed"]
    leaks = [p for p in found if p.obligation.about == (own.iri, "https://w3id.org/guideline-reasoner/extra")]
    assert len(leaks) == 1 and leaks == [p for p in found if p.obligation.about[0] == own.iri]
    witness = leaks[0].witness
    assert witness is not None and witness.replays == ()
    assert any(not isinstance(value, str) for value in witness.findings.values())
    assert {e["resource"]["resourceType"] for e in json.loads(witness.fhir)["entry"]} == {"Patient", "Observation"}


@pytest.mark.parametrize("folder", [None, FOLDER], ids=["lesions", "persons"])
def test_every_finding_is_read_back_from_both_forms(folder: Path | None) -> None:
    """A coded finding with each of its values, a number with its limits, alone in a patient."""
    knowledge = load_knowledge(folder)
    reasoner = Reasoner(knowledge, strict=True)
    kind = knowledge.guidelines[0].kind
    for finding in knowledge.model.findings_of(kind):
        limits = finding.range and (finding.range.minimum, finding.range.maximum)
        numbers = [int(n) if finding.range and finding.range.integer else n for n in limits or () if n is not None]
        for value in [*finding.notations(finding.full), *numbers]:
            for source in (
                turtle(knowledge, kind, {finding.notation: value}).encode(),
                bundle(knowledge, kind, {finding.notation: value}),
            ):
                answer = reasoner.assess(source).to_dict()
                (subject,) = answer["subjects"]
                assert subject["findings"][finding.notation] == value
                assert subject["kind"] == kind
                assert not answer["input"]["unmapped"] and not answer["input"]["unplaced"]


def test_a_finding_that_no_observation_states_is_named() -> None:
    knowledge = load_knowledge(FOLDER)
    finding = next(own for own in knowledge.model.findings.values() if own.values)
    knowledge.mapping.rules.clear()
    with pytest.raises(KnowledgeError, match=f"no FHIR Observation can state `{finding.notation}`"):
        bundle(knowledge, knowledge.guidelines[0].kind, {finding.notation: finding.values[0].notation})


def test_a_guideline_without_fhir_mapping_has_witnesses_in_turtle(tmp_path: Path) -> None:
    tiny = TINY.turtle().replace("gr:codesAreNotations true", "gr:codesAreNotations false")
    (tmp_path / "ontology").mkdir()
    (tmp_path / "ontology" / "tiny.ttl").write_text(tiny)
    (proof,) = [own for own in proofs(load_knowledge(tmp_path)) if own.is_alarm]
    assert proof.status == "failed" and proof.witness is not None
    assert proof.witness.turtle and proof.witness.fhir == ""
    assert "no FHIR Observation can state" in proof.witness.no_fhir
