"""Bytes of files as blocks of whole lines, plain or compressed, always cut at the same places."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from reasoner.errors import DataError, UsageError
from reasoner.inputs import LARGEST

BLOCK = 1 << 23
"""Bytes that are decoded together."""
GZIP, ZSTD = "gzip", "zstd"
MAGIC = {b"\x1f\x8b": GZIP, b"\x28\xb5\x2f\xfd": ZSTD}
"""How compressed files begin."""
_READ = 1 << 20
_READ_PACKED = 1 << 16
"""Of a damaged file so much is lost at most that could have been read."""
_NEWLINE = b"\n"
Seen = Callable[[int], None]


class TruncatedError(DataError):
    """A compressed file that ends too early, or is damaged from some place on."""


def border(file: IO[bytes], at: int) -> int:
    """The beginning of the first line that starts at a place or after it."""
    if at <= 0:
        return 0
    file.seek(at - 1)
    while (part := file.readline(_READ)) and not part.endswith(_NEWLINE):
        pass
    return file.tell()


def blocks_of(path: Path, start: int, end: int, size: int = BLOCK) -> Iterator[bytes]:
    """The lines that begin in a range of a plain file, as blocks of whole lines of about a size.

    A block is read at its length, so nothing is joined or copied. Of a line that is too long to be read only so much
    is given that whoever reads it sees that.
    """
    with path.open("rb") as file:
        at, stop = border(file, start), border(file, end)
        while at < stop:
            cut = min(border(file, at + size), stop)
            file.seek(at)
            if not (data := file.read(min(cut - at, size + LARGEST + 1))):
                return
            yield data
            at = cut


def unpacked(path: Path, packing: str, seen: Seen | None = None) -> Iterator[bytes]:
    """What a compressed file holds; ``seen`` is told how many bytes of the file are read.

    Raises TruncatedError where the file ends too early or is damaged, after all that could be read was given.
    """
    make = _decompressor(packing)
    with path.open("rb") as file:
        one, begun = make(), False
        while data := file.read(_READ_PACKED):
            if seen is not None:
                seen(file.tell())
            while data:
                if one.eof:
                    # Archives may be several, one after another, with zeros in between.
                    data = data.lstrip(b"\0")
                    if not data:
                        break
                    one = make()
                try:
                    out = one.decompress(data)
                except _errors() as error:
                    raise TruncatedError("the compressed data are damaged", f"`{path}`", _MEND) from error
                begun, data = True, one.unused_data if one.eof else b""
                if out:
                    yield out
        if begun and not one.eof:
            raise TruncatedError("the file ends in the middle of its compressed data", f"`{path}`", _MEND)


_MEND = "replace it and give --fresh, or give --allow-partial to decide on what can be read"


def _decompressor(packing: str) -> Callable[[], Any]:
    if packing == GZIP:
        return lambda: zlib.decompressobj(31)
    try:
        import zstandard
    except ImportError as error:
        raise UsageError("zstd needs `zstandard`", None, "run `pip install '.[cohort]'` in a clone") from error
    return lambda: zstandard.ZstdDecompressor().decompressobj()


def _errors() -> tuple[type[Exception], ...]:
    try:
        import zstandard
    except ImportError:
        return (zlib.error,)
    return (zlib.error, zstandard.ZstdError)


def whole_lines(pieces: Iterable[bytes], size: int = BLOCK) -> Iterator[bytes]:
    """Blocks of whole lines of about a size. Where they are cut does not depend on how the pieces came.

    Of a line that is too long to be read only so much is given that whoever reads it sees that.
    """
    held: list[bytes] = []
    length, skipping = 0, False
    for piece in pieces:
        if skipping:
            at = piece.find(_NEWLINE)
            if at < 0:
                continue
            piece, skipping = piece[at:], False
        held.append(piece)
        length += len(piece)
        if length < size:
            continue
        data, at = b"".join(held), 0
        while len(data) - at >= size:
            cut = data.rfind(_NEWLINE, at, at + size) + 1 or data.find(_NEWLINE, at + size) + 1
            if not cut:
                break
            yield data[at:cut]
            at = cut
        data = data[at:]
        if len(data) > LARGEST + _READ and _NEWLINE not in data:
            data, skipping = data[: LARGEST + 1], True
        held, length = [data], len(data)
    if length:
        yield b"".join(held)
