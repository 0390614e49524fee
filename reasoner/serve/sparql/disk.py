"""A store on disk that outlives the server: made once, taken as it is while knowledge and patients are the same.

In the folder are ``store-…``, named by what went into it, ``store.json``, which says so and how large it is, and
``lock``: servers that only read share it, and one that makes the store anew must be alone.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pyoxigraph as ox

from reasoner import __version__
from reasoner.assess import Reasoner
from reasoner.catalogue import prefixes, shipped_queries
from reasoner.errors import EngineError, ReasonerError, UsageError
from reasoner.query import QueryStore
from reasoner.serve.settings import Settings

from .inventory import Inventory, count

_LOCK, _SAID, _STORE, _BUILDING = "lock", "store.json", "store-", "building"
_BLANK = re.compile(r"_:\w+")
_FORMAT = 1
"""Of what is written here; a store of another format is made anew."""


@contextlib.contextmanager
def kept(reasoner: Reasoner, settings: Settings) -> Iterator[tuple[Path, Inventory]]:
    """The store in a folder, made or taken as it is. Raises UsageError where that cannot be."""
    folder = settings.store
    assert folder is not None
    lock = _opened(folder)
    with lock:
        name = _STORE + fingerprint(reasoner, settings)[:32]
        _lock(lock, fcntl.LOCK_SH, folder, "another server makes it anew")
        inventory = _known(folder, name)
        if inventory is None:
            _lock(lock, fcntl.LOCK_EX, folder, "another server uses it, with other knowledge or patients")
            inventory = _made(reasoner, settings, folder, name)
            _lock(lock, fcntl.LOCK_SH, folder, "another server makes it anew")
        _in_child(lambda: _readable(folder / name))
        yield folder / name, inventory


def fingerprint(reasoner: Reasoner, settings: Settings) -> str:
    """A hash of all that decides what is in the store."""
    knowledge = reasoner.knowledge
    digest = hashlib.sha256(f"{_FORMAT} {__version__} {ox.__version__} {reasoner.strict}".encode())
    parts = [guideline.sha256 for guideline in knowledge.guidelines]
    # Blank nodes have other names each time that they are read.
    shapes = _BLANK.sub("_:", knowledge.shapes.to_ntriples()).splitlines()
    parts += [*knowledge.tables.values(), "\n".join(sorted(shapes))]
    parts += [query.text for query in shipped_queries(knowledge).values() if query.into]
    parts += [f"{prefix} {iri}" for prefix, iri in prefixes(knowledge).items()]
    for file in settings.data:
        try:
            with file.open("rb") as data:
                parts += [file.name, hashlib.file_digest(data, "sha256").hexdigest()]
        except OSError as error:
            what = (error.strerror or "unknown").lower()
            raise UsageError(f"cannot be read: {what}", f"`{file}`", "check the path and its rights") from error
    if settings.data:
        # Ages are as of the day of assessment.
        parts.append(datetime.date.today().isoformat())
    for part in parts:
        digest.update(hashlib.sha256(part.encode()).digest())
    return digest.hexdigest()


def _opened(folder: Path) -> IO[bytes]:
    try:
        # It holds patients: nobody but the owner looks in.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in folder.iterdir():
            if path.name not in (_LOCK, _SAID, _BUILDING) and not path.name.startswith(_STORE):
                raise UsageError("holds other files than a store", f"`{folder}`", "name an empty folder or a new one")
        return (folder / _LOCK).open("ab")
    except OSError as error:
        what = (error.strerror or "unknown").lower()
        raise UsageError(f"cannot hold a store: {what}", f"`{folder}`", "name another folder") from error


def _lock(lock: IO[bytes], how: int, folder: Path, why: str) -> None:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except OSError as error:
        hint = "wait for it, or name another folder"
        raise UsageError(f"is locked: {why}", f"`{folder}`", hint) from error


def _known(folder: Path, name: str) -> Inventory | None:
    """What the store of this name holds; None where it is not there, whole."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        said = json.loads((folder / _SAID).read_bytes())
        if said["name"] == name and (folder / name).is_dir():
            return Inventory.from_dict(said["inventory"])
    return None


def _made(reasoner: Reasoner, settings: Settings, folder: Path, name: str) -> Inventory:
    """Make the store anew; it gets its name when it is whole, and only then do the others go."""
    try:
        building = folder / _BUILDING
        shutil.rmtree(building, ignore_errors=True)
        found = _in_child(lambda: _filled(reasoner, settings, building))
        (folder / _SAID).unlink(missing_ok=True)
        for old in folder.glob(_STORE + "*"):
            shutil.rmtree(old)
        building.rename(folder / name)
        written = folder / (_STORE + "new.json")
        written.write_text(json.dumps({"name": name, "inventory": found}), encoding="utf-8")
        written.rename(folder / _SAID)
    except OSError as error:
        what = (error.strerror or "unknown").lower()
        raise UsageError(f"cannot hold a store: {what}", f"`{folder}`", "make room, or name another folder") from error
    return Inventory.from_dict(found)


def _filled(reasoner: Reasoner, settings: Settings, path: Path) -> Any:
    store = ox.Store(str(path))
    own = QueryStore(reasoner, settings.data, store=store)
    store.optimize()
    store.flush()
    return count(store, own.invalid, tuple(str(line.error) for line in own.broken)).to_dict()


def _readable(path: Path) -> None:
    try:
        next(ox.Store.read_only(str(path)).quads_for_pattern(None, None, None), None)
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError("is damaged", f"`{path}`", "remove the folder; it is made anew") from error


def _in_child(work: Callable[[], Any]) -> Any:
    """What some work gives, done in a process of its own: a store that was open leaves threads, which no fork keeps."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        code = 1
        with contextlib.suppress(BaseException), open(writer, "w", encoding="utf-8") as answer:  # noqa: PTH123
            json.dump(_outcome(work), answer)
            code = 0
        os._exit(code)
    os.close(writer)
    with open(reader, encoding="utf-8") as answer:  # noqa: PTH123
        said = answer.read()
    os.waitpid(pid, 0)
    if not said:
        raise EngineError("the store could not be made", None, "see whether memory and disk suffice")
    outcome = json.loads(said)
    if "error" in outcome:
        raise UsageError(*outcome["error"])
    return outcome["given"]


def _outcome(work: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"given": work()}
    except ReasonerError as error:
        return {"error": [error.message, error.where, error.hint]}
    except (OSError, RuntimeError) as error:
        return {
            "error": [f"the store cannot be written: {type(error).__name__}", None, "see whether the disk has room"]
        }
