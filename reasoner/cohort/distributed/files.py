"""The cluster's file system, as Spark sees it: local, HDFS, S3 or any other that Hadoop knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, cast

from reasoner.cohort.run.blocks import GZIP, ZSTD
from reasoner.cohort.run.recognise import DOCUMENT, LINES, TABLE, Inputs, Source
from reasoner.cohort.run.work import write
from reasoner.errors import UsageError

CSV, PARQUET = ".csv", ".parquet"
_PACKINGS = {".gz": GZIP, ".zst": ZSTD, ".zstd": ZSTD}
_LINES = {".ndjson", ".jsonl"}
_KINDS = {**dict.fromkeys(_LINES, LINES), ".json": DOCUMENT, CSV: TABLE, PARQUET: TABLE}


class Files:
    """Files by their paths or URIs."""

    def __init__(self, spark: Any) -> None:
        self._jvm, self._conf = spark._jvm, spark._jsc.hadoopConfiguration()

    def inputs(self, paths: Sequence[str]) -> Inputs:
        """The files of the inputs, each with its URI. Raises UsageError where there are none that go together."""
        sources: list[Source] = []
        ignored: list[Path] = []
        for path in paths:
            top = self._path(path)
            system = top.getFileSystem(self._conf)
            if not system.exists(top):
                raise UsageError("no such file", f"`{path}`", "check the path, as the cluster sees it")
            status = system.getFileStatus(top)
            found = list(self._inside(system, top)) if status.isDirectory() else [status]
            has_lines = any(_suffixes(_name(own))[0] in _LINES for own in found)
            for own in found:
                source = _source(own, has_lines and status.isDirectory())
                if source is not None:
                    sources.append(source)
                elif status.isDirectory():
                    ignored.append(_uri(own))
                else:
                    hint = "give NDJSON, FHIR JSON, Parquet or CSV, or use the engine polars"
                    raise UsageError("cannot be read on Spark", f"`{path}`", hint)
        if not sources:
            raise UsageError("nothing that could be read", f"`{paths[0]}`", "give NDJSON, FHIR JSON, Parquet or CSV")
        if len({str(source.path) for source in sources}) < len(sources):
            raise UsageError("a file is named twice", None, "name each input once")
        kinds = {PurePosixPath(str(s.path)).suffix.lower() if s.kind == TABLE else "FHIR" for s in sources}
        if len(kinds) > 1:
            raise UsageError(f"inputs of different kinds: {' and '.join(sorted(kinds))}", None, "run once for each")
        return Inputs(tuple(sorted(sources, key=lambda source: str(source.path))), tuple(ignored))

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        own = self._path(path)
        return bool(own.getFileSystem(self._conf).exists(own))

    def is_unfinished(self, path: str) -> bool:
        """Whether a folder was not written to its end: Spark cannot go on with it."""
        own = self._path(path)
        is_folder = bool(own.getFileSystem(self._conf).getFileStatus(own).isDirectory())
        return is_folder and not self.exists(f"{path.rstrip('/')}/_SUCCESS")

    def check_apart(self, inputs: Sequence[str], output: str) -> None:
        """Raise UsageError where the output would lie in an input, or an input would go with an older output."""
        target = self._qualified(output)
        for path in inputs:
            own = self._qualified(path)
            if f"{target}/".startswith(f"{own}/") or f"{own}/".startswith(f"{target}/"):
                raise UsageError("the output would lie in the input, or in its place", f"`{output}`", "write elsewhere")

    def write(self, path: str, data: bytes | None) -> None:
        """Write a small file, or delete it where there is nothing to write."""
        own = self._path(path)
        system = own.getFileSystem(self._conf)
        if data is None:
            system.delete(own, False)
        elif system.getScheme() == "file":
            # Hadoop would leave a file of check sums beside it.
            write(Path(str(own.toUri().getPath())), data)
        else:
            stream = system.create(own, True)
            stream.write(bytearray(data))
            stream.close()

    def _qualified(self, path: str) -> str:
        own = self._path(path)
        return str(own.getFileSystem(self._conf).makeQualified(own).toString()).rstrip("/")

    def _path(self, path: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(path)

    def _inside(self, system: Any, folder: Any) -> Iterator[Any]:
        for status in sorted(system.listStatus(folder), key=_name):
            if _name(status).startswith((".", "_")):
                continue
            if status.isDirectory():
                yield from self._inside(system, status.getPath())
            else:
                yield status


def escaped(path: Path) -> str:
    """The path of a file in which no character stands for others."""
    return "".join(f"\\{one}" if one in "{}[]*?\\" else one for one in str(path))


def prefix_of(path: Path, several: bool) -> str:
    """What comes before the number of a row, where tables come in several files."""
    return f"{PurePosixPath(str(path)).stem}:" if several else ""


def _name(status: Any) -> str:
    return str(status.getPath().getName())


def _uri(status: Any) -> Path:
    # Python's paths would take a URI's slashes for repeated ones; nothing here asks more of it than its text.
    return cast(Path, str(status.getPath().toString()))


def _suffixes(name: str) -> tuple[str, str | None]:
    """The suffix that tells what a file holds, and how it is packed."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    packing = _PACKINGS.get(suffixes[-1]) if suffixes else None
    if packing is not None:
        suffixes.pop()
    return (suffixes[-1] if suffixes else ""), packing


def _source(status: Any, has_lines: bool) -> Source | None:
    """A file as a source; None for what is none. A bulk export lies beside a manifest, which is JSON too."""
    suffix, packing = _suffixes(_name(status))
    kind = _KINDS.get(suffix)
    if kind is None or (kind == TABLE and packing) or (kind == DOCUMENT and has_lines and not packing):
        return None
    size = int(status.getLen())
    return Source(
        _uri(status), LINES if packing else kind, size, f"{size}:{status.getModificationTime()}", packing
    )  # fmt: skip
