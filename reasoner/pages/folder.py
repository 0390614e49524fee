"""Writes pages into a folder that holds nothing else, and nothing outside it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reasoner.errors import UsageError

LIST = ".guideline-docs"
"""Names the pages of the last run: they may be replaced, all else in the folder is somebody's."""

_PAGE = re.compile(r"[A-Za-z0-9_-]+\.html")
_DRAFT = re.compile(re.escape(LIST) + r"-\w+")
_HINT = "name an empty folder, a new one, or one that this command wrote"


def prepare(folder: Path) -> None:
    """Make the folder. Raises UsageError where it holds other things than earlier pages, or cannot be made."""
    with _complaints(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _own(folder)


def write(folder: Path, pages: Mapping[str, str], told: Callable[[int, int], None]) -> None:
    """Replace the pages in the folder; ``told`` hears after each how many of how many are written.

    Raises UsageError, before anything is written, when the folder holds other things or cannot be written.
    """
    prepare(folder)
    with _complaints(folder):
        old = _own(folder)
        # The list first: a run that is broken off leaves a folder that the next one may still write to.
        _put(folder, LIST, "".join(f"{name}\n" for name in sorted({*old, *pages})))
        for place, (name, text) in enumerate(pages.items(), 1):
            _put(folder, name, text)
            told(place, len(pages))
        for name in sorted(old - set(pages)):
            (folder / name).unlink(missing_ok=True)
        _put(folder, LIST, "".join(f"{name}\n" for name in sorted(pages)))


@contextmanager
def _complaints(folder: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise UsageError("is not a folder", f"`{folder}`", _HINT) from None
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", f"`{folder}`", "name another folder") from error


def _own(folder: Path) -> set[str]:
    """The pages of the last run."""
    present = {path.name: path for path in folder.iterdir()}
    listed = set()
    if LIST in present and _plain(present[LIST]):
        listed = set(present[LIST].read_text(encoding="utf-8", errors="replace").splitlines())
    for name, path in sorted(present.items()):
        is_page = name in listed and _PAGE.fullmatch(name)
        if not _plain(path) or not (name == LIST or is_page or _DRAFT.fullmatch(name)):
            raise UsageError(f"the folder holds other things, such as `{name}`", f"`{folder}`", _HINT)
    return set(present) - {LIST}


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _put(folder: Path, name: str, text: str) -> None:
    """Whole or not at all; a link that took the name meanwhile is replaced, not followed."""
    handle, draft = tempfile.mkstemp(prefix=f"{LIST}-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        Path(draft).chmod(0o644)
        Path(draft).replace(folder / name)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
