"""Reads the knowledge from files: the shipped core, and the guidelines of a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .errors import KnowledgeError, UsageError, raise_all
from .fhir.mapping import FhirMapping, load_mapping
from .findings import read_model
from .gradings import DerivationReader, Derivations
from .graph import GR, Graph
from .guidelines import Guideline, GuidelineReader, conflicting
from .model import Model
from .owl import ClassReader
from .shapes import Shapes, patient_shapes

_CORE = "core"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything that the program knows, and where it came from."""

    graph: Graph
    model: Model
    derivations: Derivations
    guidelines: tuple[Guideline, ...]
    mapping: FhirMapping
    clashes: tuple[tuple[str, str, str, str, str], ...]
    """Recommendations that cannot both be followed: guideline, id, the other guideline, id, why."""
    folder: Path
    shapes: Shapes
    """The shapes of patient data."""
    tables: Mapping[str, str] = field(default_factory=dict)
    """The text of each table of code mappings by file name."""


def shipped() -> Path:
    """The folder with ontology/, shapes/ and queries/: inside the installed package, else the source tree."""
    inside = Path(__file__).parent / "_knowledge"
    return inside if inside.is_dir() else Path(__file__).parent.parent


def load_knowledge(folder: Path | None = None, core: Path | None = None) -> Knowledge:
    """Load the knowledge of a folder (default: what is shipped) on top of the shipped core, or that of ``core``.

    Raises UsageError when the folder holds no ontology, KnowledgeError for the first thing that is wrong, naming how
    many more there are.
    """
    home = core or shipped()
    folder = home if folder is None else folder
    ontology = folder / "ontology" if (folder / "ontology").is_dir() else folder
    if not ontology.is_dir():
        raise UsageError("no such knowledge folder", f"`{folder}`", "name a folder that holds ontology/")
    files = dict(_files(home / "ontology" / _CORE, home / "ontology"))
    # The core is never the folder's own: what a guideline means must not depend on where it lies.
    files.update(item for item in _files(ontology, ontology) if item[0].split("/")[0] != _CORE)
    if not any(not name.startswith(_CORE + "/") and name.endswith(".ttl") for name in files):
        raise UsageError("the knowledge folder holds no guideline", f"`{folder}`", "put Turtle files into ontology/")
    graph = Graph()
    problems: list[KnowledgeError] = []
    for name, data in sorted(files.items()):
        if name.endswith(".ttl"):
            try:
                graph.parse(data, name)
            except KnowledgeError as error:
                problems.append(error)
    raise_all(problems)
    return build_knowledge(files, graph, folder, lambda: patient_shapes(folder))


def build_knowledge(files: Mapping[str, bytes], graph: Graph, folder: Path, shapes: Callable[[], Shapes]) -> Knowledge:
    """The knowledge in files that are already parsed into a graph; names are relative to the ontology."""
    model = read_model(graph)
    classes = ClassReader(graph, model)
    derivations = DerivationReader(graph, model, classes).read()
    reader = GuidelineReader(graph, classes)
    guidelines = [
        g for iri in graph.instances(GR + "Guideline") if (g := reader.guideline(iri, _hash(files, graph, iri)))
    ]
    reader.check_members()
    raise_all(reader.problems)
    if not guidelines:
        raise KnowledgeError("no guideline is declared", f"`{folder}`", "add an individual of gr:Guideline")
    tables = {name: data.decode() for name, data in files.items() if name.endswith(".sssom.tsv")}
    mapping = load_mapping(graph, tables, model)
    guidelines.sort(key=lambda g: g.id)
    clashes = _clashes(graph, reader, guidelines)
    return Knowledge(graph, model, derivations, tuple(guidelines), mapping, clashes, folder, shapes(), tables)


def _files(folder: Path, root: Path) -> list[tuple[str, bytes]]:
    found = []
    for path in sorted(folder.rglob("*")):
        # A file that begins with a dot is an editor's, not knowledge.
        is_knowledge = path.name.endswith((".ttl", ".sssom.tsv")) and not path.name.startswith(".")
        if is_knowledge and "cases" not in path.relative_to(root).parts[:-1]:
            found.append((path.relative_to(root).as_posix(), read_part(path)))
    return found


def read_part(path: Path) -> bytes:
    """What a file of the knowledge holds; raises KnowledgeError where it is none or cannot be read."""
    try:
        # A pipe would keep us waiting.
        if path.exists() and not path.is_file():
            raise KnowledgeError("is no file", f"`{path}`", "rename or remove it")
        return path.read_bytes()
    except OSError as error:
        raise KnowledgeError(f"cannot be read: {error.strerror}", f"`{path}`", "mend or remove it") from error


def _hash(files: Mapping[str, bytes], graph: Graph, guideline: str) -> str:
    """Hash of all that can change the guideline's answers: its own folder and what guidelines share."""
    homes = {graph.file(iri).rsplit("/", 1)[0] for iri in graph.instances(GR + "Guideline")}
    others = homes - {graph.file(guideline).rsplit("/", 1)[0]}
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        if name.rsplit("/", 1)[0] not in others:
            digest.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return digest.hexdigest()


def _clashes(
    graph: Graph, reader: GuidelineReader, guidelines: list[Guideline]
) -> tuple[tuple[str, str, str, str, str], ...]:
    found = []
    for i, one in enumerate(guidelines):
        for other in guidelines[i + 1 :]:
            for a in one.recommendations:
                for b in other.recommendations:
                    if (why := conflicting(graph, reader.broader, a, b)) is not None:
                        found.append((one.id, a.id, other.id, b.id, why))
    return tuple(sorted(found))
