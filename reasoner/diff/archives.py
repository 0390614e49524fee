"""A knowledge folder from a git revision or a wheel, unpacked where it can be read. No network, no checkout."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from reasoner.errors import UsageError

_INSIDE = "reasoner/_knowledge/"
_PARTS = ("ontology", "shapes", "queries")
_LARGEST = 256 * 1024 * 1024
# Nothing may be asked of the user, and a partial clone must not fetch what it lacks.
_QUIET = {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def unpack_wheel(path: Path, into: Path) -> None:
    """Write the knowledge of a wheel into a folder."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = _write(archive, _INSIDE, into, str(path))
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise UsageError("is no wheel that can be opened", f"`{path}`", "name a built wheel, or a folder") from error
    if not found:
        raise UsageError(f"holds no {_INSIDE}", f"`{path}`", "name a wheel of this program")


def unpack_revision(revision: str, into: Path) -> str:
    """Write the knowledge of a revision, or of ``revision:path``, into a folder; the commit or tree in short."""
    top = _git_or_none(Path(), "rev-parse", "--show-toplevel")
    if top is None:
        message = "is no folder or wheel, and the current folder is not in a git repository"
        raise UsageError(message, f"`{revision}`", "check the path, or call it inside a repository")
    prefix = _git(revision, Path(), "rev-parse", "--show-prefix").strip("/")
    root = Path(top)
    hint = "name a folder, a wheel (*.whl), or a revision such as `HEAD~1` or `v1.0:path`"
    found = _git(revision, Path(), "rev-parse", "--verify", "--quiet", "--end-of-options", revision, hint=hint)
    kind = _git(revision, root, "cat-file", "-t", found)
    if kind == "blob":
        raise UsageError("is a file", f"`{revision}`", "name a folder in the revision, such as `HEAD:path`")
    if kind == "tree":
        return _unpack_tree(revision, root, found, into)[:12]
    commit = _git(revision, root, "rev-parse", f"{found}^{{commit}}")
    # The folder that one stands in comes first, as it does for every other command of git.
    for place in dict.fromkeys((prefix, "")):
        tree = _git_or_none(root, "rev-parse", "--verify", "--quiet", f"{commit}:{place}")
        if tree and _git_or_none(root, "rev-parse", "--verify", "--quiet", f"{tree}:ontology"):
            _unpack_tree(revision, root, tree, into)
            return commit[:12]
    raise UsageError("has no folder ontology/", f"`{revision}`", f"name the folder that has one, as `{revision}:path`")


def _unpack_tree(revision: str, root: Path, tree: str, into: Path) -> str:
    """Files of a tree; one without ontology/ is itself the folder of the ontology."""
    whole = _git_or_none(root, "rev-parse", "--verify", "--quiet", f"{tree}:ontology")
    names = _git(revision, root, "ls-tree", "--name-only", tree).splitlines() if whole else []
    paths = [name for name in names if name in _PARTS]
    data = _run(root, "archive", "--format=zip", tree, *paths)
    if data.returncode:
        raise UsageError("cannot be read from git", f"`{revision}`", "check the repository")
    with zipfile.ZipFile(io.BytesIO(data.stdout)) as archive:
        _write(archive, "", into, revision)
    return tree


def _write(archive: zipfile.ZipFile, prefix: str, into: Path, name: str) -> int:
    """Write the members below a prefix; the number of files."""
    members = [m for m in archive.infolist() if m.filename.startswith(prefix) and not m.is_dir()]
    if sum(member.file_size for member in members) > _LARGEST:
        raise UsageError("unpacks to more than 256 MiB", f"`{name}`", "name a wheel or revision of knowledge alone")
    for member in members:
        place = PurePosixPath(member.filename.removeprefix(prefix))
        if place.is_absolute() or ".." in place.parts:
            raise UsageError("holds a file outside of its folder", f"`{name}`", "name a wheel that you trust")
        target = into / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(archive.read(member))
    return len(members)


def _git(what: str, where: Path, *words: str, hint: str = "check the repository") -> str:
    done = _run(where, *words)
    if done.returncode:
        message = "is no folder, wheel or known revision" if "--verify" in words else "cannot be read from git"
        raise UsageError(message, f"`{what}`", hint)
    return done.stdout.decode(errors="replace").strip()


def _git_or_none(where: Path, *words: str) -> str | None:
    done = _run(where, *words)
    return None if done.returncode else done.stdout.decode(errors="replace").strip()


def _run(where: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", *words], cwd=where, env={**os.environ, **_QUIET}, capture_output=True, check=False, timeout=120
        )
    except FileNotFoundError as error:
        raise UsageError("git is not installed", "`git`", "name folders or wheels instead") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError("git gave no answer in two minutes", "`git`", "check the repository") from error
