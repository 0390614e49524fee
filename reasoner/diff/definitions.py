"""Named classes whose definition changed, in words, and everything else that is said of a term and changed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reasoner.criteria import Criterion
from reasoner.errors import KnowledgeError
from reasoner.fhir.sssom import read_table
from reasoner.graph import GR, LABEL, NOTATION, OWL, RDFS, TYPE, Graph
from reasoner.knowledge import Knowledge
from reasoner.manchester import Manchester
from reasoner.owl import ClassReader, short

from .common import Ground
from .decisions import Change
from .described import Descriptions, Said
from .shifts import shift
from .sides import Side

_DEFINING = (OWL + "equivalentClass", RDFS + "subClassOf")
_TOLD = {
    GR + "Recommendation": ("direction", "decision", "line", "strength", "certainty", "preferredOver", "overrides"),
    GR + "Finding": ("whenNotRecorded", "assumedValue", "unit", "immutable"),
}
"""What is told among the decisions, by the type of the term."""
_ABOUT_READING = "core/fhir.ttl"
"""Where the terms are declared by which records are read: what they say can change what is known of a patient."""
_IRI = re.compile(r"<([^<>\s]+)>")


@dataclass(frozen=True, slots=True)
class Redefined:
    """A named class whose axioms or label changed; ``same`` tells whether it still has the same members.

    ``same`` is None where the class is not one of subjects that can be compared.
    """

    iri: str
    name: str
    renamed_from: str | None
    old: tuple[str, ...]
    new: tuple[str, ...]
    same: bool | None


class Definitions:
    """Compares what two sides say of their terms, once renamed classes are recognised."""

    def __init__(self, sides: tuple[Side, Side], grounds: tuple[Ground, Ground], ids: Mapping[str, str]) -> None:
        self.sides, self.grounds = sides, grounds
        self.graphs = tuple(side.knowledge.graph for side in sides)
        self.readers = tuple(ClassReader(side.knowledge.graph, side.knowledge.model) for side in sides)
        self.renamed = self._renamed()
        self._iris = {**self.renamed, **ids}
        """Old IRIs to those that took their place: classes, and recommendations under a new id."""
        self.before = self._translated(sides[0].descriptions)
        self.after = sides[1].descriptions.terms

    def _renamed(self) -> dict[str, str]:
        """Classes that only OLD has to those that only NEW has, where label or expression and meaning agree."""
        found: dict[str, str] = {}
        rest = [iri for iri in self._classes(1) if iri not in self.sides[0].descriptions.terms]
        for iri in self._classes(0):
            if iri in self.sides[1].descriptions.terms:
                continue
            label = self.graphs[0].text(iri, LABEL)
            for other in rest:
                like = label is not None and label == self.graphs[1].text(other, LABEL)
                if (like or self._written(0, iri) == self._written(1, other)) and self._same(iri, other) is True:
                    found[iri] = other
                    rest.remove(other)
                    break
        return found

    def _classes(self, side: int) -> list[str]:
        graph = self.graphs[side]
        return [c for c in graph.instances(OWL + "Class") if not c.startswith("_:") and graph.nodes(c, _DEFINING[0])]

    def _written(self, side: int, iri: str) -> frozenset[str] | None:
        return self.sides[side].descriptions.terms[iri].get(_DEFINING[0])

    def _tree(self, side: int, iri: str) -> Criterion | None:
        try:
            return self.grounds[side].names.tree(self.readers[side].read(iri))
        except KnowledgeError:
            return None

    def _same(self, old: str, new: str) -> bool | None:
        before, after = self._tree(0, old), self._tree(1, new)
        if before is None or after is None:
            # Classes of values are read as part of the classes that use them: equal text is all there is to compare.
            return self._written(0, old) == self._written(1, new) or None
        try:
            return not shift(*self.grounds, before, after).is_changed
        except ValueError:
            # A class that no decision uses may have thresholds of its own, at which the space is not cut.
            return None

    def _translated(self, own: Descriptions) -> dict[str, Said]:
        """OLD in the words of NEW: renamed IRIs replaced everywhere."""
        if not self._iris:
            return dict(own.terms)

        def renew(text: str) -> str:
            if not any(iri in text for iri in self._iris):
                return text
            return _IRI.sub(lambda m: f"<{self._iris.get(m[1], m[1])}>", text)

        return {
            self._iris.get(iri, iri): {p: frozenset(map(renew, values)) for p, values in said.items()}
            for iri, said in own.terms.items()
        }

    def changed(self) -> Iterator[Redefined]:
        """Classes whose axioms or label changed, renamed ones too."""
        classes = {*self._classes(1), *(self._iris.get(iri, iri) for iri in self._classes(0))}
        back = {new: old for old, new in self.renamed.items()}
        for iri in sorted(classes):
            before, after = self.before.get(iri), self.after.get(iri)
            old_iri = back.get(iri, iri)
            keys = (*_DEFINING, LABEL)
            known = before is not None and after is not None
            if iri not in back and before and after and all(before.get(key) == after.get(key) for key in keys):
                continue
            shown, named = (1, iri) if after is not None else (0, old_iri)
            yield Redefined(
                iri,
                self.graphs[shown].text(named, LABEL) or short(named),
                back.get(iri),
                () if before is None else self._axioms(0, old_iri),
                () if after is None else self._axioms(1, iri),
                self._same(old_iri, iri) if known else None,
            )

    def _axioms(self, side: int, iri: str) -> tuple[str, ...]:
        graph, writer = self.graphs[side], Manchester(self.graphs[side])
        lines = [writer.definition(iri)]
        for parent in graph.nodes(iri, RDFS + "subClassOf"):
            if graph.nodes(parent, _DEFINING[0]) or parent.startswith("_:"):
                lines.append(f"{writer.name(iri)} SubClassOf: {writer.expression(parent)}")
        return tuple(lines)

    def metadata(self, decided: Collection[str] = ()) -> Iterator[Change]:
        """Everything else that changed about a term: labels, statements, sources, numbers.

        ``decided`` are the ids of what the decisions tell something of: what they tell is not told again.
        """
        classes = {*self._classes(1), *(self._iris.get(iri, iri) for iri in self._classes(0))}
        told = {
            (iri, GR + name)
            for type_, names in _TOLD.items()
            for iri in self.graphs[1].instances(type_)
            # What is written out but is the default besides changes no decision.
            if self.graphs[1].text(iri, NOTATION) in decided
            for name in names
        }
        for iri in sorted({*self.before, *self.after}):
            before, after = self.before.get(iri), self.after.get(iri)
            if before is None or after is None:
                if iri not in classes:
                    word = self._label(iri)
                    yield Change(short(iri), "term", word if before else "", word if after else "", self._reads(iri))
                continue
            for predicate in sorted({*before, *after}):
                skipped = _DEFINING if iri in classes else ()
                if predicate in skipped or (iri, predicate) in told:
                    continue
                gone = before.get(predicate, frozenset()) - after.get(predicate, frozenset())
                come = after.get(predicate, frozenset()) - before.get(predicate, frozenset())
                if gone or come:
                    starred = self._reads(iri) or self.graphs[1].file(predicate).endswith(_ABOUT_READING)
                    yield Change(
                        short(iri), self._label(predicate), self._words(gone, 0), self._words(come, 1), starred
                    )
        yield from self._loose()

    def _loose(self) -> Iterator[Change]:
        old, new = (side.descriptions.loose for side in self.sides)
        if old != new:
            yield Change("axioms", "about no named term", self._words(old - new, 0), self._words(new - old, 1), False)

    def _reads(self, iri: str) -> bool:
        """Whether the term is one by which records are read."""
        return any(
            graph.file(type_).endswith(_ABOUT_READING) for graph in self.graphs for type_ in graph.nodes(iri, TYPE)
        )

    def _label(self, iri: str) -> str:
        return self.graphs[1].text(iri, LABEL) or self.graphs[0].text(iri, LABEL) or short(iri)

    def _words(self, values: frozenset[str], side: int) -> str:
        return "; ".join(sorted(plain(value, self.graphs[side]) for value in values))


def plain(value: str, graph: Graph) -> str:
    """A value as written out by ``describe``, IRIs as labels or short names, literals without type."""
    text = re.sub(r'"(?:@[\w-]+|\^\^\S+)', '"', value)
    text = _IRI.sub(lambda m: graph.text(m[1], NOTATION) or graph.text(m[1], LABEL) or short(m[1]), text)
    return text[1:-1] if text.startswith('"') and text.count('"') == 2 else text


def mappings(old: Knowledge, new: Knowledge) -> Iterator[Change]:
    """Rows of the mapping tables that came, went or changed; they decide what a coded record says."""
    if old.folder == new.folder:
        return
    before, after = _rows(old), _rows(new)
    for key in sorted({*before, *after}):
        gone, come = (
            sorted(before.get(key, set()) - after.get(key, set())),
            sorted(after.get(key, set()) - before.get(key, set())),
        )
        if gone or come:
            yield Change(" ".join(key), "mapping row", "; ".join(gone), "; ".join(come), True)


def _rows(knowledge: Knowledge) -> dict[tuple[str, str], set[str]]:
    rows: dict[tuple[str, str], set[str]] = {}
    root = _root(knowledge)
    for path in sorted(root.rglob("*.sssom.tsv")):
        if path.name.startswith("."):
            continue
        for row in read_table(path.name, path.read_text(encoding="utf-8")).rows:
            said = ", ".join(
                f"{column} {cell}" for column, cell in row.cells.items() if cell and column != "subject_id"
            )
            rows.setdefault((path.name, row["subject_id"]), set()).add(said)
    return rows


def _root(knowledge: Knowledge) -> Path:
    folder = knowledge.folder
    return folder / "ontology" if (folder / "ontology").is_dir() else folder


def files(old: Knowledge, new: Knowledge) -> Iterator[Change]:
    """Files beside the ontology that came, went or changed: shapes, queries and cases."""
    if old.folder == new.folder:
        return
    before, after = _beside(old), _beside(new)
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            old_word = "as it was" if name in before else ""
            new_word = "" if name not in after else "changed" if name in before else "new"
            yield Change(name, "file", old_word, new_word, False)


def _beside(knowledge: Knowledge) -> dict[str, bytes]:
    folder = knowledge.folder
    found = {}
    for pattern in ("shapes/**/*", "queries/**/*", "ontology/**/cases/*"):
        for path in folder.glob(pattern):
            if path.is_file() and not path.name.startswith("."):
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found
