"""No clinical knowledge in Python: no finding, value, recommendation, intervention, code or threshold, and no SPARQL.

The words come from the knowledge itself, so a new guideline widens the net without a change here. Docstrings and
comments may name examples; strings, names and numbers that the program runs on may not.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from rdflib import Literal, URIRef

from .ontology import BUILT_IN, GR, ONTOLOGY, RDF, ROOT, SKOS, graph_of, ontology_files, ours

MODULES = sorted((ROOT / "reasoner").rglob("*.py"))
CLINICAL_FILES = [path for path in ontology_files() if path.parent.name != "core"]
LEAST_WORDS = 250
LEAST_CODES = 100

PLAIN_ENGLISH = {
    "absent": "a file, a value or an answer may be absent",
    "done": "said of work",
    "failed": "said of checks",
    "high": "a bound of a range",
    "left": "what is left over",
    "not-done": "`notDone`, an element of FHIR STU3's Procedure, by which that version is told",
    "none": "none of several; also a status of the core vocabulary",
    "present": "a file or a value may be present",
    "right": "a place on a page",
    "side": "a side of a bound or of a comparison",
    "site": "a web site, and Python's site-packages",
}
"""Words of the knowledge that are also plain English: word and why it may stand in code."""

SUBJECT_KINDS = {
    "lesion": "what the FHIR rules group resources into; not a finding, and not a value of one",
    "foot": "what a lesion belongs to, by side",
    "onFoot": "the link between the two",
}
"""Kinds of subject, which the FHIR rules speak about."""

PLAIN_NUMBERS = {
    0, 1, 2, 3, 4, 5,  # counts, places and exit codes
    0.5, 0.6,  # half, and how alike two names are for a hint
    30, 50, 60, 100,  # widths, depth of nesting, seconds, per cent
}  # fmt: skip
"""Thresholds of the knowledge that are also plain numbers."""

SPARQL = re.compile(
    r"""
    \b(select|construct|ask|describe)\b[^.{]*\bwhere\b
    | \bselect\s+((distinct|reduced)\s+)?[*?$(]
    | \b(construct|ask|describe)\b\s*(from\b|[{<*?$])
    | \b(insert|delete)\s+(data|where)\b
    | \bgraph\s+[?$<]
    | [?$]\w+\s+(a\s+)?([?$]|<|\w*:)
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""A query, or a piece of one: WHERE may be left out, and a text is cut where something is put into it."""


class Use(NamedTuple):
    """A string, a name or a number that a module runs on."""

    line: int
    value: str | int | float


def word_of(local: str) -> tuple[str, ...]:
    """The parts of a name: `infection-grade`, `infectionGrade` and `infection_grade` are one word."""
    return tuple(part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", local))


@cache
def all_words() -> frozenset[tuple[str, ...]]:
    """Names and notations of everything that the clinical part of the ontology declares."""
    found = set()
    for path in CLINICAL_FILES:
        graph = graph_of(path)
        for node in graph.subjects(SKOS.definition, None):
            if isinstance(node, URIRef) and ours(node):
                found.add(word_of(str(node).rsplit("/", 1)[-1]))
                found |= {word_of(str(notation)) for notation in graph.objects(node, SKOS.notation)}
    return frozenset(found - {()})


@cache
def words() -> frozenset[tuple[str, ...]]:
    """The words that may not stand in code."""
    return all_words() - {word_of(plain) for plain in (*PLAIN_ENGLISH, *SUBJECT_KINDS)}


@cache
def codes() -> frozenset[str]:
    """Every clinical code of the mappings, with and without its dot."""
    found = set()
    for path in ONTOLOGY.rglob("*.sssom.tsv"):
        with path.open(encoding="utf-8") as lines:
            for row in csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t"):
                code = row["subject_id"].split(":", 1)[1]
                found |= {code.upper(), code.upper().replace(".", "")}
    return frozenset(found)


@cache
def thresholds() -> frozenset[float]:
    """Every limit of a band or a range."""
    facets = [URIRef(f"{BUILT_IN[3]}{end}{kind}") for end in ("min", "max") for kind in ("Inclusive", "Exclusive")]
    limits = {o for path in CLINICAL_FILES for p in facets for o in graph_of(path).objects(None, p)}
    return frozenset(float(limit) for limit in limits if isinstance(limit, Literal)) - PLAIN_NUMBERS


def uses(path: Path) -> Iterator[Use]:
    """What a module runs on: its names, and its constants but the docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant) and id(node) not in prose and isinstance(node.value, str | int | float):
            yield Use(line, node.value)
        for name in ("id", "attr", "name", "arg", "asname"):
            if isinstance(value := getattr(node, name, None), str):
                yield Use(line, value)


def mentions(text: str) -> set[str]:
    """The words of the knowledge that a text mentions."""
    parts = word_of(text)
    longest = max(len(word) for word in words())
    found = {parts[i:j] for i in range(len(parts)) for j in range(i + 1, min(i + longest, len(parts)) + 1)}
    return {"-".join(word) for word in found & words()}


def knowledge_in(use: Use) -> list[str]:
    if isinstance(use.value, bool):
        return []
    if isinstance(use.value, int | float):
        return [f"threshold {use.value}"] if use.value in thresholds() else []
    named = sorted(mentions(use.value))
    return named + sorted(f"code {c}" for c in re.findall(r"[\w.]+", use.value.upper()) if c in codes())


def test_the_words_of_the_knowledge_are_collected() -> None:
    assert len(words()) >= LEAST_WORDS
    assert len(codes()) >= LEAST_CODES
    assert thresholds()
    assert MODULES
    for finding in graph_of(ONTOLOGY / "diabetic-foot" / "findings.ttl").subjects(RDF.type, GR.Finding):
        local = str(finding).removeprefix(GR)
        assert word_of(local) in words() or local in PLAIN_ENGLISH


def test_every_exception_is_needed() -> None:
    """An excepted word is a word of the knowledge that some module really uses; else the exception has healed."""
    used = {part for path in MODULES for use in uses(path) if isinstance(use.value, str) for part in word_of(use.value)}
    for plain in (*PLAIN_ENGLISH, *SUBJECT_KINDS):
        assert word_of(plain) in all_words(), f"{plain} is no word of the knowledge"
        assert set(word_of(plain)) <= used, f"{plain} is used nowhere"
    numbers = {use.value for path in MODULES for use in uses(path) if not isinstance(use.value, str)}
    assert {number for number in PLAIN_NUMBERS if number > 5} <= numbers


def test_the_net_catches() -> None:
    """A finding, a value, a class, a recommendation, a code and a threshold are all seen."""
    assert mentions("toe_pressure") == mentions("toePressure") >= {"toe-pressure"}
    assert mentions("isEligible") == set()
    assert "iwgdf-5-b" in mentions("iwgdf-5b")
    assert "osteomyelitis" in mentions("has_osteomyelitis")
    assert knowledge_in(Use(1, "E11.621")) and knowledge_in(Use(1, 0.8))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?x WHERE { ?x a gr:Lesion }",
        "select (COUNT(*) AS ?n) { ",
        "SELECT DISTINCT ?c { ",
        "SELECT * {",
        "SELECT\n  $x",
        "ASK { ",
        "ask from <urn:g> {",
        "CONSTRUCT {",
        "DESCRIBE <urn:x>",
        "DESCRIBE ?x",
        "DELETE WHERE { ",
        "INSERT DATA { ",
        "GRAPH ?g {",
        "?s ?p ?o",
        "?s a ?c",
        "?x a gr:Lesion",
        "?x gr:site ?y",
    ],
)
def test_the_net_catches_a_query_and_pieces_of_one(text: str) -> None:
    assert SPARQL.search(text)


@pytest.mark.parametrize(
    "text", ["select one of them, or ask for more.", "Ask next", "where it is described", "what? a site: this"]
)
def test_plain_words_are_no_query(text: str) -> None:
    assert not SPARQL.search(text)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_module_holds_no_clinical_knowledge(path: Path) -> None:
    found = {f"line {use.line}: {use.value!r}: {known}" for use in uses(path) for known in knowledge_in(use)}
    assert not sorted(found), "move it into the ontology"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_module_holds_no_sparql(path: Path) -> None:
    found = [use for use in uses(path) if isinstance(use.value, str) and SPARQL.search(use.value)]
    assert not found, "a query is a documented file in queries/"
