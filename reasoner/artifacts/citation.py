"""Source documents as Citation, which FHIR has since R4B."""

from __future__ import annotations

from collections.abc import Iterator

from reasoner.graph import DCTERMS, DEFINITION, GR

from .frame import Json, Maker, address_of


def citations(maker: Maker) -> Iterator[Json]:
    """One for each document; the statements in it have none of their own."""
    for iri in maker.graph.instances(GR + "Citation"):
        yield _citation(maker, iri)


def _citation(maker: Maker, iri: str) -> Json:
    statuses = maker.graph.nodes(iri, GR + "status")
    title = maker.text(iri, DCTERMS + "title") or maker.label(iri)
    made = maker.artifact("Citation", maker.id_of(iri), iri, statuses=statuses, title=title)
    made["extension"] += maker.transcription(source=maker.notation(statuses[0]) if statuses else None)
    cited = maker.text(iri, DCTERMS + "bibliographicCitation")
    if cited:
        made["summary"] = [{"text": cited}]
    identifiers = maker.identifiers(iri)
    artifact: Json = {"title": [{"text": title}]}
    if identifiers:
        artifact["identifier"] = [_identifier(text) for text in identifiers]
    if addresses := maker.addresses(iri):
        artifact["webLocation"] = [{"url": address} for address in addresses]
    if date := maker.text(iri, DCTERMS + "date"):
        artifact["publicationForm"] = [{"articleDate": date}]
    if definition := maker.text(iri, DEFINITION):
        artifact["note"] = [{"text": definition}]
    made["citedArtifact"] = artifact
    return made


def _identifier(text: str) -> Json:
    """An identifier as a URI where it has an address, else as it is written."""
    address = address_of(text)
    return {"system": "urn:ietf:rfc:3986", "value": address} if address else {"value": text}
