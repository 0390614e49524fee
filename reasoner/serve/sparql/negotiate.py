"""Which media type to answer in: the one that the client wants most, of those that there are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from reasoner.serve.refusal import Refusal

ROWS = {
    "application/sparql-results+json": "json",
    "application/sparql-results+xml": "xml",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
}
"""Media types of SELECT and ASK, the preferred first."""
GRAPHS = {
    "text/turtle": "turtle",
    "application/n-triples": "n-triples",
    "application/ld+json": "json-ld",
    "application/rdf+xml": "rdf-xml",
    "application/json": "json-ld",
    "application/xml": "rdf-xml",
}
"""Media types of CONSTRUCT, DESCRIBE and descriptions, the preferred first."""
_RANGE = re.compile(r"\s*([\w!#$%&'*+.^`|~-]+)/([\w!#$%&'*+.^`|~-]+)\s*((?:;[^,]*)?)\s*", re.ASCII)
_QUALITY = re.compile(r";\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)", re.ASCII | re.IGNORECASE)


def chosen(accept: str, offered: Mapping[str, str]) -> tuple[str, str]:
    """(media type, form) to answer in; raises Refusal 406 when the client takes none."""
    ranges = _ranges(accept)
    if not ranges:
        return next(iter(offered.items()))
    best = max(offered, key=lambda media: _quality(media, ranges))
    if _quality(best, ranges) <= 0:
        raise Refusal(406, "there is no such form of this answer", f"accept one of {', '.join(offered)}")
    return best, offered[best]


def _ranges(accept: str) -> list[tuple[str, str, float]]:
    found = []
    for part in accept.split(",") if accept.strip() else ():
        if (match := _RANGE.fullmatch(part)) is None:
            continue
        quality = _QUALITY.search(match[3])
        found.append((match[1].lower(), match[2].lower(), float(quality[1]) if quality else 1.0))
    return found


def _quality(media: str, ranges: Sequence[tuple[str, str, float]]) -> float:
    """How much a client wants a media type: what it says most exactly counts."""
    own = tuple(media.split("/"))
    for wanted in (own, (own[0], "*"), ("*", "*")):
        said = [quality for *range_, quality in ranges if tuple(range_) == wanted]
        if said:
            return max(said)
    return 0.0
