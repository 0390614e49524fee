"""What the resources say is what the knowledge says: nothing lost, nothing added, nothing made to look surer."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re

import pytest
from fhirvalid.inside import nodes
from fhirvalid.install import UnavailableError, installed

from reasoner.artifacts import CANONICAL, Release
from reasoner.criteria import support
from reasoner.graph import DCTERMS, GR, NOTATION

from .made import (
    BOTH,
    FOLDERS,
    RELEASES,
    ROOT,
    actions,
    advice,
    codes,
    estimates,
    extensions,
    loaded,
    made,
    of_type,
    own_code,
    recommendations,
    rows,
)

STRENGTH = "http://hl7.org/fhir/StructureDefinition/cqf-strengthOfRecommendation"
CERTAINTY = "http://hl7.org/fhir/StructureDefinition/cqf-qualityOfEvidence"
DIRECTION = "http://hl7.org/fhir/uv/cpg/StructureDefinition/cpg-directionOfRecommendation"
EXECUTABLE = {"text/cql", "text/cql-identifier", "text/fhirpath", "application/x-fhir-query"}


# Guidelines and recommendations


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_each_guideline_is_a_plan_with_its_version_and_an_action_for_each_recommendation(
    name: str, release: Release
) -> None:
    guidelines = loaded(name).knowledge.guidelines
    plans = of_type(name, release, "PlanDefinition")
    assert sorted(plans) == [own.id for own in guidelines]
    for own in guidelines:
        plan = plans[own.id]
        assert plan["version"] == own.version and plan["date"] and "goal" not in plan
        assert extensions(plan, "knowledge-hash")[0]["valueString"] == own.sha256
        decisions = {action["id"].removeprefix("decision-"): action for action in plan["action"]}
        assert sorted(decisions) == sorted({r.decision for r in own.recommendations})
        for r in own.recommendations:
            assert r.id in [action["id"] for action in decisions[r.decision]["action"]]
        assert len(extensions(plan, "known-gap")) == len(own.gaps)
        assert all(action["condition"][0]["expression"]["reference"] == own.scope.iri for action in decisions.values())
        ids = [action["id"] for action in actions(plan)]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_strength_certainty_and_direction_are_those_of_the_knowledge_or_absent(name: str, release: Release) -> None:
    for id_, action in advice(name, release).items():
        own = recommendations(name)[id_]
        for url, said in ((STRENGTH, own.static["strength"]), (CERTAINTY, own.static["certainty"])):
            found = extensions(action, url)
            assert [own_code(e["valueCodeableConcept"]) for e in found] == ([said] if said else [])
        assert own_code(extensions(action, DIRECTION)[0]["valueCodeableConcept"]) == own.direction
        statuses = {
            part["url"]: part["valueCoding"]["code"]
            for e in extensions(action, "transcription")
            for part in e["extension"]
        }
        grade = own.static["grade"]
        expected = own.static["transcription"] | {"grade": grade["status"] if grade else None}
        assert statuses == {key: status for key, status in expected.items() if status}
        assert bool(extensions(action, "source-grade")) == bool(grade)
        assert len(extensions(action, "caution")) == len(own.cautions)
        assert len(extensions(action, "disagreement")) == len(own.static["disagreements"])


def test_conditional_is_called_weak_in_the_code_system_of_hl7() -> None:
    for release in RELEASES:
        for id_, action in advice("shipped", release).items():
            strength = recommendations("shipped")[id_].static["strength"]
            for e in extensions(action, STRENGTH):
                said = codes(e["valueCodeableConcept"])["http://terminology.hl7.org/CodeSystem/recommendation-strength"]
                assert said == {"strong": "strong", "conditional": "weak"}[strength]


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_a_condition_is_an_axiom_and_words_and_never_a_language_that_nobody_ran(name: str, release: Release) -> None:
    for resource in made(name, release):
        for node in nodes(resource):
            if "language" in node and "resourceType" not in node:
                assert node["language"] not in EXECUTABLE
    for id_, action in advice(name, release).items():
        (condition,) = action["condition"]
        own = recommendations(name)[id_]
        assert condition["kind"] == "applicability"
        assert condition["expression"]["reference"] == own.eligibility.iri
        assert "EquivalentTo" in condition["expression"]["expression"]
        assert condition["expression"]["description"]


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_an_action_asks_for_every_finding_of_its_criteria(name: str, release: Release) -> None:
    for id_, action in advice(name, release).items():
        asked = set()
        for one in action["input"]:
            requirement = one["requirement"] if release == "R5" else one
            for e in extensions(requirement, "finding"):
                asked |= {part["valueCoding"]["code"] for part in e["extension"] if part["url"] == "finding"}
        assert support(recommendations(name)[id_].eligibility) <= asked


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_what_is_advised_against_leads_only_to_an_activity_not_to_be_done(name: str, release: Release) -> None:
    activities = {own["url"]: own for own in of_type(name, release, "ActivityDefinition").values()}
    for id_, action in advice(name, release).items():
        led = [activities[own["definitionCanonical"]] for own in actions(action) if "definitionCanonical" in own]
        own = recommendations(name)[id_]
        assert len(led) == sum(len(option) for option in own.interventions)
        for activity in led:
            assert activity.get("doNotPerform", False) == (own.direction == "against")
            assert activity["intent"] == "proposal"


@pytest.mark.parametrize("release", RELEASES)
def test_what_comes_later_in_an_option_says_after_what(release: Release) -> None:
    later = 0
    for own in recommendations("shipped").values():
        action = advice("shipped", release)[own.id]
        for option in own.static["interventions"]:
            orders = {part["order"] for part in option}
            later += len(orders) > 1
            if len(orders) > 1:
                related = [r for part in actions(action) for r in part.get("relatedAction", [])]
                assert related and all(r["relationship"] == "after" for r in related)
    assert later


# Status


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_what_rests_on_memory_or_on_the_seed_alone_is_a_draft(name: str, release: Release) -> None:
    graph = loaded(name).knowledge.graph
    drafts = {
        graph.text(iri, NOTATION)
        for iri in graph.instances(GR + "Status")
        if graph.text(iri, GR + "publicationStatus") == "draft"
    }
    assert "memory" in drafts and len(drafts) < len(graph.instances(GR + "Status"))
    assert all(graph.text(iri, GR + "publicationStatus") for iri in graph.instances(GR + "Status"))
    for id_, own in estimates(name, release).items():
        row = rows(name)[id_]
        assert (own["status"] == "draft") == bool({row["status"], row["certaintyStatus"]} & drafts)
    for guideline in loaded(name).knowledge.guidelines:
        said = {s for r in guideline.recommendations for s in r.static["transcription"].values()}
        if said & drafts:
            assert of_type(name, release, "PlanDefinition")[guideline.id]["status"] == "draft"


# Citations, maps, libraries


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_every_document_is_a_citation_and_every_source_is_cited(name: str, release: Release) -> None:
    graph = loaded(name).knowledge.graph
    found = of_type(name, release, "Citation")
    assert sorted(found) == sorted(graph.text(iri, NOTATION) or "" for iri in graph.instances(GR + "Citation"))
    for id_, own in recommendations(name).items():
        labels = {said.get("label") for said in advice(name, release)[id_]["documentation"]}
        assert {source["id"] for source in own.static["sources"]} <= labels


@pytest.mark.parametrize("release", RELEASES)
def test_every_row_of_a_mapping_table_is_in_the_concept_map_with_its_relation(release: Release) -> None:
    table = ROOT / "ontology" / "diabetic-foot" / "codes.sssom.tsv"
    lines = [line for line in table.read_text().splitlines() if not line.startswith("#")]
    expected = {
        "skos:exactMatch": ("equivalent", "equivalent"),
        "skos:broadMatch": ("wider", "source-is-narrower-than-target"),
        "skos:narrowMatch": ("narrower", "source-is-broader-than-target"),
    }
    wanted = sorted(
        (row["subject_id"].partition(":")[2], row["object_id"].rpartition("/")[2], expected[row["predicate_id"]])
        for row in csv.DictReader(lines, delimiter="\t")
        if "/" in row["object_id"]
    )
    (own,) = of_type("shipped", release, "ConceptMap").values()
    found = []
    for group in own["group"]:
        assert group["target"].startswith(CANONICAL)
        for element in group["element"]:
            for target in element["target"]:
                said = target.get("relationship", target.get("equivalence"))
                pair = next(pair for pair in expected.values() if pair[release == "R5"] == said)
                if not group["target"].endswith("/finding"):
                    found.append((element["code"], target["code"], pair))
    assert sorted(found) == wanted


@pytest.mark.parametrize("release", RELEASES)
def test_a_library_names_the_files_by_hash(release: Release) -> None:
    checked = 0
    for id_ in ("iwgdf-offloading-2023", "queries"):
        for own in of_type("shipped", release, "Library")[id_]["content"]:
            (sha256,) = extensions(own, "sha256")
            checked += 1
            if "data" in own:
                data = base64.b64decode(own["data"])
            elif "url" in own:
                name = own["url"].removeprefix(f"{GR}ontology/").rpartition("/")[0]
                paths = (ROOT / "ontology" / f"{name}.ttl", ROOT / "ontology" / name / f"{name}.ttl")
                data = next(path for path in paths if path.exists()).read_bytes()
            else:
                data = (ROOT / "ontology" / own["title"]).read_bytes()
            assert sha256["valueString"] == hashlib.sha256(data).hexdigest()
            assert own["hash"] == base64.b64encode(hashlib.sha1(data).digest()).decode()
            assert int(own["size"]) == len(data)
    assert checked > 40


@pytest.mark.parametrize("release", RELEASES)
def test_a_library_of_one_guideline_has_nothing_of_another(release: Release) -> None:
    libraries = of_type("shipped", release, "Library")
    ids = {guideline.id for guideline in loaded("shipped").knowledge.guidelines}
    for id_ in ids:
        others = {f"/{other}/" for other in ids - {id_}}
        addresses = [own.get("url", own["title"]) for own in libraries[id_]["content"]]
        assert addresses and not [a for a in addresses if any(other in a for other in others)]


# Terminology


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_values_of_findings_are_code_systems_in_their_order(name: str, release: Release) -> None:
    systems = of_type(name, release, "CodeSystem")
    for finding in loaded(name).knowledge.model.findings.values():
        if finding.values:
            own = systems[finding.notation]
            assert [concept["code"] for concept in own["concept"]] == [value.notation for value in finding.values]
            assert own["count"] == len(finding.values) and own["content"] == "complete"
    assert {"finding", "verdict", "strength", "certainty", "status", "intervention"} <= set(systems)


@pytest.mark.parametrize("release", RELEASES)
def test_codes_that_must_not_be_mapped_are_nowhere(release: Release) -> None:
    """LOINC 41979-6 is not the ankle-brachial index, R65.1- is of non-infectious origin."""
    for resource in made("shipped", release):
        for node in nodes(resource):
            code = node.get("code")
            assert code != "41979-6" and not (isinstance(code, str) and code.startswith("R65.1"))


# Codes of others


def test_every_code_of_hl7_in_use_is_in_its_code_system() -> None:
    """As far as the definitions of R4 have the code system."""
    try:
        folder = installed() / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
    except UnavailableError as error:
        pytest.skip(str(error))
    entries = [entry["resource"] for entry in json.loads((folder / "valuesets.json").read_text())["entry"]]
    known = {
        own["url"]: {concept["code"]: concept.get("display") for concept in own["concept"]}
        for own in entries
        if own["resourceType"] == "CodeSystem" and "concept" in own
    }
    seen = set[str]()
    for name, release in BOTH:
        for resource in made(name, release):
            for node in nodes(resource):
                if isinstance(node.get("system"), str) and node["system"] in known and "code" in node:
                    seen.add(node["system"])
                    assert known[node["system"]].get(node["code"]) == node.get("display", node["code"])
    assert len(seen) >= 6


@pytest.mark.parametrize("release", RELEASES)
def test_every_code_of_hl7_in_the_ontology_is_in_use_and_has_a_source(release: Release) -> None:
    graph = loaded("shipped").knowledge.graph
    used = {
        (node["system"], node["code"])
        for resource in made("shipped", release)
        for node in nodes(resource)
        if isinstance(node.get("system"), str) and isinstance(node.get("code"), str)
    }
    unused = set()
    for iri in graph.instances(GR + "ArtifactCode"):
        assert graph.nodes(iri, DCTERMS + "source") and graph.node(iri, GR + "status") == f"{GR}status/verified"
        releases = {own.value for own in graph.values(iri, GR + "inRelease") if not isinstance(own, str)}
        pair = (graph.text(iri, GR + "systemUri"), graph.text(iri, GR + "codedAs"))
        if release in releases and pair not in used:
            unused.add(pair[1])
    # No recommendation and no estimate has these.
    assert unused <= {"high", "very-low"}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_pattern_of_a_value_set_matches_what_the_reader_of_patients_maps(name: str) -> None:
    mapping = loaded(name).knowledge.mapping
    patterns = 0
    for own in of_type(name, "R4", "ValueSet").values():
        kind = own["id"].rpartition("-")[2]
        for include in own["compose"]["include"]:
            for said in include.get("filter", []):
                patterns += 1
                assert (said["property"], said["op"]) == ("code", "regex")
                plain = re.sub(r"\\.\?|\.\*", "", said["value"])
                for code in (plain, plain + "1", f"{plain[:3]}.{plain[3:]}9"):
                    assert re.fullmatch(said["value"], code)
                    assert mapping.coded(kind, include["system"], code) is not None
                assert not re.fullmatch(said["value"], "X" + plain)
    assert patterns >= 5
