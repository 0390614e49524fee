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
    return serialized({t for answer in answers for t in AnswerWriter(answer, knowledge).triples()})


def serialized(triples: Iterable[ox.Triple]) -> bytes:
    """Triples without blank nodes as Turtle; the same triples give the same bytes."""
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


class AnswerWriter:
    """The triples of one answer."""

    def __init__(self, answer: Json, knowledge: Knowledge) -> None:
        self.answer, self.model = answer, knowledge.model
        self.guidelines = {g.id: g.iri for g in knowledge.guidelines}
        self.recommendations = {r.id: r.iri for g in knowledge.guidelines for r in g.recommendations}
        self.base = _urn(answer)

    def triples(self) -> Iterator[ox.Triple]:
        """All of them."""
        yield from self.head()
        for number, subject in enumerate(self.answer["subjects"], 1):
            yield from self._subject(subject, f"{self.base}#subject-{number}")

    def head(self) -> Iterator[ox.Triple]:
        """What made the answer, from which guidelines."""
        answer, base = self.answer, self.base
        engine = f"{answer['engine']['name']} {answer['engine']['version']}"
        agent = f"urn:{engine.replace(' ', ':')}"
        yield from self.typed(base, "Assessment")
        yield triple(base, GR + "inputHash", text_of(answer["input"]["sha256"]))
        yield triple(base, GR + "underPolicy", text_of(answer["provenance"]["policy"]))
        ended = ox.Literal(answer["provenance"]["evaluatedAt"], datatype=ox.NamedNode(XSD + "dateTime"))
        yield triple(base, PROV + "endedAtTime", ended)
        yield triple(base, RDFS + "comment", text_of(answer["provenance"]["notice"]))
        yield triple(base, PROV + "wasAssociatedWith", ox.NamedNode(agent))
        yield triple(agent, TYPE, ox.NamedNode(PROV + "SoftwareAgent"))
        yield triple(agent, LABEL, text_of(engine))
        for guideline in answer["guidelines"]:
            yield triple(base, PROV + "used", ox.NamedNode(guideline["iri"]))
            yield triple(guideline["iri"], OWL + "versionInfo", text_of(guideline["version"]))
            yield triple(guideline["iri"], DCTERMS + "identifier", text_of(f"sha256:{guideline['sha256']}"))

    def typed(self, node: str, class_: str) -> Iterator[ox.Triple]:
        """The class of a node, and that the assessment made it."""
        yield triple(node, TYPE, ox.NamedNode(GR + class_))
        if node != self.base:
            yield triple(node, PROV + "wasGeneratedBy", ox.NamedNode(self.base))

    def about(self, subject: Json, node: str) -> Iterator[ox.Triple]:
        """Which subject a node is about."""
        yield triple(self.base, GR + "answers", ox.NamedNode(node))
        yield from self.typed(node, "SubjectAnswer")
        about = iri_of(subject["subject"]) or ox.NamedNode(f"{node}-itself")
        yield triple(node, GR + "onSubject", about)
        yield ox.Triple(about, ox.NamedNode(TYPE), ox.NamedNode(GR + subject["kind"]))

    def _subject(self, subject: Json, node: str) -> Iterator[ox.Triple]:
        yield from self.about(subject, node)
        for guideline in subject["guidelines"]:
            own = f"{node}/{guideline['id']}"
            yield triple(node, GR + "guidelineAnswer", ox.NamedNode(own))
            yield from self.typed(own, "GuidelineAnswer")
            yield triple(own, GR + "onGuideline", ox.NamedNode(self.guidelines[guideline["id"]]))
            yield triple(own, GR + "scopeStatus", text_of(guideline["scope"]))
            if guideline["applicability"]:
                yield triple(own, GR + "applicability", text_of(guideline["applicability"]))
            for row in guideline["recommendations"]:
                yield from self._verdict(row, own, f"{node}/{row['id']}")

    def _verdict(self, row: Json, guideline: str, node: str) -> Iterator[ox.Triple]:
        yield triple(guideline, GR + "recommendationVerdict", ox.NamedNode(node))
        yield from self.typed(node, "RecommendationVerdict")
        yield triple(node, GR + "onRecommendation", ox.NamedNode(self.recommendations[row["id"]]))
        yield triple(node, GR + "verdict", ox.NamedNode(GR + "verdict/" + row["verdict"]))
        if row["preferred"] is not None:
            yield triple(node, GR + "preferred", text_of(str(row["preferred"]).lower()))
        if row["overriddenBy"] == "undetermined":
            yield triple(node, GR + "overrideUndetermined", _boolean(True))
        elif row["overriddenBy"]:
            yield triple(node, GR + "overriddenBy", ox.NamedNode(self.recommendations[row["overriddenBy"]]))
        for key, predicate in (("missing", "missingFinding"), ("assumed", "assumedFinding")):
            for name in row[key]:
                yield triple(node, GR + predicate, ox.NamedNode(self.model.findings[name].iri))
        for reason in row["because"]:
            yield from self._reason(reason, node)

    def _reason(self, reason: Json, verdict: str) -> Iterator[ox.Triple]:
        finding = self.model.findings[reason["finding"]]
        node = f"{verdict}/{finding.notation}"
        yield triple(verdict, GR + "because", ox.NamedNode(node))
        yield from self.typed(node, "Reason")
        yield triple(node, GR + "aboutFinding", ox.NamedNode(finding.iri))
        yield triple(node, GR + "origin", text_of(reason["from"]))
        for value in self.values(finding.notation, reason["value"]):
            yield triple(node, GR + "reasonValue", value)
        if reason["resource"]:
            yield triple(node, GR + "fromResource", text_of(reason["resource"]))

    def values(self, name: str, value: Any) -> Sequence[_Object]:
        """The value of a finding, or those still possible."""
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


def iri_of(text: str) -> ox.NamedNode | None:
    """The text as an IRI, None where it is none."""
    if text.startswith("_:"):
        return None
    try:
        return ox.NamedNode(text)
    except ValueError:
        return None


def triple(subject: str, predicate: str, object_: _Object) -> ox.Triple:
    """A triple of IRIs."""
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), object_)


def text_of(text: str) -> ox.Literal:
    """A plain literal."""
    return ox.Literal(text)


def _boolean(value: bool) -> ox.Literal:
    return ox.Literal(str(value).lower(), datatype=ox.NamedNode(XSD + "boolean"))
