"""Required bindings and the types that references lead to, as a check of its own: no other validator looks at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_NAMED = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]+)?$")


def problems(resource: dict[str, Any], release: str) -> list[str]:
    """Every code of one resource that its binding does not allow; resources in it are checked apart."""
    return list(_walk(resource, resource["resourceType"], resource["resourceType"], release))


def _walk(node: dict[str, Any], type_: str, path: str, release: str) -> Iterator[str]:
    places = data(release)["types"].get(type_, {})
    for key, value in node.items():
        if (place := places.get(key)) is None:
            continue
        items = value if isinstance(value, list) else [value]
        for item in items:
            if place[0] in "=~":
                yield from _judge(item, place, f"{path}.{key}", release)
            elif isinstance(item, dict) and "resourceType" not in item:
                if place[0] == "@":
                    yield from _aim(item, place, f"{path}.{key}", release)
                yield from _walk(item, "Reference" if place[0] == "@" else place, f"{path}.{key}", release)


def _judge(item: Any, place: str, path: str, release: str) -> Iterator[str]:
    allowed = _allowed(place[1:], release)
    if place[0] == "=":
        if item is not None and item not in allowed:
            yield f"{path}: `{item}` is not among the codes of its required binding"
    elif isinstance(item, dict):
        codings = item.get("coding", [item] if "code" in item else [])
        if codings and not any(f"{own.get('system')}|{own.get('code')}" in allowed for own in codings):
            yield f"{path}: no coding is among the codes of its required binding"


def _aim(item: dict[str, Any], place: str, path: str, release: str) -> Iterator[str]:
    """The type that a reference names, in itself or beside; one that names none says nothing."""
    match = _NAMED.search(str(item.get("reference", "")))
    named = {item.get("type"), match[1] if match else None} - {None}
    if wrong := sorted(str(type_) for type_ in named - _allowed(place[1:], release)):
        yield f"{path}: may not refer to {' or '.join(wrong)}"


@cache
def data(release: str) -> dict[str, Any]:
    """The lists of a release: sets of codes or types, and by type where they hold."""
    found: dict[str, Any] = json.loads((HERE / f"bindings-{release.lower()}.json").read_text(encoding="utf-8"))
    return found


@cache
def _allowed(name: str, release: str) -> frozenset[str]:
    return frozenset(data(release)["sets"][name].split(" "))
