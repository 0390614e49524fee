"""What a browser sends: fields and at most one file, within limits, from either encoding of a form."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from reasoner.serve.body import media_type, raw_body
from reasoner.serve.refusal import Refusal
from reasoner.serve.service import Service

_FIELDS = 4000


@dataclass(frozen=True, slots=True)
class Received:
    """The fields in order, and the file (empty where none was chosen)."""

    items: tuple[tuple[str, str], ...]
    file: bytes = b""

    def get(self, name: str) -> str:
        """The first value of a field, empty where it was not sent."""
        return next((text for key, text in self.items if key == name), "")


async def received(request: Request, service: Service) -> Received:
    """Read a submitted form; raises Refusal 400, 408, 413 or 415."""
    kind = media_type(request)
    body = await raw_body(request, service)
    if kind == "application/x-www-form-urlencoded":
        try:
            items = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS)
        except ValueError:
            raise _unreadable() from None
        return Received(tuple(items))
    if kind == "multipart/form-data":
        return await _multipart(request, body, service.settings.body_limit)
    raise Refusal(415, "this page takes forms only", "send programs to /fhir, /cds-services or /sparql")


async def _multipart(request: Request, body: bytes, limit: int) -> Received:
    async def once() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        parser = MultiPartParser(request.headers, once(), max_files=1, max_fields=_FIELDS, max_part_size=limit)
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError):
        raise _unreadable() from None
    items: list[tuple[str, str]] = []
    file = b""
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            file = await value.read()
        else:
            items.append((name, value))
    return Received(tuple(items), file)


def _unreadable() -> Refusal:
    return Refusal(400, "the form cannot be read", "load the page anew and send it again")
