"""What a store holds: its graphs with their sizes, counted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox

from reasoner.graph import TYPE


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
    """Count a store, in one pass; all that is in no named graph is its default graph."""
    triples, graphs = 0, Counter[str]()
    classes: set[Any] = set()
    properties: set[str] = set()
    for quad in store:
        if not isinstance(quad.graph_name, ox.DefaultGraph):
            graphs[quad.graph_name.value] += 1
            continue
        triples += 1
        properties.add(quad.predicate.value)
        if quad.predicate.value == TYPE:
            classes.add(quad.object)
    return Inventory(triples, dict(sorted(graphs.items())), len(classes), len(properties), invalid, broken)
