"""The knowledge as FHIR artifacts, to read and to search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from reasoner import artifacts
from reasoner.assess import Reasoner
from reasoner.responses import Issue, Release, outcome, published
from reasoner.responses.names import Json
from reasoner.serve.body import raw_body
from reasoner.serve.refusal import Refusal

from .endpoint import Asked, is_strict
from .negotiate import body_type

Pairs = Sequence[tuple[str, str]]
_PAGE, _COUNT, _OFFSET, _FORM = 100, "_count", "_offset", "application/x-www-form-urlencoded"
_CONTROL = frozenset({_COUNT, _OFFSET, "_format", "_pretty"})
TOKENS, STRINGS = ("_id", "status", "version"), ("name", "title")
SEARCHED: Mapping[str, str] = {
    **dict.fromkeys(TOKENS, "token"), "url": "uri", **dict.fromkeys(STRINGS, "string"),
}  # fmt: skip
"""What is searched by, and the type of the parameter."""


@lru_cache(maxsize=8)
def served(reasoner: Reasoner, release: Release) -> Mapping[tuple[str, str], Json]:
    """Every artifact by type and id; nobody changes them."""
    # A server of R4 does not know the types that only R4B has.
    unknown = artifacts.R4B_ONLY if release == "R4" else frozenset[str]()
    found = published(reasoner, release)
    return {(one["resourceType"], one["id"]): one for one in found if one["resourceType"] not in unknown}


def types(reasoner: Reasoner, release: Release) -> list[str]:
    """The types of the artifacts, sorted."""
    return sorted({type_ for type_, _ in served(reasoner, release)})


def _known(asked: Asked) -> str:
    type_ = str(asked.request.path_params["type"])
    known = types(asked.service.reasoner, asked.release)
    if type_ not in known:
        raise Refusal(404, "no resources of this type are served", f"use one of: {', '.join(known)}", "not-supported")
    return type_


async def read(asked: Asked) -> Json:
    """GET {type}/{id}."""
    type_, id_ = _known(asked), asked.request.path_params["id"]
    if id_.startswith("$"):
        raise Refusal(404, "there is no such operation", "see /fhir/metadata for what is served", "not-supported")
    found = served(asked.service.reasoner, asked.release).get((type_, id_))
    if found is None:
        raise Refusal(404, f"there is no such {type_}", f"search GET {type_}")
    return found


async def search(asked: Asked) -> Json:
    """GET {type}."""
    return _searched(asked, asked.request.query_params.multi_items())


async def search_form(asked: Asked) -> Json:
    """POST {type}/_search."""
    if body_type(asked.request) != _FORM:
        raise Refusal(415, "the body is no form", f"send it with Content-Type: {_FORM}")
    body = await raw_body(asked.request, asked.service)
    try:
        sent = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=100)
    except ValueError:
        raise Refusal(400, "the form cannot be read", "send name=value pairs in UTF-8") from None
    return _searched(asked, [*asked.request.query_params.multi_items(), *sent])


def _searched(asked: Asked, pairs: Pairs) -> Json:
    type_ = _known(asked)
    used: list[tuple[str, str]] = []
    ignored: list[tuple[str, str]] = []
    for key, value in pairs:
        name, _, modifier = key.partition(":")
        if name in SEARCHED and modifier not in ("", *_modifiers(name)):
            raise Refusal(400, f"`{name}` has no such modifier", "leave the modifier out", "not-supported")
        (used if name in SEARCHED or name in _CONTROL else ignored).append((key, value))
    if ignored and is_strict(asked.request):
        raise Refusal(400, "a search parameter is not known", f"use {', '.join(SEARCHED)}", "not-supported")
    tests = [_test(key, value) for key, value in used if key not in _CONTROL]
    found = [one for (kind, _), one in served(asked.service.reasoner, asked.release).items() if kind == type_]
    found = [one for one in found if all(test(one) for test in tests)]
    return _page(asked.request, type_, found, used, bool(ignored))


def _modifiers(name: str) -> tuple[str, ...]:
    return ("exact", "contains") if name in STRINGS else ()


def _test(key: str, value: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a resource fits one parameter; alternatives are parted by commas."""
    name, _, modifier = key.partition(":")
    element = "id" if name == "_id" else name
    wanted = [part for part in value.split(",") if part]
    if not wanted:
        raise Refusal(400, f"`{name}` has no value", "give one")
    if name not in STRINGS:
        return lambda one: str(one.get(element)) in wanted
    folded = [part.casefold() for part in wanted]

    def fits(one: Mapping[str, Any]) -> bool:
        said = str(one.get(element, ""))
        if modifier == "exact":
            return said in wanted
        lower = said.casefold()
        return any(part in lower if modifier == "contains" else lower.startswith(part) for part in folded)

    return fits


def _page(request: Request, type_: str, found: list[Json], used: Pairs, left_out: bool) -> Json:
    count, offset = _whole(used, _COUNT, _PAGE), _whole(used, _OFFSET, 0)
    base = str(request.base_url).rstrip("/") + "/fhir"
    kept = [(key, value) for key, value in used if key not in (_COUNT, _OFFSET)]

    def link(relation: str, at: int) -> Json:
        query = urlencode([*kept, (_COUNT, str(count)), *([(_OFFSET, str(at))] if at else [])])
        return {"relation": relation, "url": f"{base}/{type_}?{query}"}

    links = [link("self", offset)]
    if count and offset + count < len(found):
        links.append(link("next", offset + count))
    entries: list[Json] = [
        {"fullUrl": f"{base}/{type_}/{one['id']}", "resource": one, "search": {"mode": "match"}}
        for one in found[offset : offset + count]
    ]
    if left_out:
        text = f"A search parameter that is not known was left out; known are {', '.join(SEARCHED)}."
        told = outcome([Issue("warning", "not-supported", text)])
        entries.append({"resource": told, "search": {"mode": "outcome"}})
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links}
    return bundle | ({"entry": entries} if entries else {})


def _whole(used: Pairs, name: str, default: int) -> int:
    texts = [value for key, value in used if key == name]
    if not texts:
        return default
    if not (texts[0].isascii() and texts[0].isdecimal() and len(texts[0]) < 7):
        raise Refusal(400, f"`{name}` is no number", "give a whole number")
    return int(texts[0])
