"""Lines and documents of FHIR as a task collects them, with their numbers for what is broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import orjson

from reasoner.cohort.fhir.reduce import Reducer
from reasoner.cohort.fhir.reduced import Reduced
from reasoner.cohort.run import versions
from reasoner.cohort.run.blocks import whole_lines
from reasoner.cohort.run.counting import Counts
from reasoner.cohort.run.spill import size_of
from reasoner.errors import DataError, UsageError

_BOM = b"\xef\xbb\xbf"


class Lines:
    """What a task has reduced so far."""

    def __init__(self, share: float) -> None:
        self._share = share
        self.signs: Counts = Counter()
        """What tells the version of FHIR, in a share of the lines."""
        self.counts: Counter[str] = Counter()
        """Lines by the part of a file that they are in."""
        self.filled = 0
        """Those that are not blank."""
        self.bytes = 0
        """Of what was not yet taken away."""
        self._parts: list[Reduced] = []

    def add(self, reducer: Reducer, name: str, block: bytes, count: int) -> None:
        """Reduce some lines of a part of a file, which follow those before."""
        made = reducer.reduce(block, None, name, self.counts[name] + 1)
        self._parts.append(made)
        self.signs.update(versions.told(block, self._share))
        self.counts[name] += count
        self.filled += _filled(block, count, made)
        self.bytes += len(block)

    def document(self, reducer: Reducer, name: str, data: bytes) -> None:
        """Reduce a file that is one document; one without content is broken, as it is no document."""
        data = data.removeprefix(_BOM)
        self._parts.append(reducer.document(data if data.strip() else b"-", name))
        self.signs.update(versions.told(data.replace(b"\n", b" "), self._share))
        self.counts[name] += 1
        self.filled += 1
        self.bytes += len(data)

    def taken(self) -> Reduced:
        """What was reduced since it was last taken away."""
        whole, self._parts, self.bytes = Reduced.joined(self._parts), [], 0
        return whole


def as_lines(file: str, data: bytes) -> Iterator[bytes] | None:
    """The lines of a file in blocks; None for a file that is one document.

    Raises DataError for a packed file that is damaged or ends too early.
    """
    if file.lower().endswith((".zst", ".zstd")):
        return whole_lines(_frames(file, data))
    first = data.removeprefix(_BOM).lstrip().partition(b"\n")[0]
    try:
        is_resource = "resourceType" in orjson.loads(first)
    except (orjson.JSONDecodeError, TypeError):
        return None
    return whole_lines([data]) if is_resource else None


def _filled(block: bytes, lines: int, made: Reduced) -> int:
    """How many lines are not blank; they are taken apart only where some seem to be."""
    if lines == size_of(made) + len(made.broken):
        return lines
    return sum(1 for line in block.split(b"\n") if line.strip())


def _frames(file: str, data: bytes) -> Iterator[bytes]:
    """What is packed, frame by frame."""
    try:
        import zstandard
    except ImportError as error:
        raise UsageError("zstd needs `zstandard`", None, "install it on all machines") from error
    while data:
        frame = zstandard.ZstdDecompressor().decompressobj()
        try:
            yield frame.decompress(data)
        except zstandard.ZstdError as error:
            raise DataError("the compressed data are damaged", f"`{file}`", "replace the file") from error
        if not frame.eof:
            raise DataError("the file ends in the middle of its compressed data", f"`{file}`", "replace the file")
        data = frame.unused_data
