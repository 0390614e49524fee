"""The answer as an RDF graph: PROV-O around verdicts, without blank nodes, the same bytes for the same answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyoxigraph as ox

from .graph import DCTERMS, GR, LABEL, OWL, RDFS, TYPE, XSD
from .knowledge import Knowledge

Json = Mapping[str, Any]

PROV = "http://www.w3.org/ns/prov#"
_PREFIXES = {
    "dcterms": DCTERMS,
    "gr": GR,
    "owl": OWL,
    "prov": PROV,
    "rdfs": RDFS,
    "verdict": GR + "verdict/",
    "rec": GR + "recommendation/",
    "guideline": GR + "guideline/",
    "xsd": XSD,
}
_Object = ox.NamedNode | ox.Literal


def turtle(answers: Iterable[Json], knowledge: Knowledge) -> bytes:
    """The graph of some answers as one Turtle document."""
    triples = {triple for answer in answers for triple in _Writer(answer, knowledge).triples()}
    ordered = sorted(triples, key=_order)
    data = ox.serialize(ordered, format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES)
    assert data is not None
    # The serializer writes the prefixes in an order that differs from run to run.
    lines = data.splitlines(keepends=True)
    head = [line for line in lines[: len(_PREFIXES)] if line.startswith(b"@prefix")]
    return b"".join([*sorted(head), *lines[len(head) :]])


def _order(triple: ox.Triple) -> tuple[str, bool, str, str]:
    subject = triple.subject.value if isinstance(triple.subject, ox.NamedNode) else str(triple.subject)
    return subject, triple.predicate.value != TYPE, triple.predicate.value, str(triple.object)


class _Writer:
    """The triples of one answer."""

    def __init__(self, answer: Json, knowledge: Knowledge) -> None:
        self.answer, self.model = answer, knowledge.model
        self.guidelines = {g.id: g.iri for g in knowledge.guidelines}
        self.recommendations = {r.id: r.iri for g in knowledge.guidelines for r in g.recommendations}
        self.base = _urn(answer)

    def triples(self) -> Iterator[ox.Triple]:
        """All of them."""
        answer, base = self.answer, self.base
        engine = f"{answer['engine']['name']} {answer['engine']['version']}"
        agent = f"urn:{engine.replace(' ', ':')}"
        yield from self._typed(base, "Assessment")
        yield _triple(base, GR + "inputHash", _text(answer["input"]["sha256"]))
        yield _triple(base, GR + "underPolicy", _text(answer["provenance"]["policy"]))
        ended = ox.Literal(answer["provenance"]["evaluatedAt"], datatype=ox.NamedNode(XSD + "dateTime"))
        yield _triple(base, PROV + "endedAtTime", ended)
        yield _triple(base, PROV + "wasAssociatedWith", ox.NamedNode(agent))
        yield _triple(agent, TYPE, ox.NamedNode(PROV + "SoftwareAgent"))
        yield _triple(agent, LABEL, _text(engine))
        for guideline in answer["guidelines"]:
            yield _triple(base, PROV + "used", ox.NamedNode(guideline["iri"]))
            yield _triple(guideline["iri"], OWL + "versionInfo", _text(guideline["version"]))
            yield _triple(guideline["iri"], DCTERMS + "identifier", _text(f"sha256:{guideline['sha256']}"))
        for number, subject in enumerate(answer["subjects"], 1):
            yield from self._subject(subject, f"{base}#subject-{number}")

    def _typed(self, node: str, class_: str) -> Iterator[ox.Triple]:
        yield _triple(node, TYPE, ox.NamedNode(GR + class_))
        if node != self.base:
            yield _triple(node, PROV + "wasGeneratedBy", ox.NamedNode(self.base))

    def _subject(self, subject: Json, node: str) -> Iterator[ox.Triple]:
        yield _triple(self.base, GR + "answers", ox.NamedNode(node))
        yield from self._typed(node, "SubjectAnswer")
        about = _iri(subject["subject"]) or ox.NamedNode(f"{node}-itself")
        yield _triple(node, GR + "onSubject", about)
        yield ox.Triple(about, ox.NamedNode(TYPE), ox.NamedNode(GR + subject["kind"]))
        for guideline in subject["guidelines"]:
            own = f"{node}/{guideline['id']}"
            yield _triple(node, GR + "guidelineAnswer", ox.NamedNode(own))
            yield from self._typed(own, "GuidelineAnswer")
            yield _triple(own, GR + "onGuideline", ox.NamedNode(self.guidelines[guideline["id"]]))
            yield _triple(own, GR + "scopeStatus", _text(guideline["scope"]))
            if guideline["applicability"]:
                yield _triple(own, GR + "applicability", _text(guideline["applicability"]))
            for row in guideline["recommendations"]:
                yield from self._verdict(row, own, f"{node}/{row['id']}")

    def _verdict(self, row: Json, guideline: str, node: str) -> Iterator[ox.Triple]:
        yield _triple(guideline, GR + "recommendationVerdict", ox.NamedNode(node))
        yield from self._typed(node, "RecommendationVerdict")
        yield _triple(node, GR + "onRecommendation", ox.NamedNode(self.recommendations[row["id"]]))
        yield _triple(node, GR + "verdict", ox.NamedNode(GR + "verdict/" + row["verdict"]))
        if row["preferred"] is not None:
            yield _triple(node, GR + "preferred", _text(str(row["preferred"]).lower()))
        if row["overriddenBy"] == "undetermined":
            yield _triple(node, GR + "overrideUndetermined", _boolean(True))
        elif row["overriddenBy"]:
            yield _triple(node, GR + "overriddenBy", ox.NamedNode(self.recommendations[row["overriddenBy"]]))
        for key, predicate in (("missing", "missingFinding"), ("assumed", "assumedFinding")):
            for name in row[key]:
                yield _triple(node, GR + predicate, ox.NamedNode(self.model.findings[name].iri))
        for reason in row["because"]:
            yield from self._reason(reason, node)

    def _reason(self, reason: Json, verdict: str) -> Iterator[ox.Triple]:
        finding = self.model.findings[reason["finding"]]
        node = f"{verdict}/{finding.notation}"
        yield _triple(verdict, GR + "because", ox.NamedNode(node))
        yield from self._typed(node, "Reason")
        yield _triple(node, GR + "aboutFinding", ox.NamedNode(finding.iri))
        yield _triple(node, GR + "origin", _text(reason["from"]))
        for value in self._values(finding.notation, reason["value"]):
            yield _triple(node, GR + "reasonValue", value)
        if reason["resource"]:
            yield _triple(node, GR + "fromResource", _text(reason["resource"]))

    def _values(self, name: str, value: Any) -> Sequence[_Object]:
        finding = self.model.findings[name]
        if isinstance(value, Mapping):
            value = value.get("possible", ())
        if isinstance(value, int | float):
            whole = finding.range is not None and finding.range.integer
            kind = "integer" if whole else "decimal"
            return [ox.Literal(str(int(value) if whole else float(value)), datatype=ox.NamedNode(XSD + kind))]
        names = [value] if isinstance(value, str) else value or ()
        return [ox.NamedNode(v.iri) for v in finding.values if v.notation in names]


def _urn(answer: Json) -> str:
    """A name for the assessment that depends on all that the answer depends on, and on nothing else."""
    told = [f"{row['subject']} {row['finding']} {row['value']}" for row in answer.get("answered", ())]
    provenance = answer["provenance"]
    parts = [
        answer["engine"]["version"], answer["input"]["sha256"], provenance["policy"], str(provenance.get("on")),
        *(g["sha256"] for g in answer["guidelines"]), *told,
    ]  # fmt: skip
    digest = bytearray(hashlib.sha256("\n".join(parts).encode()).digest()[:16])
    digest[6], digest[8] = digest[6] & 0x0F | 0x80, digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _iri(text: str) -> ox.NamedNode | None:
    if text.startswith("_:"):
        return None
    try:
        return ox.NamedNode(text)
    except ValueError:
        return None


def _triple(subject: str, predicate: str, object_: _Object) -> ox.Triple:
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), object_)


def _text(text: str) -> ox.Literal:
    return ox.Literal(text)


def _boolean(value: bool) -> ox.Literal:
    return ox.Literal(str(value).lower(), datatype=ox.NamedNode(XSD + "boolean"))
