"""What the checks work on: the files of a knowledge folder as text, and where in them a term is described."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reasoner.assess import Reasoner
from reasoner.errors import KnowledgeError, ReasonerError
from reasoner.graph import LABEL, Graph
from reasoner.knowledge import Knowledge, load_knowledge, shipped
from reasoner.places import line_of


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: where (file:line), the labelled term, what, and how to mend it."""

    where: str
    term: str
    message: str
    fix: str

    def __str__(self) -> str:
        about = f"{self.term}: " if self.term else ""
        return f"{self.where}: {about}{self.message}; {self.fix}"


@dataclass
class Bench:
    """A knowledge folder under the checks."""

    folder: Path
    dice: int = 20261122

    @cached_property
    def ontology(self) -> Path:
        """The folder of the ontology."""
        return self.folder / "ontology" if (self.folder / "ontology").is_dir() else self.folder

    @cached_property
    def home(self) -> Path:
        """The folder that shapes/ and queries/ stand in."""
        return self.ontology.parent if self.ontology.name == "ontology" else self.folder

    @cached_property
    def core(self) -> list[Path]:
        """The files of the core, which is always the shipped one."""
        return sorted((shipped() / "ontology" / "core").glob("*.ttl"))

    @cached_property
    def turtle(self) -> list[Path]:
        """The Turtle files of the ontology, the core first, without the cases."""
        own = [p for p in sorted(self.ontology.rglob("*.ttl")) if "cases" not in p.parts and p not in self.core]
        core = self.ontology / "core"
        return self.core + [p for p in own if core not in p.parents]

    @cached_property
    def graph(self) -> Graph:
        """Every ontology file that parses."""
        graph = Graph()
        for path in self.turtle:
            try:
                graph.parse(path.read_bytes(), str(path))
            except KnowledgeError:
                continue  # the syntax check has told
        return graph

    @cached_property
    def knowledge(self) -> Knowledge:
        """The knowledge as the program loads it; raises ReasonerError."""
        return load_knowledge(self.folder)

    @cached_property
    def reasoner(self) -> Reasoner:
        """The compiled knowledge under the default policy."""
        return Reasoner(self.knowledge)

    @cached_property
    def strict(self) -> Reasoner:
        """The compiled knowledge in strict mode."""
        return Reasoner(self.knowledge, strict=True)

    def shown(self, path: Path | str) -> str:
        """A path as the reader knows it: relative to the knowledge folder where it lies inside."""
        path = Path(path)
        for base in (self.home, shipped()):
            if base in path.parents:
                return path.relative_to(base).as_posix()
        return str(path)

    def locate(self, iri: str, path: Path | str | None = None) -> str:
        """``file:line`` where a term is described: the first line that begins with it, else that names it."""
        file = Path(path or self.graph.file(iri))
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return self.shown(file)
        line = line_of(text, iri)
        if line is not None:
            return f"{self.shown(file)}:{line}"
        return self.shown(file)

    def label(self, iri: str) -> str:
        """A term with its label: `gr:Foot` (foot)."""
        label = self.graph.text(iri, LABEL)
        return f"`{self.curie(iri)}`" + (f" ({label})" if label else "")

    def curie(self, iri: str) -> str:
        """A short name of a term."""
        base = "https://w3id.org/guideline-reasoner/"
        return "gr:" + iri[len(base) :] if iri.startswith(base) else iri

    def problem(self, iri: str, message: str, fix: str, path: Path | str | None = None) -> Problem:
        """A problem of a term, placed where the term is described."""
        return Problem(self.locate(iri, path), self.label(iri), message, fix)

    def from_error(self, error: ReasonerError) -> Iterator[Problem]:
        """An error of the program, and those that came with it, as problems."""
        if isinstance(error, KnowledgeError) and error.others:
            for other in error.others:
                yield from self.from_error(other)
            return
        term = error.term if isinstance(error, KnowledgeError) else None
        where = (error.where or "").strip("`") or self.shown(self.folder)
        if term is not None and term in self.graph:
            where = self.locate(term)
        yield Problem(where, "" if term is None else self.label(term), error.message, error.hint or "mend it")
