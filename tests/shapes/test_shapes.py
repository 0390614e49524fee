"""The shape files themselves: sentences that name a fix, the vocabulary, and the ontology's own values and ranges."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import rdflib
from rdflib import OWL, RDF, RDFS, SKOS, URIRef

import reasoner
from reasoner.errors import KnowledgeError
from reasoner.graph import GR
from reasoner.model import Finding
from reasoner.shapes import SH, patient_shapes, read_shapes
from reasoner.validate import Validator

from .examples import EXAMPLES, ROOT, SHAPE

FILES = [ROOT / "shapes" / name for name in ("patient.ttl", "authoring.ttl")]
KNOWLEDGE = reasoner.load().knowledge
SHACL = rdflib.Namespace(SH)
ADVICE = (
    "add|break|check|compare|correct|declare|define|give|join|keep|make|move|name|"
    "paraphrase|remove|repeat|split|take|use|write"
)
FIX = re.compile(rf"[:;,] (so )?({ADVICE})\b[^:;]*[.]$|[;:] [^:]*\b({ADVICE})\b.*[.]$")
REPORTS = {SHACL["not"], SHACL["or"], SHACL.xone}


def shapes(path: Path) -> rdflib.Graph:
    return rdflib.Graph().parse(path, format="turtle")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_message_names_a_fix(path: Path) -> None:
    """A sentence: what is wrong, then after a colon or semicolon what to do."""
    messages = [str(m) for m in shapes(path).objects(None, SHACL.message)]
    assert len(messages) >= 50
    assert not [message for message in messages if not FIX.search(message)]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_shape_that_reports_has_name_label_severity_and_message(path: Path) -> None:
    graph, lacking = shapes(path), []
    for kind in (SHACL.NodeShape, SHACL.PropertyShape):
        for shape in graph.subjects(RDF.type, kind):
            assert isinstance(shape, URIRef) and shape.startswith(SHAPE)
            speaks = kind == SHACL.PropertyShape or bool(REPORTS & set(graph.predicates(shape)))
            needed = [RDFS.label, SHACL.severity, *([SHACL.message] if speaks else [])]
            lacking += [f"{shape}: {p}" for p in needed if len(list(graph.objects(shape, p))) != 1]
    assert not lacking


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_iri_of_ours_is_declared(path: Path) -> None:
    graph, known = shapes(path), KNOWLEDGE.graph
    own = {str(s) for s in graph.subjects(RDF.type, None)}
    documents = {str(s) for s in graph.subjects(RDF.type, OWL.Ontology)}
    documents |= {str(o) for o in graph.objects(None, OWL.versionIRI)}
    used = {str(n) for t in graph for n in t if isinstance(n, URIRef) and n.startswith(GR)}
    assert sorted(iri for iri in used if iri not in known and iri not in own | documents) == []


def test_every_iri_of_ours_in_a_valid_example_is_declared() -> None:
    undeclared = set()
    for path in (EXAMPLES / "patient" / "valid").glob("*.ttl"):
        used = {str(n) for t in shapes(path) for n in t if isinstance(n, URIRef) and n.startswith(GR)}
        undeclared |= {iri for iri in used if iri not in KNOWLEDGE.graph}
    assert not undeclared


@pytest.mark.parametrize("finding", KNOWLEDGE.model.findings.values(), ids=lambda f: f.notation)
def test_shape_of_a_finding_has_the_values_and_limits_of_the_ontology(finding: Finding) -> None:
    graph = shapes(FILES[0])
    (shape,) = (
        s for s in graph.subjects(SHACL.path, URIRef(finding.iri))
        if isinstance(s, URIRef) and (s, SHACL.name, None) in graph
    )  # fmt: skip
    assert str(shape).removeprefix(SHAPE).split("-")[0] == f"{finding.kind}Shape"
    assert (URIRef(f"{SHAPE}{finding.kind}Shape"), SHACL.property, shape) in graph
    assert (URIRef(f"{shape}-once"), SHACL.maxCount, rdflib.Literal(1)) in graph
    group = graph.value(shape, SHACL.group)
    assert str(graph.value(group, RDFS.label)) == finding.group
    assert str(graph.value(shape, SHACL.description)) == finding.question
    if finding.range is not None:
        limits = [float(str(graph.value(shape, SHACL[name]))) for name in ("minInclusive", "maxInclusive")]
        assert limits == [finding.range.minimum, finding.range.maximum]
        return
    branches = list(graph.items(graph.value(shape, SHACL["or"])))
    values = {str(v) for v in graph.items(graph.value(branches[0], SHACL["in"]))}
    assert values == {value.iri for value in finding.values}


def test_known_properties_are_the_findings_and_the_links() -> None:
    graph = shapes(FILES[0])
    query = str(next(graph.objects(None, SHACL.select)))
    listed = set(re.search(r'CONTAINS\(" ([^"]*) "', query)[1].split())  # type: ignore[index]
    links = {kind.link for kind in KNOWLEDGE.model.kinds.values() if kind.link} | {GR + "side"}
    assert {GR + name for name in listed} == {f.iri for f in KNOWLEDGE.model.findings.values()} | links


def test_shape_of_a_data_rule_says_what_the_rule_says() -> None:
    graph, rules = shapes(FILES[0]), 0
    for shape, rule in graph.subject_objects(RDFS.seeAlso):
        text = KNOWLEDGE.graph.text(str(rule), GR + "text")
        if text is not None:
            rules += 1
            assert str(graph.value(shape, SHACL.message)) == text
    assert rules == len(KNOWLEDGE.derivations.rules) + 1  # and the discordance
    assert all((shape, SKOS.definition, None) in graph for shape in graph.subjects(RDFS.seeAlso, None))


def test_folder_without_shapes_finds_nothing(tmp_path: Path) -> None:
    assert Validator(patient_shapes(tmp_path), KNOWLEDGE.model).check([]) == []


HEAD = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix gr: <https://w3id.org/guideline-reasoner/> .
@prefix shape: <https://w3id.org/guideline-reasoner/shape/> .
shape:BadShape a sh:NodeShape ; sh:targetClass gr:Lesion ; """
BAD = {
    "sh:property [ sh:path \"ulcer\" ; sh:minCount 1 ] .": "`gr:shape/BadShape` has a bad path: the literal `ulcer`",
    "sh:property [ sh:path [ ] ; sh:minCount 1 ] .": "`gr:shape/BadShape` has a bad path",
    "sh:property [ sh:path ( gr:onFoot ) ; sh:minCount 1 ] .": "`gr:shape/BadShape` has a bad path",
    "sh:property [ sh:path [ sh:inversPath gr:onFoot ] ; sh:minCount 1 ] .": "uses `sh:inversPath`",
    "sh:property [ sh:path gr:ulcer, gr:site ; sh:minCount 1 ] .": "has more than one sh:path",
    "sh:property [ sh:minCount 1 ] .": "has no sh:path",
    "sh:property [ sh:path gr:ulcer ; sh:pattern \"(\" ] .": "has a bad regular expression `(`",
    "sh:property [ sh:path gr:ulcer ; sh:maxCuont 1 ] .": "uses `sh:maxCuont`, which SHACL does not have",
    "sh:property [ sh:path gr:ulcer ; sh:minCount \"x\" ] .": "cannot be used",
    "sh:node shape:NowhereShape .": "refers to `gr:shape/NowhereShape`",
    "sh:severity sh:Grave .": "has the severity `Grave`",
    "sh:sparql [ sh:select \"SELECT nonsense\" ] .": "has a bad query",
    "sh:property [ .": "does not parse",
}  # fmt: skip


@pytest.mark.parametrize("text", BAD, ids=lambda text: BAD[text].strip("`")[:40])
def test_bad_shape_gives_one_line_with_the_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.ttl"
    path.write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        Validator(read_shapes([path]), KNOWLEDGE.model)
    assert BAD[text] in str(caught.value) and "shapes/bad.ttl" in str(caught.value)
    assert "\n" not in str(caught.value) and caught.value.hint


def test_bad_shape_of_a_knowledge_folder_stops_the_loading(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "ontology", tmp_path / "ontology")
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes" / "mine.ttl").write_text(HEAD + 'sh:property [ sh:path "ulcer" ] .', encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"shapes/mine\.ttl"):
        reasoner.load(tmp_path)
