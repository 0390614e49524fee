"""`guideline fmt`: the same statements give the same bytes, whichever tool wrote them last."""

from __future__ import annotations

import difflib
import os
import shutil
import sys
from pathlib import Path
from random import Random

import pytest
import rdflib
from rdflib.compare import isomorphic

from reasoner.cli import main
from reasoner.errors import KnowledgeError
from reasoner.functional import read_functional

ROOT = Path(__file__).parent.parent
DATA = Path(__file__).parent / "fmt"
SHIPPED = sorted(p for p in (ROOT / "ontology").rglob("*.ttl") if "cases" not in p.parts)
LEAST_SHIPPED = 15


def run(capsys: pytest.CaptureFixture[str], *arguments: object, expected: int = 0) -> tuple[str, str]:
    code = main(["fmt", *map(str, arguments)])
    out = capsys.readouterr()
    assert code == expected, out.err
    return out.out, out.err


def changed(old: str, new: str) -> list[str]:
    """The lines that a diff shows, context and headings left out."""
    diff = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
    return [line for line in diff if not line.startswith(("---", "+++", "@@"))]


def test_the_shipped_files_are_as_they_should_be(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(capsys, ROOT / "ontology", "--check")
    assert out == f"0 to change, {len(SHIPPED)} as they should be\n"
    assert len(SHIPPED) >= LEAST_SHIPPED


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_rdf_xml_with_one_label_edited_comes_back_as_one_line(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / path.name
    shutil.copy(path, home)
    graph = rdflib.Graph().parse(home)
    before = home.read_text(encoding="utf-8")
    subject, predicate, label = min(
        (s, p, o)
        for s, p, o in graph
        if p in (rdflib.RDFS.label, rdflib.DCTERMS.title) and isinstance(s, rdflib.URIRef)
    )
    graph.set((subject, predicate, rdflib.Literal(f"{label} edited", lang=label.language)))
    graph.serialize(home.with_suffix(".owl"), format="xml")
    run(capsys, home.with_suffix(".owl"))
    lines = changed(before, home.read_text(encoding="utf-8"))
    assert [line[0] for line in lines] == ["-", "+"]
    assert "edited" in lines[1]


@pytest.mark.parametrize("syntax", ["owl", "ofn"])
def test_what_the_owl_api_writes_comes_back_as_it_was(
    syntax: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files that the library behind Protégé and ROBOT wrote: it sorts operands and writes pairs in another form."""
    home, text = tmp_path / "example.ttl", (DATA / f"as-the-owl-api-writes-it.{syntax}").read_text(encoding="utf-8")
    shutil.copy(DATA / "example.ttl", home)
    foreign = home.with_suffix(f".{syntax}")
    foreign.write_text(text, encoding="utf-8")
    run(capsys, foreign, "--check")
    assert text.count("hot and not cool") == 1
    foreign.write_text(text.replace("hot and not cool", "edited"), encoding="utf-8")
    run(capsys, foreign)
    lines = changed((DATA / "example.ttl").read_text(encoding="utf-8"), home.read_text(encoding="utf-8"))
    assert lines == ['-    rdfs:label "hot and not cool"@en ;', '+    rdfs:label "edited"@en ;']


@pytest.mark.parametrize("syntax", ["owl", "ofn"])
def test_without_turtle_beside_it_the_statements_are_kept(
    syntax: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The neighbours lend their prefixes, and nothing is lost but the order of what has no order."""
    shutil.copy(DATA / f"as-the-owl-api-writes-it.{syntax}", tmp_path / f"new.{syntax}")
    shutil.copy(DATA / "example.ttl", tmp_path / "neighbour.ttl")
    run(capsys, tmp_path / f"new.{syntax}")
    text = (tmp_path / "new.ttl").read_text(encoding="utf-8")
    assert (
        "rec:example-1 a owl:NamedIndividual" in text and "owl:distinctMembers ( fever:today fever:yesterday )" in text
    )
    assert "XMLSchema#string" not in text
    again, _ = run(capsys, tmp_path / f"new.{syntax}", "--check")
    assert again == "0 to change, 1 as they should be\n"


def test_functional_syntax_by_the_mapping_of_the_w3c() -> None:
    """Constructs that editors write and the shipped files lack."""
    graph = read_functional(
        """Prefix(:=<urn:x#>) # a comment
        Prefix(owl:=<http://www.w3.org/2002/07/owl#>)
        Ontology(<urn:x>
        SubClassOf(Annotation(<urn:x#note> "why \\"so\\"") :A ObjectMinCardinality(2 :p :B))
        EquivalentClasses(:A DataExactCardinality(1 :d))
        SubClassOf(:A ObjectAllValuesFrom(ObjectInverseOf(:p) ObjectHasSelf(:p)))
        SubObjectPropertyOf(ObjectPropertyChain(:p :q) :p)
        DisjointClasses(:A :B) DisjointClasses(:A :B :C) DifferentIndividuals(:a _:b)
        NegativeDataPropertyAssertion(:d :a "1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>)
        ObjectPropertyAssertion(ObjectInverseOf(:p) :a :b) HasKey(:A () (:d)) TransitiveObjectProperty(:p)
        )""",
        "x.ofn",
    )
    expected = rdflib.Graph().parse(
        data="""@prefix : <urn:x#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        <urn:x> a owl:Ontology . :A rdfs:subClassOf _:r . :p a owl:TransitiveProperty .
        _:r a owl:Restriction ; owl:onProperty :p ; owl:onClass :B ;
          owl:minQualifiedCardinality "2"^^xsd:nonNegativeInteger .
        [] a owl:Axiom ; owl:annotatedSource :A ; owl:annotatedProperty rdfs:subClassOf ; owl:annotatedTarget _:r ;
          :note "why \\"so\\"" .
        :A owl:equivalentClass [ a owl:Restriction ; owl:onProperty :d ;
          owl:cardinality "1"^^xsd:nonNegativeInteger ] ; owl:hasKey ( :d ) ; owl:disjointWith :B ;
          rdfs:subClassOf [ a owl:Restriction ; owl:onProperty [ owl:inverseOf :p ] ;
            owl:allValuesFrom [ a owl:Restriction ; owl:onProperty :p ; owl:hasSelf true ] ] .
        :p owl:propertyChainAxiom ( :p :q ) . [] a owl:AllDisjointClasses ; owl:members ( :A :B :C ) .
        :a owl:differentFrom [] . :b :p :a .
        [] a owl:NegativePropertyAssertion ; owl:sourceIndividual :a ; owl:assertionProperty :d ;
          owl:targetValue 1.50 .""",
        format="turtle",
    )
    assert isomorphic(graph, expected)


BROKEN = {
    "broken.ttl": ("@prefix gr: <https://w3id.org/guideline-reasoner/> .\ngr:a gr:b\n", "broken.ttl:"),
    "half.owl": ('<?xml version="1.0"?>\n<rdf:RDF>\n', "half.owl"),
    "half-too.ofn": ("Ontology(<urn:x>\nSubClassOf(<urn:a>\n", "half-too.ofn:3"),
    "rule.ofn": ("Ontology(<urn:x>\nDLSafeRule(Body() Head()))\n", "rule.ofn:2"),
    "prefix.ofn": ("Ontology(<urn:x>\n\nSubClassOf(x:a <urn:b>))\n", "prefix.ofn:3"),
    "facets.ofn": (
        "Ontology(<urn:x>\nSubClassOf(<urn:a> DataSomeValuesFrom(<urn:d> DatatypeRestriction(<urn:t> <urn:f>))))",
        "facets.ofn:2",
    ),
    "deep.ofn": ("Ontology(" + "A(" * 5000, "deep.ofn"),
    "owl-xml.owl": ('<?xml version="1.0"?>\n<Ontology xmlns="http://www.w3.org/2002/07/owl#"/>', "owl-xml.owl"),
    "latin.ttl": ("é", "latin.ttl"),
    "unknown.docx": ("", "unknown.docx"),
    "missing.ttl": (None, "missing.ttl"),
}


def test_a_broken_file_is_named_and_the_others_are_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, (text, _) in BROKEN.items():
        if text is not None:
            (tmp_path / name).write_text(text, encoding="latin-1" if name == "latin.ttl" else "utf-8")
    good = tmp_path / "good.ttl"
    good.write_text("<urn:a> <urn:b> <urn:c> , <urn:a> .", encoding="utf-8")
    out, err = run(capsys, *(tmp_path / name for name in BROKEN), good, expected=1)
    lines = err.splitlines()
    assert len(lines) == len(BROKEN)
    for line, (_, place) in zip(lines, BROKEN.values(), strict=True):
        assert line.startswith("error: ") and place in line and "; " in line, line
    assert out == f"wrote {good}\n1 written, 0 as they should be\n"
    assert (tmp_path / "broken.ttl").read_text(encoding="utf-8") == BROKEN["broken.ttl"][0]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_check_changes_nothing_and_names_what_would(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.ttl"
    path.write_text("<urn:a> <urn:b> <urn:c> , <urn:a> .", encoding="utf-8")
    out, _ = run(capsys, tmp_path, "--check", expected=3)
    assert out == f"would change {path}\n1 to change, 0 as they should be\n"
    assert path.read_text(encoding="utf-8") == "<urn:a> <urn:b> <urn:c> , <urn:a> ."


def test_comments_at_the_head_stay_and_any_other_is_not_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.ttl"
    path.write_text('# One.\n#\n# Two.\n\n<urn:a> <urn:b> \'#\' , """\n# no comment""" .\n', encoding="utf-8")
    run(capsys, path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# One.\n#\n# Two.\n\n@prefix ")
    run(capsys, path, "--check")
    commented = text + "<urn:d> <urn:b> <urn:c> . # why\n"
    path.write_text(commented, encoding="utf-8")
    _, err = run(capsys, path, expected=1)
    assert f"{path}:{commented.count(chr(10))}" in err and "would lose" in err
    assert path.read_text(encoding="utf-8") == commented


def test_cases_and_examples_are_laid_out_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("cases", "examples"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.ttl").write_text("<urn:a> <urn:b> <urn:c> , <urn:a> .", encoding="utf-8")
    assert run(capsys, tmp_path)[0] == "0 written, 0 as they should be\n"
    assert "1 written" in run(capsys, tmp_path / "cases" / "a.ttl")[0]


def test_the_file_is_replaced_whole_and_keeps_its_rights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, link = tmp_path / "a.ttl", tmp_path / "link.ttl"
    path.write_text("<urn:a> <urn:b> <urn:c> , <urn:a> .", encoding="utf-8")
    path.chmod(0o640)
    link.symlink_to(path)
    run(capsys, link)
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.ttl", "link.ttl"]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights as on Unix")
def test_a_failing_write_leaves_the_old_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.ttl"
    path.write_text("<urn:a> <urn:b> <urn:c> , <urn:a> .", encoding="utf-8")

    def full(self: Path, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    _, err = run(capsys, path, expected=1)
    assert "No space left on device" in err
    assert [p.name for p in tmp_path.iterdir()] == ["a.ttl"]
    assert path.read_text(encoding="utf-8") == "<urn:a> <urn:b> <urn:c> , <urn:a> ."


def test_without_the_extra_one_line_names_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "diffable_rdf", None)
    _, err = run(capsys, DATA / "example.ttl", expected=1)
    assert err.count("\n") == 1 and "pip install '.[author]'" in err


def test_a_mangled_file_is_refused_in_words() -> None:
    """Cut off or with a piece changed anywhere, it parses or is refused with its place; nothing else happens."""
    text, random, refused = (DATA / "as-the-owl-api-writes-it.ofn").read_text(encoding="utf-8"), Random(7), 0
    for _ in range(400):
        place = random.randrange(len(text))
        piece = random.choice(("", "(", ")", '"', "<", "^^", "@", " x ", "0"))
        mangled = text[:place] if random.random() < 0.3 else text[:place] + piece + text[place + random.randrange(4) :]
        try:
            read_functional(mangled, "x.ofn")
        except KnowledgeError as error:
            refused += 1
            assert error.where is not None and error.where.startswith("x.ofn:"), error
    assert refused > 100


def test_functional_syntax_under_another_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(DATA / "as-the-owl-api-writes-it.ofn", tmp_path / "example.owl")
    shutil.copy(DATA / "example.ttl", tmp_path / "example.ttl")
    assert run(capsys, tmp_path / "example.owl")[0] == "0 written, 1 as they should be\n"


def test_results_of_queries_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are what a query wrote; formatted, they would no longer be."""
    (tmp_path / "queries" / "expected").mkdir(parents=True)
    (tmp_path / "queries" / "expected" / "graph.ttl").write_text("<urn:a>   <urn:b> <urn:c> .")
    out, _ = run(capsys, tmp_path, "--check")
    assert out == "0 to change, 0 as they should be\n"


def test_a_missing_file_is_called_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, err = run(capsys, tmp_path / "none", expected=1)
    assert "No such file" in err and err.count("\n") == 1
