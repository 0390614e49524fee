"""The way from a request to the engine and back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from reasoner.serve.refusal import Refusal
from reasoner.serve.service import Service

from .engine import LENGTH, out_of_time

_MARGIN = 5.0
"""Seconds that a query may be late: it is the engine that stops it."""
_PART = 2**16
_AWAY = Refusal(503, "queries cannot be answered now", "try again in a few seconds", headers={"retry-after": "2"})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer whose body is still to come."""

    media: str
    size: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def body(self) -> AsyncIterator[bytes]:
        """The body in parts; the connection is closed after the last one, and when nobody wants more."""
        try:
            left = self.size
            while left:
                part = await self.reader.read(min(left, _PART))
                if not part:
                    raise _AWAY
                left -= len(part)
                yield part
        finally:
            self.writer.close()


async def ask(service: Service, question: Mapping[str, Any]) -> Reply:
    """The reply to a question. Raises Refusal; when it is cancelled, the query is stopped."""
    seconds = service.settings.query_seconds
    if service.engine is None:
        raise _AWAY
    try:
        reader, writer = await asyncio.open_unix_connection(service.engine)
    except OSError:
        raise _AWAY from None
    try:
        data = orjson.dumps(question)
        writer.write(LENGTH.pack(len(data)) + data)
        try:
            async with asyncio.timeout(seconds):
                await reader.readexactly(1)
        except TimeoutError:
            raise Refusal(503, "too many queries run at once", "try again", headers={"retry-after": "5"}) from None
        async with asyncio.timeout(seconds + _MARGIN):
            size = LENGTH.unpack(await reader.readexactly(LENGTH.size))[0]
            header = orjson.loads(await reader.readexactly(size))
    except TimeoutError:
        writer.close()
        raise out_of_time(service.settings) from None
    except (OSError, asyncio.IncompleteReadError):
        writer.close()
        raise _AWAY from None
    except BaseException:
        writer.close()
        raise
    if header["status"] != 200:
        writer.close()
        raise Refusal(header["status"], header["error"], header["hint"], header["code"])
    return Reply(header.get("media", ""), header["size"], reader, writer)


async def ping(service: Service) -> bool:
    """Whether the engine takes and answers questions."""
    with contextlib.suppress(Refusal):
        reply = await ask(service, {"ping": True})
        reply.writer.close()
        return True
    return False
