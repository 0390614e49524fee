"""What all resources share: address, version, status, licence, sources, notice; and codes for our terms."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from reasoner.answer import NOTICE
from reasoner.graph import DCTERMS, DEFINITION, GR, LABEL, NOTATION, OWL, SKOS, TYPE, Graph
from reasoner.manchester import Manchester
from reasoner.owl import short
from reasoner.words import Words

if TYPE_CHECKING:
    from reasoner.assess import Reasoner

Release = Literal["R4", "R5"]
Json = dict[str, Any]

CANONICAL = GR + "fhir/"
FHIR_VERSIONS: Mapping[Release, str] = {"R4": "4.0.1", "R5": "5.0.0"}
ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_WORD = re.compile(r"[A-Za-z0-9]+")
_DOI = re.compile(r"doi:(10\.\S+)", re.IGNORECASE)
_PUBMED = re.compile(r"PMID:\s*(\d+)", re.IGNORECASE)
_DOI_ADDRESS = "https://doi.org/"
_WEB = re.compile(r"https?://\S+")
_URI_SYSTEM = "urn:ietf:rfc:3986"
_WITH_USAGE = frozenset({"PlanDefinition", "ActivityDefinition", "Library"})
_ONE_IDENTIFIER = frozenset({"ConceptMap"})


class Maker:
    """Makes resources of one release from one body of knowledge."""

    def __init__(self, reasoner: Reasoner, release: Release) -> None:
        self.reasoner, self.knowledge, self.release = reasoner, reasoner.knowledge, release
        self.graph: Graph = reasoner.knowledge.graph
        self.words = Words(reasoner.knowledge)
        self.manchester = Manchester(self.graph)
        self.documents = {self.graph.file(iri): iri for iri in self.graph.instances(OWL + "Ontology")}
        homes = {self.graph.file(own.iri) for own in reasoner.knowledge.guidelines}
        self._by_folder = {_folder(file): self.documents[file] for file in sorted(homes) if file in self.documents}
        self._codes = self._outer_codes()

    @property
    def r5(self) -> bool:
        """Whether the resources are of R5."""
        return self.release == "R5"

    # Terms

    def text(self, iri: str, predicate: str) -> str:
        """A literal of a term, empty where it has none."""
        return self.graph.text(iri, predicate) or ""

    def label(self, iri: str) -> str:
        """The label of a term."""
        return self.graph.text(iri, LABEL) or short(iri)

    def notation(self, iri: str) -> str:
        """The notation of a term, else the end of its IRI."""
        return self.graph.text(iri, NOTATION) or short(iri).rsplit("/")[-1].removeprefix("gr:")

    def id_of(self, iri: str) -> str:
        """A FHIR id for a term: its notation where that is one."""
        return fhir_id(self.notation(iri))

    def space(self, iri: str) -> str:
        """The id of the code system of a term: the part of its IRI before the notation."""
        return fhir_id(iri.removeprefix(GR).rpartition("/")[0].replace("/", "-"))

    def canonical(self, type_: str, id_: str) -> str:
        """The address of a resource of ours."""
        return f"{CANONICAL}{type_}/{id_}"

    def coding(self, iri: str) -> Json:
        """A term of ours as a Coding."""
        system = self.canonical("CodeSystem", self.space(iri))
        return {"system": system, "code": self.notation(iri), "display": self.label(iri)}

    def concept(self, iri: str) -> Json:
        """A term of ours as a CodeableConcept: the codes that HL7 has for it first, then its own."""
        return {"coding": [*self._codes.get(iri, ()), self.coding(iri)], "text": self.label(iri)}

    def outer(self, iri: str) -> Json | None:
        """The codes of other code systems for a term as a CodeableConcept, None where it has none."""
        codings = self._codes.get(iri)
        return {"coding": list(codings), "text": codings[0]["display"]} if codings else None

    def _outer_codes(self) -> dict[str, tuple[Json, ...]]:
        graph, found = self.graph, dict[str, tuple[Json, ...]]()
        for code in graph.instances(GR + "ArtifactCode"):
            releases = [said.value for said in graph.values(code, GR + "inRelease") if not isinstance(said, str)]
            if self.release in releases:
                system, value = self.text(code, GR + "systemUri"), self.text(code, GR + "codedAs")
                coding = {"system": system, "code": value, "display": self.label(code)}
                for iri in graph.nodes(code, GR + "codeFor"):
                    found[iri] = (*found.get(iri, ()), coding)
        return found

    def level(self, iri: str) -> float | None:
        """The level that the outer code of a term says, None where it says none."""
        for code in self.graph.subjects(GR + "codeFor", iri):
            if (level := self.graph.text(code, GR + "level")) is not None:
                return float(level)
        return None

    # Resources

    def artifact(
        self, type_: str, id_: str, iri: str, *, statuses: Iterable[str] = (), title: str = "", description: str = ""
    ) -> Json:
        """The elements that every resource of ours begins with; ``statuses`` are IRIs of transcription statuses."""
        title = title or self.label(iri)
        identifier = {"system": _URI_SYSTEM, "value": iri}
        made: Json = {
            "resourceType": type_,
            "id": id_,
            "extension": [self.extension("notice", valueString=NOTICE)],
            "url": self.canonical(type_, id_),
            "identifier": identifier if type_ in _ONE_IDENTIFIER and not self.r5 else [identifier],
            "version": self.header(iri, OWL + "versionInfo"),
            "name": name_of(id_),
            "title": title,
            "status": self.status(iri, statuses),
            "date": self.header(iri, DCTERMS + "date"),
            "publisher": self.header(iri, DCTERMS + "publisher"),
            "description": description or self.text(iri, DEFINITION) or title,
            "copyright": self._copyright(iri),
            "approvalDate": self.header(iri, DCTERMS + "dateAccepted") if type_ in _APPROVED else None,
        }
        if type_ in _WITH_USAGE:
            made["usage"] = NOTICE
        if document := self.document(iri):
            where = self.graph.node(document, OWL + "versionIRI") or document
            made["extension"].append(self.extension("defined-in", valueUri=where))
        return {key: value for key, value in made.items() if value is not None}

    def document(self, iri: str) -> str | None:
        """The ontology document that describes a term."""
        return self.documents.get(self.graph.file(iri))

    def header(self, iri: str, predicate: str) -> str | None:
        """What the document of a term says of itself, else that of the guideline beside it."""
        for document in (self.document(iri), self._by_folder.get(_folder(self.graph.file(iri)))):
            if document is not None and (said := self.graph.text(document, predicate)) is not None:
                return said
        return None

    def _copyright(self, iri: str) -> str | None:
        document = self.document(iri)
        licence = None if document is None else self.graph.node(document, DCTERMS + "license")
        return None if licence is None else f"Licensed under {licence}"

    def status(self, iri: str, statuses: Iterable[str]) -> str:
        """The publication status: retired where deprecated, active where every transcription status allows it."""
        if self.graph.text(iri, OWL + "deprecated") == "true":
            return "retired"
        allowed = {self.graph.text(status, GR + "publicationStatus") for status in statuses}
        return "active" if allowed <= {"active"} else "draft"

    def extension(self, name: str, **said: Any) -> Json:
        """An extension of ours: a value, or with ``extension`` its parts."""
        return {"url": self.canonical("StructureDefinition", name), **said}

    def transcription(self, **statuses: str | None) -> list[Json]:
        """How facts reached the knowledge: an extension with a part for each, none where nothing is said."""
        parts = [
            {"url": name, "valueCoding": self.coding(f"{GR}status/{status}")}
            for name, status in statuses.items()
            if status is not None
        ]
        return [self.extension("transcription", extension=parts)] if parts else []

    def sources(self, iri: str) -> list[Json]:
        """The documents and statements that a term rests on, as citations."""
        return [self.related(source) for source in sorted(self.graph.nodes(iri, DCTERMS + "source"))]

    def related(self, source: str) -> Json:
        """One source as a RelatedArtifact."""
        cited = self.graph.text(source, DCTERMS + "bibliographicCitation") or self.graph.text(source, GR + "text")
        made: Json = {"type": "citation"}
        if source not in self.graph:
            return made | {"display": source, **self.at(source)}
        status = self.graph.node(source, GR + "status")
        if status is not None:
            made = {"extension": self.transcription(source=self.notation(status)), **made}
        made |= {"label": self.notation(source), "display": self.text(source, DCTERMS + "title") or self.label(source)}
        if cited:
            made["citation"] = cited
        if addresses := self.addresses(source):
            made |= self.at(addresses[0])
        if GR + "Citation" in self.graph.nodes(source, TYPE):
            made["resource"] = self.canonical("Citation", self.id_of(source))
        return made

    def identifiers(self, source: str) -> list[str]:
        """The identifiers of a document, sorted."""
        values = self.graph.values(source, DCTERMS + "identifier")
        return sorted(value.value for value in values if not isinstance(value, str))

    def addresses(self, source: str) -> list[str]:
        """The web addresses of a document, that of its DOI first."""
        found = {address for text in self.identifiers(source) if (address := address_of(text))}
        return sorted(found, key=lambda address: (not address.startswith(_DOI_ADDRESS), address))

    def at(self, address: str) -> Json:
        """Where a related artifact is found: R5 has no url of its own."""
        return {"document": {"url": address}} if self.r5 else {"url": address}

    def notes(self, iri: str) -> str:
        """The notes that the knowledge has on a term, joined."""
        found = []
        for predicate in (SKOS + "scopeNote", SKOS + "editorialNote"):
            found += sorted(value.value for value in self.graph.values(iri, predicate) if not isinstance(value, str))
        return "\n\n".join(found)


_APPROVED = frozenset({"PlanDefinition", "ActivityDefinition", "Library", "Citation"})
"""Types that have approvalDate in both releases."""


def _folder(file: str) -> str:
    return file.rpartition("/")[0]


def fhir_id(text: str) -> str:
    """The text where it may be an id of FHIR, else one that is made from it."""
    if _ID.fullmatch(text):
        return text
    plain = re.sub(r"[^A-Za-z0-9\-.]+", "-", text).strip("-")
    return f"{plain[:50]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def name_of(id_: str) -> str:
    """A name for programs: words run together, with a capital first."""
    name = "".join(word[0].upper() + word[1:] for word in _WORD.findall(id_))
    return name if name[:1].isalpha() else f"N{name}"


def address_of(identifier: str) -> str | None:
    """The web address of an identifier of a document, None where it has none."""
    if match := _DOI.fullmatch(identifier):
        return _DOI_ADDRESS + match[1]
    if match := _PUBMED.fullmatch(identifier):
        return f"https://pubmed.ncbi.nlm.nih.gov/{match[1]}/"
    return identifier if _WEB.fullmatch(identifier) else None
