"""The knowledge on its way to the executors: what they need to decide exactly as the driver would."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from reasoner import __version__
from reasoner.assess import Reasoner, load
from reasoner.errors import EngineError

_KINDS = (".ttl", ".tsv")
_FOLDERS = ("ontology", "shapes")


@dataclass(frozen=True)
class Parcel:
    """The knowledge of a reasoner, small and picklable. A folder travels whole; what is shipped is there already."""

    strict: bool
    version: str
    guidelines: tuple[tuple[str, str, str], ...]
    """Id, version and hash of each: what is loaded on the other side must have the same."""
    archive: bytes | None = None

    @classmethod
    def of(cls, reasoner: Reasoner, folder: Path | None) -> Parcel:
        """The parcel of a reasoner whose knowledge was loaded from a folder, None for what is shipped."""
        return cls(reasoner.strict, __version__, _hashes(reasoner), None if folder is None else _packed(folder))

    def opened(self, room: Path) -> Reasoner:
        """The reasoner on the other side; an archive is unpacked below a folder. Raises EngineError if it differs."""
        folder = None if self.archive is None else _unpacked(self.archive, room)
        reasoner = load(folder, self.strict)
        found = _hashes(reasoner)
        if self.version != __version__ or found != self.guidelines:
            other = next((one[0] for one in self.guidelines if one not in found), "the program")
            raise EngineError(
                f"an executor has version {__version__} of the program and another {other} than the driver",
                None, "install the same package on all machines",
            )  # fmt: skip
        return reasoner


def _hashes(reasoner: Reasoner) -> tuple[tuple[str, str, str], ...]:
    return tuple((g.id, g.version, g.sha256) for g in reasoner.knowledge.guidelines)


def _packed(folder: Path) -> bytes:
    """A folder of knowledge as a ZIP archive; the same files give the same bytes."""
    buffer = io.BytesIO()
    homes = [folder / name for name in _FOLDERS] if (folder / _FOLDERS[0]).is_dir() else [folder]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for home in homes for path in home.rglob("*")):
            name = path.relative_to(folder)
            if path.suffix in _KINDS and path.is_file() and not any(part.startswith(".") for part in name.parts):
                archive.writestr(zipfile.ZipInfo(name.as_posix()), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _unpacked(archive: bytes, room: Path) -> Path:
    """The folder again. Several processes of a machine share it, so it appears as a whole."""
    target = room / f"knowledge-{sha256(archive).hexdigest()[:16]}"
    if not target.is_dir():
        making = Path(tempfile.mkdtemp(dir=room))
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            packed.extractall(making)
        try:
            making.rename(target)
        except OSError:
            # Another process was first.
            shutil.rmtree(making)
    return target
