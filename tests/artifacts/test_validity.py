"""Every resource of every guideline is valid, and what it refers to is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from fhirvalid import check
from fhirvalid.inside import nodes

import reasoner
from reasoner import artifacts
from reasoner.artifacts import CANONICAL, Release

from .made import BOTH, RELEASES, loaded, made, of_type

LEAST = {"shipped": 200, "other": 80}


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_every_resource_validates(name: str, release: Release) -> None:
    assert len(made(name, release)) >= LEAST[name]
    assert check(made(name, release), release) == []


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_every_address_of_ours_leads_to_a_resource(name: str, release: Release) -> None:
    known = {own["url"] for own in made(name, release)}
    used = {
        value
        for resource in made(name, release)
        for node in nodes(resource)
        for key, item in node.items()
        for value in (item if isinstance(item, list) else [item])
        if isinstance(value, str) and value.startswith(CANONICAL) and key != "identifier"
    }
    assert len(used) > len(known) / 2
    assert not sorted(used - known)


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_every_code_of_ours_is_in_its_code_system(name: str, release: Release) -> None:
    systems = {
        own["url"]: {concept["code"]: concept["display"] for concept in own["concept"]}
        for own in of_type(name, release, "CodeSystem").values()
    }
    seen, wrong = 0, set[str]()
    for resource in made(name, release):
        for node in nodes(resource):
            if isinstance(node.get("system"), str) and node["system"] in systems:
                for concept in [node] if "code" in node else node.get("concept", []):
                    seen += 1
                    if systems[node["system"]].get(concept["code"]) != concept.get("display"):
                        wrong.add(f"{resource['id']}: {node['system']}|{concept['code']}")
    assert seen > 100
    assert not sorted(wrong)


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_every_extension_of_ours_is_as_its_definition_says(name: str, release: Release) -> None:
    types: dict[str, dict[str, str]] = {}
    for own in of_type(name, release, "StructureDefinition").values():
        elements = {element["id"]: element for element in own["differential"]["element"]}
        for id_, element in elements.items():
            if id_.endswith("value[x]") and "type" in element:
                part = id_.removeprefix("Extension.").removeprefix("extension:").rpartition(".")[0]
                types.setdefault(own["url"], {})[part] = element["type"][0]["code"]
    seen = set[str]()
    for resource in made(name, release):
        for node in nodes(resource):
            if str(node.get("url", "")).startswith(f"{CANONICAL}StructureDefinition/") and "resourceType" not in node:
                seen.add(node["url"])
                for part, holder in (
                    [("", node)] if "extension" not in node else [(inner["url"], inner) for inner in node["extension"]]
                ):
                    expected = types[node["url"]][part]
                    assert f"value{expected[0].upper()}{expected[1:]}" in holder
    assert len(seen) >= 8


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_every_resource_says_where_it_comes_from_and_what_it_is_not(name: str, release: Release) -> None:
    for own in made(name, release):
        assert own["url"] and own["version"] and own["status"] in ("active", "draft") and own["identifier"]
        assert "creativecommons.org" in own["copyright"]
        said = {extension["url"].rpartition("/")[2]: extension for extension in own["extension"]}
        assert "Not a medical device" in said["notice"]["valueString"]
        where = "/mapping/" if own["resourceType"] == "ConceptMap" else "/ontology/"
        assert where in said["defined-in"]["valueUri"]


@pytest.mark.parametrize("release", RELEASES)
def test_a_resource_is_found_by_type_and_id_and_is_the_callers_own(release: Release) -> None:
    own = loaded("shipped")
    for resource in made("shipped", release)[::20]:
        found = artifacts.find(own, release, resource["resourceType"], resource["id"])
        assert found == resource
        found.clear()
        assert artifacts.find(own, release, resource["resourceType"], resource["id"]) == resource
    assert artifacts.find(own, release, "PlanDefinition", "nothing-such") is None
    names = [(resource["resourceType"], resource["id"]) for resource in made("shipped", release)]
    assert names == sorted(set(names))


BARE = """
@prefix gr: <https://w3id.org/guideline-reasoner/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix colour: <https://w3id.org/guideline-reasoner/colour/> .
gr:colour a owl:ObjectProperty, owl:FunctionalProperty, gr:Finding ; rdfs:label "colour" ; skos:notation "colour" ;
  rdfs:domain gr:Patient ; rdfs:range gr:Colour ; gr:whenNotRecorded <https://w3id.org/guideline-reasoner/policy/ask> .
gr:Colour a owl:Class ; owl:equivalentClass [ a owl:Class ; owl:oneOf ( colour:a colour:b ) ] .
colour:a a gr:Colour ; skos:notation "a" ; gr:order 0 .
colour:b a gr:Colour ; skos:notation "b" ; gr:order 1 .
gr:IsA a owl:Class ; owl:equivalentClass [ a owl:Restriction ; owl:onProperty gr:colour ; owl:hasValue colour:a ] .
<https://w3id.org/guideline-reasoner/decision/d> a gr:Decision .
<https://w3id.org/guideline-reasoner/intervention/a-very-long-and-winding-name-of-an-intervention-that-goes-on_and/on>
  a gr:Intervention ; rdfs:label "long" .
<https://w3id.org/guideline-reasoner/guideline/g> a gr:Guideline ; gr:hasScope gr:IsA ; gr:subjectKind gr:Patient .
<https://w3id.org/guideline-reasoner/recommendation/r> a gr:Recommendation ; gr:eligibility gr:IsA ;
  gr:decision <https://w3id.org/guideline-reasoner/decision/d> ; rdfs:label "r" ;
  gr:direction <https://w3id.org/guideline-reasoner/direction/for> ;
  gr:partOfGuideline <https://w3id.org/guideline-reasoner/guideline/g> ;
  gr:option [ a gr:Option ; gr:component [ a gr:Component ; gr:order 1 ; gr:intervention
  <https://w3id.org/guideline-reasoner/intervention/a-very-long-and-winding-name-of-an-intervention-that-goes-on_and/on>
  ] ] .
"""


@pytest.mark.parametrize("release", RELEASES)
def test_a_bare_guideline_without_labels_sources_or_a_header_validates_too(tmp_path: Path, release: Release) -> None:
    (tmp_path / "ontology" / "bare").mkdir(parents=True)
    (tmp_path / "ontology" / "bare" / "guideline.ttl").write_text(BARE)
    found = artifacts.resources(reasoner.load(tmp_path), release)
    assert {own["id"] for own in found if own["resourceType"] == "PlanDefinition"} == {"g"}
    assert check(found, release) == []
