"""Every statement of the seed document is encoded by something, and is itself described."""

from __future__ import annotations

import pytest

from .ontology import DCTERMS, GR, RDF, RDFS, SKOS, short, whole

STATEMENTS = [f"S{number:02}" for number in range(1, 31)]


@pytest.mark.parametrize("name", STATEMENTS)
def test_statement_is_described(name: str) -> None:
    graph, statement = whole(), GR[f"statement/{name}"]
    assert (statement, RDF.type, GR.Statement) in graph
    for predicate in (RDFS.label, SKOS.definition, GR.text, DCTERMS.source):
        assert graph.value(statement, predicate) is not None, f"{name} lacks {short(predicate)}"


@pytest.mark.parametrize("name", STATEMENTS)
def test_statement_is_encoded(name: str) -> None:
    """Something other than the statement itself, or another statement, has it as its source."""
    graph, statement = whole(), GR[f"statement/{name}"]
    encoders = [
        node for node in graph.subjects(DCTERMS.source, statement) if (node, RDF.type, GR.Statement) not in graph
    ]
    assert encoders, f"nobody encodes {name}: {graph.value(statement, GR.text)}"


def test_what_the_seed_left_blank_is_marked_as_completed() -> None:
    graph = whole()
    completed = {short(node) for node in graph.subjects(GR.textStatus, GR["status/completed"])}
    assert completed == {"recommendation/stc-16", "recommendation/stc-17"}


def test_safety_extensions_are_marked_as_such() -> None:
    graph = whole()
    extensions = {short(node) for node in graph.subjects(GR.textStatus, GR["status/safety-extension"])}
    assert extensions == {"recommendation/iwgdf-ext-1", "recommendation/stc-28"}


@pytest.mark.parametrize("name", ["S29", "S30"])
def test_closing_claims_are_claims_that_something_contradicts(name: str) -> None:
    """A claim of the seed document is shown beside the grade and is never a strength."""
    graph, statement = whole(), GR[f"statement/{name}"]
    claims = [n for n in graph.subjects(DCTERMS.source, statement) if (n, RDF.type, GR.Claim) in graph]
    assert claims
    for claim in claims:
        assert list(graph.objects(claim, GR.contradictedBy)) and list(graph.objects(claim, GR.appliesTo))
        assert not list(graph.objects(claim, GR.strength))
