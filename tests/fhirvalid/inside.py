"""Resources in resources: in Bundles, in Parameters, contained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]


def nodes(node: Any) -> Iterator[Json]:
    """Every object in a resource, itself first."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for item in node:
            yield from nodes(item)


def inner(node: Any) -> Iterator[Json]:
    """Every resource in a resource, itself first."""
    return (own for own in nodes(node) if "resourceType" in own)


def without_unknown(node: Any, knows: Callable[[str], bool], top: bool = True) -> Any:
    """The same with a stand-in for each inner resource of a type that a tool lacks: another tool checks that one."""
    if isinstance(node, list):
        return [without_unknown(item, knows, False) for item in node]
    if not isinstance(node, dict):
        return node
    if not top and "resourceType" in node and not knows(node["resourceType"]):
        return {"resourceType": "Basic", "id": node.get("id", "unknown"), "code": {"text": node["resourceType"]}}
    return {key: without_unknown(value, knows, False) for key, value in node.items()}
