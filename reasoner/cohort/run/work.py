"""The folder of a run: what is finished lies there, whole or not at all, until the output is complete."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import orjson

from reasoner.errors import UsageError

from .fingerprint import Fingerprint, may_resume, other_run

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_MANIFEST, _LOCK, _PART = "manifest.json", "lock", ".part"
_OWN = {_MANIFEST, _LOCK, "parts", "spills", "records", "output", "output.parquet", "old"}


class NoSpaceError(UsageError):
    """Nothing more can be written; what is finished is kept."""


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A file to write under another name; it appears under its own when it is whole."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    except Exception as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        # What writes Parquet tells the number only in its text.
        if getattr(error, "errno", None) in _FULL or "os error 28" in str(error):
            raise no_space(path) from error
        raise


def no_space(path: Path) -> NoSpaceError:
    """No room is left where a file should lie."""
    return NoSpaceError(
        "no space is left to write to", f"`{path}`",
        "free some and run the same command again: what is finished is kept",
    )  # fmt: skip


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with writing(path) as part:
        part.write_bytes(data)


class WorkFolder:
    """The folder beside the output. Steps are recorded one file each, written after all that the step made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parts, self.spills, self.records = path / "parts", path / "spills", path / "records"
        self._lock: IO[bytes] | None = None

    def open(self, fingerprint: Fingerprint, fresh: bool) -> str:
        """Make the folder ready and keep others out; says what became of an earlier run: new, resumed or fresh.

        Raises UsageError for an unfinished run that differs, which only ``fresh`` throws away.
        """
        if self.path.exists() and not self._is_own():
            raise UsageError("is in the way, and is of no run", f"`{self.path}`", "move it, or write elsewhere")
        self.path.mkdir(parents=True, exist_ok=True)
        self._keep_out()
        found, steps = self._manifest(), len(self.finished())
        state = "new" if found is None or not steps else "fresh" if fresh else "resumed"
        if state == "resumed" and not may_resume(found, fingerprint):
            raise other_run(self.path, found, fingerprint, steps)
        if state != "resumed":
            for own in self.path.iterdir():
                if own.is_dir():
                    shutil.rmtree(own)
                elif own.name != _LOCK:
                    own.unlink()
        for folder in (self.parts, self.spills, self.records):
            folder.mkdir(exist_ok=True)
            for left in folder.glob("*.part"):
                left.unlink(missing_ok=True)
        if found != fingerprint or state != "resumed":
            write(self.path / _MANIFEST, orjson.dumps(fingerprint, option=orjson.OPT_INDENT_2))
        return state

    def _manifest(self) -> Any:
        try:
            return orjson.loads((self.path / _MANIFEST).read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return None

    def _is_own(self) -> bool:
        """Whether it is the folder of a run, which will be deleted some day with all that is in it."""
        if not self.path.is_dir():
            return False
        names = {own.name for own in self.path.iterdir() if not own.name.endswith(_PART)}
        return not names or (_LOCK in names and names <= _OWN)

    def _keep_out(self) -> None:
        self._lock = (self.path / _LOCK).open("ab")
        try:
            import fcntl
        except ImportError:
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.close()
            raise UsageError("another run is writing it", f"`{self.path}`", "wait for it") from error

    def record(self, name: str, content: dict[str, Any]) -> None:
        """A step is finished."""
        write(self.records / f"{name}.json", orjson.dumps(content))

    def recorded(self, name: str) -> dict[str, Any] | None:
        """What was recorded of a step; None when it is not finished."""
        path = self.records / f"{name}.json"
        return orjson.loads(path.read_bytes()) if path.exists() else None

    def finished(self) -> list[str]:
        """The names of all finished steps, in order."""
        return sorted(path.stem for path in self.records.glob("*.json"))

    def leave_nothing(self, fingerprint: Fingerprint) -> None:
        """Delete what is left of a run that is complete; that of any other one stays."""
        if self._manifest() == fingerprint:
            self._keep_out()
            self.remove()

    def remove(self) -> None:
        """Delete the folder."""
        if self._lock is not None:
            self._lock.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def close(self) -> None:
        """Let others in."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
