"""A skeleton guideline to start from: written from templates, sound as it stands, every file saying what to change."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from .edges import DONE
from .errors import UsageError
from .knowledge import shipped

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 60
_KEPT = ("core",)
"""The folder of the program's own vocabulary."""
_HINT = "use lower-case letters, digits and single hyphens, such as `back-pain-2026`"


def scaffold(name: str, into: str | None, target: BinaryIO) -> int:
    """Write the skeleton of a guideline into a folder that is new or empty; raises UsageError."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise UsageError(f"`{name}` is no name for a guideline", None, _HINT)
    if name in _KEPT:
        raise UsageError(f"`{name}` is the name of the program's own vocabulary", None, "choose another")
    folder = Path(name if into is None else into)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"`{folder}` exists and is not empty, nothing is overwritten", None, "name a new folder")
    files = _texts(name)
    _write(files, folder)
    target.write(_report(folder, files).encode())
    return DONE


def _texts(name: str) -> dict[str, str]:
    """The text of each file by its path in the folder."""
    templates = Path(__file__).parent / "templates" / "scaffold"
    title = name.replace("-", " ").capitalize()
    catalog = (shipped() / "ontology" / "catalog-v001.xml").resolve().as_uri()

    def filled(text: str) -> str:
        return text.replace("{{name}}", name).replace("{{title}}", title).replace("{{catalog}}", catalog)

    return {
        filled(path.relative_to(templates).as_posix()): filled(path.read_text(encoding="utf-8"))
        for path in sorted(templates.rglob("*"))
        if path.is_file()
    }


def _write(files: dict[str, str], folder: Path) -> None:
    """All of the files or none: they are written beside the folder and moved as one."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as work:
            made = Path(work) / "made"
            for name, text in files.items():
                path = made / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            if folder.is_dir():
                folder.rmdir()
            shutil.move(made, folder)
    except OSError as error:
        raise UsageError(f"`{folder}` cannot be written: {error.strerror}", None, "name another folder") from error


def _report(folder: Path, files: dict[str, str]) -> str:
    listed = "".join(f"  {name}\n" for name in files)
    return (
        f"Wrote a skeleton guideline to {folder}:\n{listed}\n"
        "Its clinical content is an example: replace it. Every file says at its head what to change next.\n\n"
        "Try:\n"
        f"  guideline check {folder}\n"
        f"  guideline assess --knowledge {folder} {folder / 'examples' / 'patient.json'}\n"
        f"  guideline terms --knowledge {folder}\n"
    )
