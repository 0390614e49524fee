"""Checks of names: prefixes, declared and deprecated terms, imports, and the catalog of documents."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from posixpath import normpath
from xml.parsers import expat

import pyoxigraph as ox

from reasoner.graph import DCTERMS, GR, OWL, RDF, RDFS, SKOS, TYPE, XSD
from reasoner.shapes import SH
from reasoner.spelling import nearest, parted

from .bench import Bench
from .found import Found
from .problem import Problem
from .snapshot import CATALOG, FOREIGN, ONTOLOGY, Document

_FREE = tuple(GR + name for name in ("ontology/", "CodeSystem/", "mapping-column/"))
"""Parts of our namespace whose names are not terms."""
_INSTANCES = tuple(
    GR + name for name in ("probe/", "case/", "recommendation/", "shape/", "mapping-column/", "CodeSystem/")
)
"""Parts of our namespace where a file may describe nodes of its own."""
_BUILT_IN = {
    RDF: "type first rest nil value List Property langString",
    RDFS: "label comment seeAlso isDefinedBy domain range subClassOf subPropertyOf Class Datatype Literal Resource",
    OWL: "AllDifferent AllDisjointClasses AllDisjointProperties AnnotationProperty Class DatatypeProperty "
    "FunctionalProperty InverseFunctionalProperty NamedIndividual Nothing ObjectProperty Ontology Restriction "
    "SymmetricProperty Thing TransitiveProperty allValuesFrom backwardCompatibleWith cardinality complementOf "
    "datatypeComplementOf deprecated differentFrom disjointUnionOf disjointWith distinctMembers equivalentClass "
    "equivalentProperty hasKey hasSelf hasValue imports incompatibleWith intersectionOf inverseOf maxCardinality "
    "maxQualifiedCardinality members "
    "minCardinality minQualifiedCardinality onClass onDataRange onDatatype onProperties "
    "onProperty oneOf priorVersion propertyChainAxiom propertyDisjointWith qualifiedCardinality sameAs someValuesFrom "
    "unionOf versionIRI versionInfo withRestrictions",
    XSD: "anyURI boolean date dateTime decimal double float gYear integer string minInclusive minExclusive "
    "maxInclusive maxExclusive pattern length minLength maxLength nonNegativeInteger positiveInteger int long duration",
}
_STANDARD = frozenset(base + name for base, names in _BUILT_IN.items() for name in names.split())
_CHECKED = (GR, RDF, RDFS, OWL, XSD, SKOS, DCTERMS)
_REPLACES = {DCTERMS + "isReplacedBy", DCTERMS + "replaces"}
_ENTRY = re.compile(r'<uri\b[^>]*\bname="([^"]*)"[^>]*\buri="([^"]*)"')

Use = tuple[str, str, str]
"""A term, the node that uses it, and the part of the statement that it is: subject, predicate or object."""


def prefixes(bench: Bench) -> Found:
    """A prefix stands for the same namespace in every file of the ontology."""
    usual: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for document in bench.ontology:
        for prefix, base in document.text.prefixes.items():
            usual[prefix][base] += 1
    for document in (*bench.ontology, *bench.cases):
        yield len(document.text.prefixes)
        for prefix, base in document.text.prefixes.items():
            common = _usual(usual[prefix], base)
            if common is not None:
                line = document.text.find(f"<{base}>") or document.text.find(f"prefix {prefix}:") or 1
                message = f"stands for <{base}> here, and for <{common}> everywhere else"
                yield Problem(f"{document.name}:{line}", f"`{prefix}:` (prefix)", message, f"write <{common}>")


def _usual(counted: Counter[str], base: str) -> str | None:
    """The namespace that a prefix has elsewhere, where this one is alone with another, or close to it."""
    others = [(other, n) for other, n in counted.most_common() if other != base]
    if not others or counted[base] > 1:
        return None
    common, number = others[0]
    return common if number > 1 or get_close_matches(base, [common], 1, 0.85) else None


def terms(bench: Bench) -> Found:
    """Every term that a file uses is declared, and none of them is deprecated."""
    graph = bench.graph
    declared = {s for s in graph.all_subjects() if TYPE in graph.predicates(s)}
    declared |= {iri for document in bench.ontology for iri in document.broken}
    deprecated = {s for s in graph.all_subjects() if graph.text(s, OWL + "deprecated") == "true"}
    unknown: dict[str, list[tuple[Document, Use]]] = {}
    outdated: dict[str, list[tuple[Document, Use]]] = {}
    for document in (*bench.ontology, *bench.cases, *bench.shapes):
        used = bench.memo.get(("uses", document.name, document.data), lambda d=document: _uses(d))  # type: ignore[misc]
        yield len(used)
        own = {use[0] for use in used if use[2] == "subject"}
        odd = {base for prefix, base in document.text.prefixes.items() if not _is_usual(bench, prefix, base)}
        for use in used:
            iri = use[0]
            if iri in deprecated and use[2] != "subject":
                outdated.setdefault(iri, []).append((document, use))
            if iri in declared or iri in _STANDARD or (iri in own and _is_own(document, iri)):
                continue
            if not iri.startswith(tuple(odd)) and _is_checked(document, iri):
                unknown.setdefault(iri, []).append((document, use))
    for places in outdated.values():
        yield _deprecated(bench, places)
    # What a file that stops too early would declare is not known.
    cut = next((document.name for document in bench.ontology if document.is_cut), None)
    for iri, places in unknown.items():
        problem = _undeclared(bench, iri, places, declared)
        yield problem if cut is None else replace(problem, about=cut, coarse=True)


def _is_usual(bench: Bench, prefix: str, base: str) -> bool:
    bases = Counter(d.text.prefixes[prefix] for d in bench.ontology if prefix in d.text.prefixes)
    return not bases or bases[base] > 1 or bases.most_common(1)[0][0] == base


def _is_checked(document: Document, iri: str) -> bool:
    """In the ontology every vocabulary that it is written in is checked; elsewhere ours, as patients use any."""
    spaces = _CHECKED if document.name.startswith(f"{ONTOLOGY}/") and "/cases/" not in document.name else (GR,)
    return iri.startswith(spaces) and not iri.startswith(_FREE)


def _is_own(document: Document, iri: str) -> bool:
    return "/cases/" in document.name or document.name.startswith("shapes/") or iri.startswith(_INSTANCES)


def _uses(document: Document) -> list[Use]:
    """Each term that a file names, once for each node that names it."""
    holders = {q.object.value: q.subject for q in document.quads if isinstance(q.object, ox.BlankNode)}
    found: dict[Use, None] = {}
    for quad in document.quads:
        owner: ox.NamedNode | ox.BlankNode | None = quad.subject  # type: ignore[assignment]
        for _ in range(len(holders) + 1):
            if not isinstance(owner, ox.BlankNode):
                break
            owner = holders.get(owner.value)  # type: ignore[assignment]
        name = owner.value if owner is not None else ""
        parts = ((quad.subject, "subject"), (quad.predicate, "predicate"), (quad.object, "object"))
        for node, part in parts:
            if isinstance(node, ox.Literal):
                node = node.datatype
            # Versions, and what a term was replaced by, may be gone.
            is_version = quad.predicate.value == OWL + "versionIRI" or quad.predicate.value in _REPLACES
            if isinstance(node, ox.NamedNode) and not (is_version and part == "object"):
                found[node.value, name, part] = None
    return list(found)


def _undeclared(bench: Bench, iri: str, places: list[tuple[Document, Use]], declared: set[str]) -> Problem:
    """The first place that uses a term; the others in words."""
    document, (_, owner, _) = next(((d, use) for d, use in places if use[2] != "subject"), places[0])
    described = next((d for d, use in places if use[2] == "subject" and use[1] == iri), None)
    if described is not None:
        fix = "say what it is, such as `a owl:Class`"
        return bench.problem(iri, "is described but not declared", fix, described.name)
    files = {d.name for d, _ in places}
    users = {(d.name, use[1]) for d, use in places if use[1] != iri}
    more = "" if len(users) < 2 else f" (used by {len(users)} terms in {len(files)} file{'s' * (len(files) > 1)})"
    span = document.text.block(owner) or (1, 0)
    meant = _meant(bench, iri, declared, "\n".join(document.text.lines[span[0] - 1 : span[1]]))
    message = f"`{bench.curie(iri)}` is not declared in the ontology{more}"
    owner = owner or iri  # a description without a name, as that of different values
    other = "declare it, or mend the name" if iri.startswith(GR) else "see the vocabulary for the name that is meant"
    fix = meant or other
    clues = (iri, _as_written(iri))
    # What the other users lack, as its name is none, follows.
    also = tuple(bench.locate(use[1], clues, d.name) for d, use in places if use[1] not in ("", iri, owner))
    return replace(bench.problem(owner, message, fix, document.name, clues), also=also)


def _as_written(iri: str) -> str:
    return " a " if iri == TYPE else re.split(r"[#/]", iri)[-1] or iri


def _meant(bench: Bench, iri: str, declared: set[str], block: str) -> str | None:
    """The declared term that was probably meant: near in its own namespace, or of the same name in another one."""
    known = {name for name in (*declared, *_STANDARD) if not name.startswith("_:")}
    meant = nearest(iri, known) or _namesake(bench, iri, known, block)
    if meant is None:
        return None
    return f"did you mean {bench.label(meant)}?" if meant.startswith(GR) else f"did you mean `{_short(meant)}`?"


def _namesake(bench: Bench, iri: str, known: set[str], block: str) -> str | None:
    """A term of the same name under another prefix: the values of a finding are no values of another."""
    base, local = parted(iri)
    if base not in _CHECKED:
        return None
    same = sorted(name for name in known if parted(name)[1] == local)
    # Of several namesakes only one whose prefix the description uses already.
    used = [name for name in same if bench.curie(name).partition(":")[0] + ":" in block]
    return next(iter(used or same[: len(same) == 1]), None)


def _short(iri: str) -> str:
    prefix = {RDF: "rdf", RDFS: "rdfs", OWL: "owl", XSD: "xsd", SKOS: "skos", DCTERMS: "dcterms", SH: "sh"}
    return next((f"{p}:{iri[len(base) :]}" for base, p in prefix.items() if iri.startswith(base)), iri)


def _deprecated(bench: Bench, places: list[tuple[Document, Use]]) -> Problem:
    document, (iri, owner, _) = places[0]
    new = bench.graph.node(iri, DCTERMS + "isReplacedBy")
    fix = "use another term, or take the deprecation back" if new is None else f"use {bench.label(new)}"
    more = f" (so do {len(places) - 1} more terms)" if len(places) > 1 else ""
    return bench.problem(owner, f"uses {bench.label(iri)}, which is deprecated{more}", fix, document.name, (iri,))


def documents(bench: Bench) -> Found:
    """Every document imports what is there, and the catalog leads to every document of the folder."""
    graph = bench.graph
    known = {iri for iri in graph.instances(OWL + "Ontology") if not iri.startswith("_:")}
    known |= {iri for document in bench.ontology for iri in document.broken}
    cut = next((document.name for document in bench.ontology if document.is_cut), None)
    for iri in sorted(known):
        yield 1
        for imported in graph.nodes(iri, OWL + "imports"):
            if imported not in known and imported.startswith(GR):
                near = get_close_matches(imported, known, 1, 0.85)
                fix = f"did you mean `{bench.curie(near[0])}`?" if near else "mend the name, or add the document"
                message = f"imports `{bench.curie(imported)}`, which no file of the folder is"
                problem = bench.problem(iri, message, fix, clues=(imported,))
                yield problem if cut is None else replace(problem, about=cut, coarse=True)
    for suffix in FOREIGN:
        for name in bench.names(ONTOLOGY, suffix):
            message = "is not read: the knowledge is kept as Turtle"
            path = bench.snapshot.folder / name if bench.snapshot.folder.name != ONTOLOGY else name
            fix = f"run `guideline fmt {path}`, which takes it over into `{name[: -len(suffix)]}.ttl`, then remove it"
            yield Problem(f"{name}:1", f"`{name.rpartition('/')[2]}` (file of an editor)", message, fix)
    if (name := f"{ONTOLOGY}/{CATALOG}") in bench.files:
        yield from _catalog(bench, name, known)


def _catalog(bench: Bench, name: str, known: set[str]) -> Iterator[Problem]:
    data = bench.files[name]
    lines = data.decode("utf-8", "replace").splitlines()
    try:
        expat.ParserCreate().Parse(data, True)
    except expat.ExpatError as error:
        message = f"does not parse: {expat.ErrorString(error.code)}"
        yield Problem(
            f"{name}:{min(error.lineno, len(lines))}", f"`{CATALOG}` (catalog)", message, "mend the XML at this place"
        )
        return
    entries = {match[1]: (match[2], n) for n, line in enumerate(lines, 1) for match in _ENTRY.finditer(line)}
    for iri, (file, line) in entries.items():
        if normpath(f"{ONTOLOGY}/{file}") not in bench.files:
            near = get_close_matches(file, [n.removeprefix(f"{ONTOLOGY}/") for n in bench.files], 1, 0.85)
            fix = f"did you mean `{near[0]}`?" if near else "remove the entry, or add the file"
            yield Problem(f"{name}:{line}", bench.label(iri), f"leads to `{file}`, which is not there", fix, iri)
    end = next((n for n, line in enumerate(lines, 1) if "</catalog>" in line), len(lines))
    for iri in sorted(known - entries.keys()):
        file = bench.graph.file(iri)
        if f"{ONTOLOGY}/{file}" in bench.files and not file.startswith("core/"):
            fix = f'add `<uri name="{iri}" uri="{file}"/>`'
            yield Problem(
                f"{name}:{end}", bench.label(iri), "has no entry in the catalog, so no editor finds it", fix, iri
            )
