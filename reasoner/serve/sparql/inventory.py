"""What a store holds: its graphs with their sizes, counted once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox


@dataclass(frozen=True, slots=True)
class Inventory:
    """The sizes of a store; all zero where another server is asked."""

    triples: int = 0
    graphs: Mapping[str, int] = field(default_factory=dict)
    """Triples by IRI of each named graph."""
    classes: int = 0
    properties: int = 0
    invalid: int = 0
    """Inputs of --data with invalid patient data."""
    broken: tuple[str, ...] = ()
    """What could not be read of --data."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "triples": self.triples, "graphs": dict(self.graphs), "classes": self.classes,
            "properties": self.properties, "invalid": self.invalid, "broken": list(self.broken),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Inventory:
        """What ``to_dict`` gave."""
        return cls(**{**data, "broken": tuple(data["broken"])})


def count(store: ox.Store, invalid: int = 0, broken: tuple[str, ...] = ()) -> Inventory:
    """Count a store."""

    def number(query: str) -> int:
        found = store.query(f"SELECT (COUNT(*) AS ?n) {{ {query} }}")
        assert isinstance(found, ox.QuerySolutions)
        return int(next(found)["n"].value)

    found = store.query("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g")
    assert isinstance(found, ox.QuerySolutions)
    graphs = {row["g"].value: int(row["n"].value) for row in found}
    return Inventory(
        number("?s ?p ?o"),
        graphs,
        number("SELECT DISTINCT ?c { ?s a ?c }"),
        number("SELECT DISTINCT ?p { ?s ?p ?o }"),
        invalid,
        broken,
    )
