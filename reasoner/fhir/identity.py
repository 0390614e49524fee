"""Who is who in one input: the identity of each resource, and what a reference means."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import orjson

_URN = "urn:guideline-reasoner:"
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`\ud800-\udfff]+")
_LITERAL = re.compile(r"(?:(.*)/)?([A-Za-z]+)/([^/]+)")


class Identities:
    """The IRI and the ``Type/id`` of every resource of an input; a resource without an id is named by its content."""

    def __init__(self, resources: Sequence[object], full_urls: Sequence[str | None]) -> None:
        self.iris: list[str] = []
        self.references: list[str | None] = []
        """``Type/id``, None without an id."""
        self.labels: list[str] = []
        """What lists and messages call the resource: ``Type/id``, else its IRI."""
        self.types: dict[str, str] = {}
        """Resource type by IRI."""
        self._known: dict[str, str] = {}
        self._clash: dict[str, set[str]] = {}
        """``Type/id`` that several servers use for different resources: only a full URL tells them apart."""
        self._alike: dict[str, int] = {}
        self._resources = resources
        self._identifiers: dict[str, str] | None = None
        names = [_name(resource) for resource in resources]
        self._base = _common_base(names, full_urls)
        for i, (kind, local) in enumerate(names):
            self._add(i, resources[i], kind, local, full_urls[i])

    def _add(self, i: int, resource: object, kind: str, local: str | None, url: str | None) -> None:
        if url is not None and is_iri(url):
            iri = url
            self._known[url] = url
        elif local is not None:
            iri = (
                self._base + local
                if is_iri(self._base + local)
                else self._base + quote(local, safe="/", errors="backslashreplace")
            )
        elif kind:
            iri = self._content(resource)
        else:
            iri = f"{_URN}entry:{i}"
        label = local or (iri if kind else f"entry {i + 1}")
        self.iris.append(iri)
        self.references.append(local)
        self.labels.append(label)
        self.types.setdefault(iri, kind)
        if local is not None and self._known.setdefault(local, iri) != iri:
            self._clash.setdefault(local, {self._known[local]}).add(iri)

    def _content(self, resource: object) -> str:
        """A name for a resource without id: the same content gives the same name, wherever it stands."""
        try:
            text = orjson.dumps(resource, option=orjson.OPT_SORT_KEYS).decode()
        except (TypeError, ValueError):
            text = repr(resource)
        count = self._alike[text] = self._alike.get(text, 0) + 1
        return content_name(f"{text}#{count}")

    def resolve(self, reference: str, i: int) -> str:
        """The IRI that a reference in resource ``i`` means, whether or not the input holds it."""
        if reference not in self._clash and (known := self._known.get(reference)) is not None:
            return known
        if reference.startswith("#"):
            return self.iris[i] + reference
        plain = reference.partition("/_history/")[0]
        match = _LITERAL.fullmatch(plain)
        if match is None:
            return self._known.get(plain, plain)
        base, local = match[1], f"{match[2]}/{match[3]}"
        if base is None:
            return self._relative(local, i)
        if (known := self._known.get(plain)) is not None:
            return known
        known = self._known.get(local)
        return known if known is not None and known.startswith(_URN) else plain

    def _relative(self, local: str, i: int) -> str:
        own = self.iris[i]
        base = own[: -len(self.labels[i])] if own.endswith("/" + self.labels[i]) else self._base
        if local in self._clash:
            return base + local
        return self._known.get(local) or base + local

    def subject_of(self, i: int, resource: Mapping[str, Any]) -> str | None:
        """The IRI of the subject of resource ``i``; None when it names none that can be read."""
        subject = resource.get("subject", resource.get("patient")) if isinstance(resource, Mapping) else None
        if not isinstance(subject, dict):
            return None
        reference = subject.get("reference")
        if isinstance(reference, str) and reference:
            return self.resolve(reference, i)
        identifier = subject.get("identifier")
        if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
            return self._identified(identifier)
        return None

    def _identified(self, identifier: Mapping[str, Any]) -> str:
        """The patient of the input who bears the identifier, else a name made of it that does not show it."""
        if self._identifiers is None:
            self._identifiers = {}
            for i, resource in enumerate(self._resources):
                borne = resource.get("identifier") if isinstance(resource, Mapping) else None
                for other in borne if isinstance(borne, list) else []:
                    if isinstance(other, dict) and self.types[self.iris[i]] == "Patient":
                        self._identifiers.setdefault(_identifier_name(other), self.iris[i])
        name = _identifier_name(identifier)
        return self._identifiers.get(name, name)


def _identifier_name(identifier: Mapping[str, Any]) -> str:
    return content_name(f"{identifier.get('system')}|{identifier.get('value')}")


def content_name(text: str) -> str:
    """An IRI made of a text that does not show it; the same text gives the same IRI."""
    return "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_OID, text.encode(errors="backslashreplace").decode()))


@lru_cache(maxsize=4096)
def is_iri(text: str) -> bool:
    """Whether the text is an absolute IRI by its characters."""
    return _ABSOLUTE.fullmatch(text) is not None


def _name(resource: object) -> tuple[str, str | None]:
    """The type (empty when there is none) and ``Type/id``."""
    if not isinstance(resource, Mapping):
        return "", None
    kind, own = resource.get("resourceType"), resource.get("id")
    if not isinstance(kind, str) or not kind:
        return "", None
    return kind, f"{kind}/{own}" if isinstance(own, str) and own else None


def _common_base(names: Sequence[tuple[str, str | None]], full_urls: Sequence[str | None]) -> str:
    """The one server base of the full URLs, else a base of our own."""
    base: str | None = None
    for (_, local), url in zip(names, full_urls, strict=True):
        if base is not None and local is not None and url == base + local:
            continue
        if local is not None and url is not None and url.endswith("/" + local) and is_iri(url):
            own = url[: -len(local)]
            if base is not None and own != base:
                return _URN
            base = own
    return base or _URN
