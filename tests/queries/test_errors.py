"""What is wrong with a query is said in a sentence, with its place and what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from reasoner.errors import QueryError, ReasonerError

from .stores import store


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        (
            "SELECT * { ?r a gr:Recomendation }",
            "`gr:Recomendation` is not declared",
            "did you mean `gr:Recommendation`?",
        ),
        ("SELECT * { ?r gr:strenght ?s }", "`gr:strenght` is not declared", "did you mean `gr:strength`?"),
        ("SELECT * { ?r ?p rec:iwgdf-5e }", "`rec:iwgdf-5e` is not declared", "did you mean `rec:iwgdf-5"),
        ("SELECT * { ?r ?p site:mth-6 }", "`site:mth-6` is not declared", "did you mean `site:mth-"),
        (
            "SELECT * { ?r a <https://w3id.org/guideline-reasoner/Lezion> }",
            "`gr:Lezion` is not declared",
            "did you mean `gr:Lesion`?",
        ),
        ("SELECT * { GRAPH graph:finding { ?s ?p ?o } }", "`graph:finding` is not declared", "`graph:findings`?"),
        ("SELECT * { ?r a grr:Recommendation }", "the prefix `grr:` is not known", "did you mean `gr:`?"),
        ("SELECT * { ?r a sosh:Class }", "the prefix `sosh:` is not known", "did you mean"),
        ("SELECT * { ?r a zzzzz:Class }", "the prefix `zzzzz:` is not known", "declare it: PREFIX zzzzz: <…>"),
        ("SELEC * { ?s ?p ?o }", "`SELEC` begins no query", "did you mean SELECT?"),
        ("", "holds no query", "begin with SELECT"),
        ("# nothing\n", "holds no query", "begin with SELECT"),
        ("SELECT * { ?s ?p 'open }", "a string has no end", "close it"),
        ("SELECT * { ?s ?p \\ }", "cannot stand here", "take it out"),
        ("SELECT * FROM { ?s ?p ?o }", "FROM names no graph", "name one"),
        ("PREFIX x SELECT * { ?s ?p ?o }", "a PREFIX is not complete", "write PREFIX name: <iri>"),
        ("PREFIX x:", "a PREFIX is not complete", "write PREFIX name: <iri>"),
        ("SELECT * { ?s ?p ?o", "does not parse at the end", "expected one of"),
        ("SELECT ?x { ?s ?p ?o } GROUP ?s", "does not parse at", "expected one of"),
        ("who-is-eligble", "no such query or file", "did you mean `who-is-eligible`?"),
        ("qqqqqqqq", "no such query or file", "list them with `guideline query`"),
    ],
)
def test_sentence_and_hint(text: str, what: str, hint: str) -> None:
    with pytest.raises(QueryError) as error:
        store().query(text)
    assert what in error.value.message
    assert error.value.hint is not None and hint in error.value.hint
    assert error.value.where and "\n" not in str(error.value)
    assert isinstance(error.value, ReasonerError)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("SELECT *\n{\n  ?r a gr:Lezion\n}", "own.rq:3"),
        ("# one\n# two\nSELECT * {\n ?r a foo:Lesion }", "own.rq:4"),
        ("# one\nSELECT *\n{ ?s ?p ?o ", "own.rq:3:"),
        ("# one\n\nSELECT * {\n SERVICE <http://x/> { } }", "own.rq:4"),
        ("SELECT *\n {\n ?s 'open\n ?o }", "own.rq:3"),
    ],
)
def test_place_is_file_and_line(text: str, place: str) -> None:
    with pytest.raises(QueryError) as error:
        store().run(text, "own.rq")
    assert error.value.where is not None and error.value.where.startswith(place)


def test_known_prefixes_can_be_declared_again_and_others_besides() -> None:
    text = "PREFIX gr: <https://w3id.org/guideline-reasoner/> PREFIX foaf: <http://xmlns.com/foaf/0.1/>"
    assert store().run(text + " ASK { ?s a gr:Lesion FILTER NOT EXISTS { ?s foaf:name ?n } }").boolean


def test_a_prefix_of_ones_own_hides_the_known_one() -> None:
    assert not store().run("PREFIX gr: <http://elsewhere.example/> ASK { ?s a gr:Lezion }").boolean


def test_values_of_a_finding_have_its_name_as_prefix() -> None:
    rows = store().run("SELECT ?v { ?v a ?c . infection-grade:mild a ?c . ?v gr:order ?o } ORDER BY ?o").rows
    assert len(rows) >= 4


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    from reasoner.catalogue import read_query

    path = tmp_path / "own.rq"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(QueryError, match="cannot be read"):
        read_query(path)
