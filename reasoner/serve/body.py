"""The body of a request: within its limits of size, time and nesting, and read in one way only."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from .refusal import Refusal
from .service import Service

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_ROUND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json", re.ASCII)


async def raw_body(request: Request, service: Service) -> bytes:
    """The bytes of a body; raises Refusal 413 or 408."""
    settings = service.settings
    limit = settings.body_limit
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_long(limit)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(settings.read_seconds):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise _too_long(limit)
                parts.append(part)
    except TimeoutError:
        raise Refusal(
            408, f"the body did not come within {settings.read_seconds:g} s", "send it at once", headers=_CLOSE
        ) from None
    except ClientDisconnect:
        raise Refusal(400, "the body ends before its end", "send it whole") from None
    return b"".join(parts)


async def json_body(request: Request, service: Service) -> dict[str, Any]:
    """The JSON object of a body; raises Refusal 413, 408, 415 or 400."""
    kind = media_type(request)
    if not _JSON.fullmatch(kind):
        raise Refusal(415, "the body is not declared as JSON", "send it with Content-Type: application/json")
    data = await raw_body(request, service)
    return await service.run(lambda: parsed(data, service.settings.nesting_limit), len(data))


def media_type(request: Request) -> str:
    """The media type that a request declares, without its parameters; empty where it declares none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def parsed(data: bytes, nesting: int) -> dict[str, Any]:
    """The object in some JSON. A key given twice is refused: two readers would take two different values."""
    try:
        document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        place = f"at line {error.lineno} column {error.colno}"
        raise Refusal(400, f"the body is not JSON, {place}", "send UTF-8 JSON") from None
    if not isinstance(document, dict):
        raise Refusal(400, "the body is no JSON object", "send an object")
    if _is_plain(document, data, nesting):
        return document
    bare = _STRING.sub(b"", data)
    if _deeper(bare, nesting):
        raise Refusal(400, f"the body nests more than {nesting} deep", "write it flat", "too-long")
    if bare.count(b":") != _keys(document):
        raise Refusal(400, "an object of the body gives a key twice", "give each key once")
    return document


def _is_plain(document: dict[str, Any], data: bytes, nesting: int) -> bool:
    """Whether JSON is seen at once to be flat enough and without a key given twice; where it is not, look closely.

    Written again, a key given twice is gone and its quotes with it. A line of what is written is indented by its depth,
    and within a string there is no line break.
    """
    try:
        again = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    except orjson.JSONEncodeError:
        return False
    if b"\n" + b"  " * nesting in again or b"\\\\" in data or b"\\\\" in again:
        return False
    return _quotes(data) == _quotes(again)


def _quotes(data: bytes) -> int:
    """The quotes around strings, in JSON in which no backslash is escaped."""
    return data.count(b'"') - data.count(b'\\"')


def _deeper(bare: bytes, nesting: int) -> bool:
    """Whether JSON without its strings nests deeper: each round takes the innermost brackets away."""
    left = bare.translate(_ROUND, _NO_BRACKETS)
    for _ in range(nesting):
        if not left:
            return False
        left = left.replace(b"[]", b"")
    return bool(left)


def _keys(document: Any) -> int:
    count, open_ = 0, [document]
    while open_:
        value = open_.pop()
        if isinstance(value, dict):
            count += len(value)
            open_ += [own for own in value.values() if isinstance(own, dict | list)]
        else:
            open_ += [own for own in value if isinstance(own, dict | list)]
    return count


_CLOSE = {"connection": "close"}


def _too_long(limit: int) -> Refusal:
    return Refusal(413, f"the body is larger than {limit} bytes", "send less at once", headers=_CLOSE)
