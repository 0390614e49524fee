"""The SSSOM tables as triples: one node a row, in the terms that SSSOM gives its RDF form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pyoxigraph as ox

from .fhir.sssom import Row, Table, read_table
from .graph import GR, NOTATION, OWL, RDFS, SKOS, TYPE, Graph
from .publish import MAPPINGS

if TYPE_CHECKING:
    from .knowledge import Knowledge

SSSOM = "https://w3id.org/sssom/"
_ENDS = {"subject_id": "annotatedSource", "predicate_id": "annotatedProperty", "object_id": "annotatedTarget"}
_EXTENSION = re.compile(r"slot_name:\s*(\S+)\s*\n#\s*property:\s*(\S+)")


def mapping_quads(knowledge: Knowledge) -> Iterator[ox.Quad]:
    """All rows of all tables of the knowledge folder."""
    for name, text in sorted(knowledge.tables.items()):
        yield from _table(PurePosixPath(name), text, knowledge.graph)


def _table(path: PurePosixPath, text: str, graph: Graph) -> Iterator[ox.Quad]:
    table = read_table(path.name, text)
    columns = dict(_EXTENSION.findall(text))
    for number, row in enumerate(table.rows, 1):
        node = ox.NamedNode(f"{GR}mapping/{path.name.removesuffix('.sssom.tsv')}/{number}")
        yield ox.Quad(node, ox.NamedNode(TYPE), ox.NamedNode(SSSOM + "Mapping"), MAPPINGS)
        yield from _row(node, table, row, columns, graph)


def _row(node: ox.NamedNode, table: Table, row: Row, columns: dict[str, str], graph: Graph) -> Iterator[ox.Quad]:
    ends = {}
    for column, cell in row.cells.items():
        if not cell:
            continue
        if column in _ENDS:
            ends[column] = ox.NamedNode(table.expand(row, cell))
            yield ox.Quad(node, ox.NamedNode(OWL + _ENDS[column]), ends[column], MAPPINGS)
            continue
        predicate = columns.get(column, SSSOM + column)
        yield ox.Quad(node, ox.NamedNode(predicate), _individual(graph, predicate, cell) or ox.Literal(cell), MAPPINGS)
    code, relation, value = ends["subject_id"], ends["predicate_id"], ends["object_id"]
    yield ox.Quad(code, relation, value, MAPPINGS)
    yield ox.Quad(code, ox.NamedNode(NOTATION), ox.Literal(row["subject_id"].partition(":")[2]), MAPPINGS)
    if row["subject_label"]:
        yield ox.Quad(code, ox.NamedNode(SKOS + "prefLabel"), ox.Literal(row["subject_label"]), MAPPINGS)


def _individual(graph: Graph, predicate: str, cell: str) -> ox.NamedNode | None:
    """The individual with that notation, where the column's property leads to individuals of a class."""
    range_ = graph.node(predicate, RDFS + "range")
    if range_ is None:
        return None
    for iri in graph.instances(range_):
        if graph.text(iri, NOTATION) == cell:
            return ox.NamedNode(iri)
    return None
