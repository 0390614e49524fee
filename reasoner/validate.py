"""SHACL on patient graphs: the fast engine where answers wait for it, pyshacl as the reference.

What a shape says and what the program finds by itself meet in ``merge``. One thing is said once: of one finding of one
subject, at one severity, the program's sentence is kept, because it names the values; the shapes add what the program
does not look at, and the program what no shape can see (a unit, a date, a resource that cannot be read).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from .errors import KnowledgeError
from .graph import GR
from .model import Model, Result, SubjectFacts
from .owl import short
from .shapes import SH, Shapes, ntriples

if TYPE_CHECKING:
    import rdflib

Triples = Iterable[ox.Triple | ox.Quad]

_BLANK = "urn:guideline-reasoner:blank:"


@dataclass(frozen=True, slots=True)
class Check:
    """One SHACL result: the IRIs of shape and path, the local name of the constraint component."""

    focus: str
    path: str | None
    shape: str
    component: str
    severity: str
    message: str
    value: str | None = None
    """The offending value as N-Triples."""

    def order(self) -> tuple[str, ...]:
        """The same order whatever the engine, and whatever the order of the graph."""
        return self.focus, self.path or "", self.shape, self.component, self.severity, self.message, self.value or ""


@dataclass(frozen=True, slots=True)
class Found:
    """A result of the answer, with the SHACL result that says the same, if one does."""

    result: Result
    check: Check | None = None


class Validator:
    """Shapes, compiled once. Without shapes every graph conforms; ``model`` has the findings that they are about."""

    def __init__(self, shapes: Shapes, model: Model | None = None) -> None:
        self.shapes = shapes
        self._notations = {f.iri: f.notation for f in model.findings.values()} if model else {}
        self._reference: rdflib.Graph | None = None
        self._compiled: Any = None
        if shapes.triples:
            import shacl

            try:
                self._compiled = shacl.Shapes.from_text(shapes.to_ntriples(), "ntriples")
                self._compiled.validate_text("", "ntriples")
            except ValueError as error:
                message = str(error).split("\n")[0].removeprefix("invalid shapes graph: ")
                raise KnowledgeError(f"cannot be used: {message}", ", ".join(shapes.files), "mend the shape") from error

    def validate(self, triples: Triples) -> list[Result]:
        """The results on a graph, sorted; what several constraints say in the same words is said once."""
        return self._results(self.check(triples))

    def reference(self, triples: Triples) -> list[Result]:
        """The same by pyshacl, a hundred times slower."""
        return self._results(self.reference_check(triples))

    def report(self, triples: Triples) -> rdflib.Graph:
        """The results on a graph as a sh:ValidationReport."""
        import rdflib

        from .report import report

        found = [Found(self.result(check), check) for check in self.check(triples)]
        return rdflib.Graph().parse(data=report([found]), format="turtle")

    def check(self, triples: Triples) -> list[Check]:
        """Every SHACL result on a graph, sorted."""
        return [] if self._compiled is None else self.check_text(_named(triples))

    def check_text(self, text: str) -> list[Check]:
        """The same on N-Triples without blank nodes."""
        if self._compiled is None:
            return []
        try:
            report = self._compiled.validate_text(text, "ntriples")
        except ValueError as error:
            raise KnowledgeError(
                f"cannot be used: {str(error).splitlines()[0]}", ", ".join(self.shapes.files), "mend the shape"
            ) from error
        if report.conforms:
            return []
        return sorted((_check(result) for result in report.results), key=Check.order)

    def reference_check(self, triples: Triples) -> list[Check]:
        """The same by pyshacl."""
        if not self.shapes.triples:
            return []
        import rdflib

        if self._reference is None:
            self._reference = rdflib.Graph().parse(data=self.shapes.to_ntriples(), format="nt")
        data = rdflib.Graph().parse(data=_named(triples), format="nt")
        return sorted(reference(data, self._reference), key=Check.order)

    def result(self, check: Check) -> Result:
        """A SHACL result as a result of the answer: the path is the notation of the finding, if it is about one."""
        about = check.path or self.shapes.about.get(check.shape) or check.shape
        return Result(check.severity, check.focus, self._notations.get(about), check.message, about)

    def _results(self, checks: Iterable[Check]) -> list[Result]:
        return list(dict.fromkeys(self.result(check) for check in checks))

    def merge(self, native: Sequence[Result], checks: Sequence[Check], names: Names) -> list[Found]:
        """What the program found, then what only the shapes found; a thing that both say is said once."""
        said: dict[tuple[str, str | None, str], Check | None] = dict.fromkeys(map(_key, native))
        added: dict[Result, Check] = {}
        for check in checks:
            own = self.result(check)
            keys = [_key(replace(own, focus=focus)) for focus in (own.focus, *names.speak.get(own.focus, ()))]
            if not (known := [key for key in keys if key in said]):
                added.setdefault(replace(own, focus=names.show.get(own.focus, own.focus)), check)
            for key in known:
                said[key] = said[key] or check
        found = [Found(result, said[_key(result)]) for result in dict.fromkeys(native)]
        return found + [Found(result, check) for result, check in added.items()]


@dataclass(frozen=True, slots=True)
class Names:
    """The nodes of a patient graph and the names that results bear."""

    speak: Mapping[str, Sequence[str]]
    """The subjects in whose name the program speaks of a node: of a foot it speaks as of each lesion on it."""
    show: Mapping[str, str]
    """The name to show instead of a node that the input does not have."""

    @classmethod
    def of(cls, subjects: Iterable[tuple[SubjectFacts, Sequence[ox.NamedNode | ox.BlankNode]]]) -> Names:
        """The names of subjects with their nodes."""
        speak: dict[str, list[str]] = {}
        show: dict[str, str] = {}
        for subject, nodes in subjects:
            name = subject.reference or subject.iri
            for node in nodes:
                own = node.value if isinstance(node, ox.NamedNode) else f"_:{node.value}"
                speak.setdefault(own, []).append(name)
                if not subject.nodes and own != subject.patient:
                    show.setdefault(own, name)
        return cls(speak, show)


def _key(result: Result) -> tuple[str, str | None, str]:
    return result.focus, result.path or result.about, result.severity


def _check(result: Any) -> Check:
    return Check(
        focus=_node(result.focus_node),
        path=_simple(result.path),
        shape=_node(result.source_shape),
        component=result.component,
        severity=result.severity,
        message=_said(result.message),
        value=None if result.value is None else _value(result.value),
    )


def reference(data: rdflib.Graph, shapes: rdflib.Graph, advanced: bool = False) -> list[Check]:
    """Every result of pyshacl on a graph."""
    import pyshacl
    import rdflib

    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=advanced, inference="none", do_owl_imports=False)
    assert isinstance(report, rdflib.Graph)
    sh = rdflib.Namespace(SH)
    found = []
    for node in report.objects(None, sh.result):
        path, shape, value = (report.value(node, sh[name]) for name in ("resultPath", "sourceShape", "value"))
        found.append(
            Check(
                focus=_node(_written(report.value(node, sh.focusNode))),
                path=str(path) if isinstance(path, rdflib.URIRef) else None,
                shape=str(shape),
                component=short(str(report.value(node, sh.sourceConstraintComponent))),
                severity=short(str(report.value(node, sh.resultSeverity))),
                message=_said(str(report.value(node, sh.resultMessage))),
                value=None if value is None else _value(_written(value)),
            )
        )
    return found


def _written(node: Any) -> str:
    return str(node.n3())


def _named(triples: Triples) -> str:
    """The graph as N-Triples in which blank nodes have names: an engine would give them others."""
    triples = list(triples)
    text = ntriples(triples)
    if "_:" not in text:
        return text
    lines = []
    for t in triples:
        subject, object_ = (
            ox.NamedNode(_BLANK + n.value) if isinstance(n, ox.BlankNode) else n for n in (t.subject, t.object)
        )
        lines.append(f"{subject} {t.predicate} {object_} .\n")
    return "".join(lines)


def _node(written: str) -> str:
    """A node in N-Triples as the program names it: an IRI, or a blank node with ``_:``."""
    iri = written[1:-1] if written.startswith("<") else written
    return "_:" + iri[len(_BLANK) :] if iri.startswith(_BLANK) else iri


def _value(written: str) -> str:
    return _node(written) if written.startswith(f"<{_BLANK}") else written


def _simple(path: str | None) -> str | None:
    """The IRI of a path that is one property; a compound path has no name."""
    if path is None or not path.startswith("<") or path.find(">") != len(path) - 1:
        return None
    return path[1:-1]


def _said(message: str | None) -> str:
    return (message or "").replace(GR, "gr:")
