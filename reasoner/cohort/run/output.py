"""The output: one Parquet file or a folder of them, which appears as a whole, with what belongs beside it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from reasoner.errors import EngineError, UsageError

from .work import WorkFolder, write, writing

_AT_ONCE = 1 << 24
_PART = re.compile(r"part-\d{5}\.parquet")


@dataclass(frozen=True)
class Output:
    """Where a run writes to."""

    path: Path

    @property
    def is_file(self) -> bool:
        """Whether it is one file, not a folder of parts."""
        return self.path.suffix.lower() == ".parquet"

    def beside(self, ending: str) -> Path:
        """A file beside the output."""
        return self.path.with_name(self.path.name + ending)

    @property
    def report(self) -> Path:
        """The report as JSON."""
        return self.beside(".report.json")

    @property
    def quarantine(self) -> Path:
        """The lines that could not be read."""
        return self.beside(".quarantine.ndjson")

    @property
    def work(self) -> Path:
        """The folder of the unfinished run."""
        return self.beside(".work")

    def check(self, inputs: Sequence[Path]) -> None:
        """Raise UsageError where nothing can be written, or where it would be taken for an input."""
        parent = self.path.absolute().parent
        if not self.path.name or not parent.is_dir():
            raise UsageError("no such folder", f"`{self.path.parent}`", "make it, or write elsewhere")
        for own in inputs:
            if own.resolve() in (self.path.resolve(), *self.path.resolve().parents):
                raise UsageError("the output would lie in the input", f"`{self.path}`", "write elsewhere")

    def complete(self) -> dict[str, Any] | None:
        """The report of a complete output; None where there is none or where nobody knows what it is."""
        try:
            found = orjson.loads(self.report.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return None
        return found if self.path.exists() and isinstance(found, dict) else None

    def check_replaceable(self) -> None:
        """Raise UsageError for what is there and is no output of a run: that is never deleted."""
        if self.path.is_dir():
            other = next((own.name for own in sorted(self.path.iterdir()) if not _PART.fullmatch(own.name)), None)
            if other is not None:
                raise UsageError(f"holds `{other}`, which no run wrote", f"`{self.path}`", "write elsewhere")
        if self.path.is_dir() == self.is_file:
            what = "is a folder, no Parquet file" if self.is_file else "is a file of another kind"
            raise UsageError(what, f"`{self.path}`", "write elsewhere, or to a name that ends in .parquet")

    # Finishing ----------------------------------------------------------------------------------------------------

    def finish(self, work: WorkFolder, parts: Sequence[str], beside: Mapping[str, bytes], rows: int) -> None:
        """Let the output appear, last of all; what was there goes away. May be interrupted at any point."""
        made = self._file(work, parts) if self.is_file else self._folder(work, parts)
        found = rows_in(made)
        if found != rows:
            raise EngineError(f"{rows} rows were decided and {found} written", f"`{made}`", "report it")
        old = work.path / "old"
        if self.path.exists():
            shutil.rmtree(old, ignore_errors=True)
            self.path.replace(old)
        for ending in (".report.json", ".report.html", ".quarantine.ndjson"):
            if ending in beside:
                write(self.beside(ending), beside[ending])
            else:
                self.beside(ending).unlink(missing_ok=True)
        made.replace(self.path)

    def _folder(self, work: WorkFolder, parts: Sequence[str]) -> Path:
        made = work.path / "output"
        made.mkdir(exist_ok=True)
        for number, name in enumerate(parts):
            source, target = work.parts / f"{name}.parquet", made / f"part-{number:05d}.parquet"
            # A run that was interrupted here has moved some already, and finds the same order.
            if source.exists() or not target.exists():
                source.replace(target)
        return made

    def _file(self, work: WorkFolder, parts: Sequence[str]) -> Path:
        made = work.path / "output.parquet"
        files = [work.parts / f"{name}.parquet" for name in parts]
        if len(files) == 1:
            if files[0].exists() or not made.exists():
                files[0].replace(made)
            return made
        if not made.exists():
            with writing(made) as part:
                pl.scan_parquet(files).sink_parquet(part, compression="zstd", compression_level=1, maintain_order=True)
        return made


def rows_in(path: Path) -> int:
    """How many rows a Parquet file, or a folder of them, has."""
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    return sum(int(pl.scan_parquet(file).select(pl.len()).collect().item()) for file in files)


def repeated(work: WorkFolder, parts: Sequence[str]) -> tuple[int, int]:
    """How many patients there are, and how many rows name a subject that another row names.

    Both by 64-bit hashes, some at a time.
    """
    files = [work.parts / f"{name}.ids" for name in parts]
    total = sum(np.load(file, mmap_mode="r").shape[1] for file in files)
    groups = np.uint64(total // _AT_ONCE + 1)
    patients = distinct = 0
    for group in range(int(groups)):
        held: list[NDArray[np.uint64]] = [np.load(file, mmap_mode="r")[:, :] for file in files]
        patients += _distinct([own[0] for own in held], groups, group)
        distinct += _distinct([own[1] for own in held], groups, group)
    return patients, total - distinct


def _distinct(held: Sequence[NDArray[np.uint64]], groups: np.uint64, group: int) -> int:
    if not held:
        return 0
    own = np.concatenate([one[one % groups == group] for one in held])
    return len(np.unique(own[own > 0]))
