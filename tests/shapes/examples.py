"""The examples of shapes/examples: each a Turtle file whose name is its claim, with what must fire in its first lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from reasoner.graph import GR

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "shapes" / "examples"
SHAPE = GR + "shape/"


@dataclass(frozen=True)
class Example:
    """One example; ``fires`` holds (shape, component), ``says`` the messages, both as its first lines declare."""

    path: Path
    fires: tuple[tuple[str, str], ...]
    says: tuple[str, ...]

    @property
    def triples(self) -> list[ox.Quad]:
        return list(ox.parse(self.path.read_bytes(), format=ox.RdfFormat.TURTLE))


def examples(of: str, kind: str) -> list[Example]:
    """All examples in a folder, sorted by name."""
    found = []
    for path in sorted((EXAMPLES / of / kind).glob("*.ttl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        fires = tuple(sorted((a, b) for a, b in (line[9:].split() for line in lines if line.startswith("# Fires: "))))
        says = tuple(sorted(line[8:] for line in lines if line.startswith("# Says: ")))
        found.append(Example(path, fires, says))
    return found


def name(example: Example) -> str:
    return example.path.stem
