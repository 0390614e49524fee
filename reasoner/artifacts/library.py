"""The files of the knowledge as Library: by address and hash; a copy only of what is small and has no address."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

from reasoner.catalogue import shipped_queries
from reasoner.errors import ReasonerError
from reasoner.graph import DCTERMS, GR, OWL
from reasoner.guidelines import Guideline
from reasoner.knowledge import read_part, shipped
from reasoner.shapes import AUTHORING

from .frame import Json, Maker
from .plan import statuses

_TYPES = "http://terminology.hl7.org/CodeSystem/library-type"
_SMALL = 4096
"""Bytes up to which a file is copied into the resource."""
_TURTLE, _TABLE, _SPARQL = "text/turtle", "text/tab-separated-values", "application/sparql-query"


def libraries(maker: Maker) -> Iterator[Json]:
    """One for each guideline, one for the queries, one for the shapes of patient data."""
    for guideline in maker.knowledge.guidelines:
        yield _guideline(maker, guideline)
    core = maker.document(GR + "Guideline") or GR
    queries = [
        _attachment(maker, query.text.encode(), _SPARQL, query.question or query.name, None, copied=True)
        for query in shipped_queries(maker.knowledge).values()
    ]
    yield _collection(maker, "queries", core, "Queries", "SPARQL queries over the knowledge and over answers.", queries)
    shapes = [
        _attachment(maker, data, _TURTLE, f"shapes/{path.name}", None)
        for path in sorted((maker.knowledge.folder / "shapes").glob("*.ttl"))
        if path.name != AUTHORING and (data := _read(path)) is not None
    ]
    if shapes:
        yield _collection(maker, "shapes", core, "Shapes", "SHACL shapes of input data.", shapes)


def _collection(maker: Maker, id_: str, iri: str, title: str, description: str, content: list[Json]) -> Json:
    made = maker.artifact("Library", id_, iri, title=title, description=description)
    return made | {"type": _type("asset-collection", "Asset Collection"), "content": content}


def _guideline(maker: Maker, own: Guideline) -> Json:
    """The documents that decide a guideline: its own and those that guidelines share."""
    made = maker.artifact("Library", own.id, own.iri, statuses=statuses(maker, own))
    homes = {maker.graph.file(other.iri).rpartition("/")[0] for other in maker.knowledge.guidelines}
    others = homes - {maker.graph.file(own.iri).rpartition("/")[0]}
    content = []
    for file, iri in sorted(maker.documents.items()):
        if file.rpartition("/")[0] not in others:
            address = maker.graph.node(iri, OWL + "versionIRI") or iri
            data, title = _file(maker, file), maker.text(iri, DCTERMS + "title") or file
            content.append(_attachment(maker, data, _TURTLE, title, address))
    for name, text in sorted(maker.knowledge.tables.items()):
        if name.rpartition("/")[0] not in others:
            content.append(_attachment(maker, text.encode(), _TABLE, name, None))
    made["extension"].append(maker.extension("knowledge-hash", valueString=own.sha256))
    made["relatedArtifact"] = maker.sources(own.iri)
    return made | {"type": _type("logic-library", "Logic Library"), "content": content}


def _type(code: str, display: str) -> Json:
    return {"coding": [{"system": _TYPES, "code": code, "display": display}]}


def _attachment(
    maker: Maker, data: bytes | None, type_: str, title: str, address: str | None, copied: bool = False
) -> Json:
    """A file by address, size and hashes; FHIR's own hash is SHA-1, so SHA-256 stands beside it."""
    made: Json = {"contentType": type_, "title": title}
    if address is not None:
        made["url"] = address
    if data is None:
        return made
    if copied and len(data) <= _SMALL:
        made["data"] = base64.b64encode(data).decode()
    made["size"] = str(len(data)) if maker.r5 else len(data)
    made["hash"] = base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()
    return {"extension": [maker.extension("sha256", valueString=hashlib.sha256(data).hexdigest())], **made}


def _file(maker: Maker, name: str) -> bytes | None:
    """A file of the ontology, from the knowledge folder or from what is shipped; None where it is in neither."""
    folder = maker.knowledge.folder
    for root in (folder / "ontology", folder, shipped() / "ontology"):
        if (data := _read(root / name)) is not None:
            return data
    return None


def _read(path: Path) -> bytes | None:
    try:
        return read_part(path)
    except ReasonerError:
        return None
