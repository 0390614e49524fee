"""The three transcription tables and the graph say the same, cell by cell; an empty cell is absent from the graph."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from rdflib.term import Node

from .ontology import GR, RDF, SKOS, instances, notation, short, table, text, whole

RECOMMENDATIONS, EVIDENCE, STATEMENTS = table("recommendations"), table("evidence"), table("statements")
NOT_GIVEN = "-"
"""What the statement table writes where the seed document names no source."""

Options = set[frozenset[tuple[str, int]]]


def options_in_table(cell: str) -> Options:
    """`a | b` are alternatives, `a + b` go together, `a, then b` follow each other; brackets name narrower things."""
    plain = re.sub(r"\s*\(.*?\)", "", cell)
    options: Options = set()
    for alternative in plain.split(" | "):
        steps = alternative.split(", then ")
        parts = {(name.strip(), place) for place, step in enumerate(steps, 1) for name in step.split(" + ")}
        # The table writes some names in words where it names no other intervention.
        options.add(frozenset((name.replace(" ", "-"), place) for name, place in parts))
    return options


def options_in_graph(own: Node) -> Options:
    graph, options = whole(), set()
    for option in graph.objects(own, GR.option):
        assert (option, RDF.type, GR.Option) in graph
        parts = graph.objects(option, GR.component)
        options.add(
            frozenset((notation(graph.value(p, GR.intervention)), int(str(graph.value(p, GR.order)))) for p in parts)
        )
    return options


def narrower_in_table(cell: str) -> set[str]:
    """What the table names in brackets behind an intervention."""
    bracket = re.search(r"\((.*?)\)", cell)
    return {name.strip().replace(" ", "-") for name in re.split(r"[|,]", bracket[1])} if bracket else set()


def narrower_in_graph(intervention: str) -> set[str]:
    return {
        notation(node)
        for node in whole().subjects(SKOS.broader, None)
        if intervention in {notation(broader) for broader in whole().transitive_objects(node, SKOS.broader)}
    }


def test_tables_are_whole() -> None:
    assert (len(RECOMMENDATIONS), len(EVIDENCE), len(STATEMENTS)) == (33, 18, 30)


def test_graph_has_the_rows_of_the_tables_and_no_others() -> None:
    assert {notation(own) for own in instances("Recommendation")} == {row["id"] for row in RECOMMENDATIONS}
    assert {notation(own) for own in instances("Evidence")} == {row["id"] for row in EVIDENCE}
    assert {notation(own) for own in instances("Statement")} == {row["id"] for row in STATEMENTS}


@pytest.mark.parametrize("row", RECOMMENDATIONS, ids=lambda row: row["id"])
def test_recommendation_is_its_row(row: dict[str, str]) -> None:
    own = GR[f"recommendation/{row['id']}"]
    in_graph = {
        "id": notation(own),
        "guideline": text(own, GR.partOfGuideline),
        "decision": text(own, GR.decision),
        "line": text(own, GR.line),
        "direction": text(own, GR.direction),
        "strength": text(own, GR.strength),
        "certainty": text(own, GR.certainty),
        "strength_status": text(own, GR.strengthStatus),
        "certainty_status": text(own, GR.certaintyStatus),
        "text_status": text(own, GR.textStatus),
        "source": text(own, GR.sourceText),
    }
    assert in_graph == {column: cell for column, cell in row.items() if column != "intervention"}
    assert options_in_graph(own) == options_in_table(row["intervention"])
    for intervention in re.findall(r"([\w-]+) \(", row["intervention"]):
        assert narrower_in_table(row["intervention"]) <= narrower_in_graph(intervention)


@pytest.mark.parametrize("row", EVIDENCE, ids=lambda row: row["id"])
def test_evidence_is_its_row(row: dict[str, str]) -> None:
    own = GR[f"evidence/{row['id']}"]
    columns = {
        "intervention": GR.evaluatedIntervention,
        "comparator": GR.comparator,
        "outcome": GR.outcome,
        "role": GR.role,
        "measure": GR.measure,
        "value": GR["value"],
        "lower": GR["lower"],
        "upper": GR["upper"],
        "studies": GR.studies,
        "participants": GR.participants,
        "certainty": GR.certainty,
        "certainty_status": GR.certaintyStatus,
        "status": GR.status,
        "source": GR.sourceText,
        "note": GR.note,
    }
    in_graph = {column: text(own, predicate) for column, predicate in columns.items()}
    numbers = {"value", "lower", "upper"}
    assert in_graph == {c: cell for c, cell in row.items() if c in columns}, "as written, to the last digit"
    for column in numbers:
        assert not row[column] or Decimal(in_graph[column]) == Decimal(row[column])
    assert {notation(node) for node in whole().objects(own, GR.supports)} == set(row["supports"].split(", "))
    assert {*columns, "id", "supports"} == set(row)


@pytest.mark.parametrize("row", STATEMENTS, ids=lambda row: row["id"])
def test_statement_is_its_row(row: dict[str, str]) -> None:
    own = GR[f"statement/{row['id']}"]
    notes = {str(note) for note in whole().objects(own, SKOS.scopeNote)}
    assert notation(own) == row["id"]
    assert text(own, GR.text) == row["paraphrase"]
    assert text(own, GR.sourceText) == row["seed_source"].replace(NOT_GIVEN, "")
    assert notes == {f"section: {row['section']}", f"kind: {row['kind']}"}


@pytest.mark.parametrize("row", STATEMENTS, ids=lambda row: row["id"])
def test_statement_is_encoded_as_the_table_says(row: dict[str, str]) -> None:
    """The recommendations, findings, evidence, cautions or claims that the table names have the statement as source."""
    graph, statement = whole(), GR[f"statement/{row['id']}"]
    encoders = {
        node for predicate in graph.predicates(None, statement) for node in graph.subjects(predicate, statement)
    }
    kinds = {short(kind) for node in encoders for kind in graph.objects(node, RDF.type)}
    encoders_by_name = {notation(node) for node in encoders}
    named = re.findall(r"\bstc-\d\d\b", row["encode_as"].split("(")[0])
    if row["encode_as"].startswith("feature"):
        named += re.findall(r"[a-z]+(?:-[a-z]+)*", row["encode_as"].split(" ", 1)[1])
    assert set(named) <= encoders_by_name
    expected = {"evidence.tsv": "Evidence", "caution": "Caution", "recorded as a claim": "Claim"}
    for words, kind in expected.items():
        assert not row["encode_as"].startswith(words) or kind in kinds
