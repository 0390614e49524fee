"""Files as blocks of whole lines: plain, gzip or zstd, in memory that does not grow with the file."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from reasoner.errors import UsageError
from reasoner.inputs import LARGEST

from .reduced import Broken

SIZE = 1 << 22
_ENDINGS = (".gz", ".zst", ".zstd")


class _DamagedError(Exception):
    """A packed file cannot be unpacked to its end."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines; ``first`` is the number of the first of them in the source."""

    source: str
    first: int
    data: bytes


def is_packed(path: Path) -> bool:
    """Whether the name says that the file is compressed."""
    return path.suffix.lower() in _ENDINGS


def blocks(path: Path, size: int = SIZE, source: str | None = None) -> Iterator[Block | Broken]:
    """The lines of a file. Where it ends too early, or a line is too long, a ``Broken`` says so in its place.

    Raises UsageError when the file cannot be opened.
    """
    name, first, rest = source or str(path), 1, b""
    problem = ""
    chunks = _chunks(path, size)
    while True:
        try:
            data = next(chunks, b"")
        except (EOFError, zlib.error, gzip.BadGzipFile, _DamagedError) as error:
            data, problem = b"", f"the file is damaged or ends too early: {error}"
        except OSError as error:
            raise UsageError(
                f"cannot be read: {error.strerror}", f"`{path}`", "check the path and its rights"
            ) from error
        if not data:
            break
        end = data.rfind(b"\n") + 1
        if end:
            whole, rest = rest + data[:end], data[end:]
            yield Block(name, first, whole)
            first += whole.count(b"\n")
            continue
        rest += data
        if len(rest) > LARGEST:
            yield Broken(name, first, "the line is larger than 64 MiB; the rest of the file is not read")
            return
    if problem:
        # What the last line would have been is lost with what follows it.
        yield Broken(name, first, problem)
    elif rest.strip():
        yield Block(name, first, rest)


def _chunks(path: Path, size: int) -> Iterator[bytes]:
    """The bytes of a file, unpacked."""
    suffix = path.suffix.lower()
    if suffix == ".gz":
        with gzip.open(path, "rb") as packed:
            while data := packed.read(size):
                yield data
        return
    with path.open("rb", buffering=0) as file:
        if suffix in _ENDINGS:
            yield from _zstandard(file, size)
            return
        while data := file.read(size):
            yield data


def _zstandard(file: IO[bytes], size: int) -> Iterator[bytes]:
    """Frame by frame: the reader of the library takes a file that ends too early for a whole one."""
    try:
        import zstandard
    except ImportError as error:
        raise UsageError("needs the package `zstandard`", None, "run `pip install '.[cohort]'` in a clone") from error
    data = file.read(size // 4)
    while data:
        frame = zstandard.ZstdDecompressor().decompressobj()
        while not frame.eof:
            if not data:
                raise _DamagedError("the last frame is not whole")
            try:
                unpacked = frame.decompress(data)
            except zstandard.ZstdError as error:
                raise _DamagedError(str(error)) from error
            if unpacked:
                yield unpacked
            data = b"" if frame.eof else file.read(size // 4)
        data = frame.unused_data or file.read(size // 4)
