"""The mapping data: complete, bound to the model, and with errors that name the line."""

from __future__ import annotations

import re

import pytest

from reasoner.errors import KnowledgeError
from reasoner.fhir.mapping import load_mapping
from reasoner.fhir.sssom import read_table
from reasoner.findings import read_model
from reasoner.graph import Graph

from .build import CODES, FOOT, ICD, ONTOLOGY, knowledge

TEXT = (ONTOLOGY / CODES).read_text()
STATUSES = {"verified", "secondary", "inferred", "memory"}


def load_with(old: str, new: str) -> None:
    model, _ = knowledge()
    graph = Graph()
    for name in ("core/core.ttl", "core/fhir.ttl", "diabetic-foot/findings.ttl", "diabetic-foot/fhir-mapping.ttl"):
        graph.parse((ONTOLOGY / name).read_bytes(), name)
    assert old in TEXT
    load_mapping(graph, {CODES: TEXT.replace(old, new, 1)}, model)


def test_every_row_says_how_it_was_checked_and_why_it_is_there() -> None:
    rows = read_table(CODES, TEXT).rows
    assert len(rows) >= 90
    for row in rows:
        assert row["verification"] in STATUSES, row.where
        assert row["mapping_justification"] == "semapv:ManualMappingCuration"
        assert row["subject_label"] and row["object_label"] and row["match"] in ("code", "descendants")


def test_the_table_is_sorted_and_without_duplicates() -> None:
    keys = [(row["subject_id"], row["object_id"]) for row in read_table(CODES, TEXT).rows]
    assert keys == sorted(set(keys))


def test_what_must_not_be_mapped_has_no_row() -> None:
    subjects = {row["subject_id"] for row in read_table(CODES, TEXT).rows}
    assert not any(re.match(r"LOINC:41979-6|ICD10CM:R65", subject) for subject in subjects)
    _, mapping = knowledge()
    assert mapping.coded("Observation", "http://loinc.org", "41979-6") is None
    assert mapping.coded("Condition", ICD, "R65.11") is None


def test_only_the_same_or_a_narrower_code_states_a_value() -> None:
    for row in read_table(CODES, TEXT).rows:
        _, mapping = knowledge()
        system = next(s for s in mapping.systems.values() if row["subject_id"].startswith(s.prefix + ":"))
        coded = mapping.coded(row["resource_type"], system.uri, row["subject_id"].partition(":")[2])
        assert coded is not None
        gives = row["predicate_id"] in ("skos:exactMatch", "skos:broadMatch")
        target = row["object_id"].removeprefix("gr:").split("/")[0].replace("-", "").lower()
        same = [meaning for meaning in coded.meanings if meaning.finding.replace("-", "") == target]
        assert any((not meaning.note) == gives for meaning in same), row.where


def test_a_laterality_character_is_read_at_its_place() -> None:
    _, mapping = knowledge()
    assert mapping.located is not None
    expected = {
        "L97.511": "right",
        "L97.421": "left",
        "L97.509": "",
        "M86.171": "right",
        "M86.172": "left",
        "M86.179": "",
        "M67.01": "right",
        "M24.573": "",
        "M86.8X7": "",
    }
    for code, side in expected.items():
        coded = mapping.coded("Condition", ICD, code)
        assert coded is not None
        named = [name for i, name in enumerate(mapping.located.sides) if coded.side >> i & 1]
        assert named == ([side] if side else []), code


def test_the_local_code_system_needs_no_row_for_a_finding() -> None:
    model, mapping = knowledge()
    for name in model.findings:
        assert mapping.coded("Observation", FOOT, name) is not None
        assert mapping.coded("Condition", FOOT, name) is not None
        assert mapping.coded("Procedure", FOOT, name) is None


def test_codes_from_outside_do_not_fill_the_memory() -> None:
    _, mapping = knowledge()
    for i in range(20_000):
        mapping.coded("Condition", ICD, f"Z{i}")
    assert len(mapping._memory) <= 8192


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("gr:ulcer/present", "gr:ulcer/there", "no finding or value"),
        ("gr:Forefoot", "gr:Backfoot", "no class of places"),
        ("ICD10CM:E08\t", "ICD9:250\t", "no known code system"),
        ("\tdescendants\t", "\tchildren\t", "no way to match"),
        ("skos:broadMatch\tgr", "owl:sameAs\tgr", "no SKOS mapping relation"),
        ("\tCondition\t", "\tGoal\t", "no resource type"),
        ("gr:diabetes/present\t", "xx:diabetes/present\t", "curie_map lacks"),
        ("\tCondition\tcode\t6", "\tCondition\tcode\tsix", "not a number"),
        ("skos:exactMatch\tgr:ankleBrachialIndex", "skos:exactMatch\tgr:ulcer/present", "maps to a finding"),
        ("diabetes: present\tsemapv:ManualMappingCuration\t", "diabetes: present\t", "cells"),
    ],
)
def test_a_mistake_in_the_table_is_named_with_file_and_line(old: str, new: str, message: str) -> None:
    with pytest.raises(KnowledgeError, match=message) as caught:
        load_with(old, new)
    line = next(i for i, text in enumerate(TEXT.splitlines(), 1) if old in text and not text.startswith("#"))
    assert caught.value.where == f"{CODES}:{line}"


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(KnowledgeError, match="no header row"):
        read_table("x.sssom.tsv", "#curie_map:\n")
    with pytest.raises(KnowledgeError, match="lacks the column"):
        read_table("x.sssom.tsv", "subject_id\tobject_id\n")


def test_a_mapping_to_a_term_outside_the_model_is_refused() -> None:
    graph = Graph()
    for name in ("core/core.ttl", "core/fhir.ttl"):
        graph.parse((ONTOLOGY / name).read_bytes(), name)
    graph.parse(
        b"@prefix gr: <https://w3id.org/guideline-reasoner/> . gr:u a gr:UnitConversion ; gr:fromUnit 'a' ; "
        b"gr:toUnit 'b' ; gr:factor 1.0 ; gr:onlyForFinding gr:nothing .",
        "extra.ttl",
    )
    with pytest.raises(KnowledgeError, match="gr:nothing") as caught:
        load_mapping(graph, {}, read_model(graph))
    assert caught.value.where == "extra.ttl"
