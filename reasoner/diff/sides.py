"""OLD and NEW: a folder, a wheel or a git revision, loaded."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reasoner.assess import Reasoner
from reasoner.derive import Deriver
from reasoner.errors import KnowledgeError, UsageError
from reasoner.knowledge import Knowledge, load_knowledge
from reasoner.program import Program

from .archives import unpack_revision, unpack_wheel
from .described import Descriptions, describe

FOLDER, WHEEL, REVISION = "folder", "wheel", "revision"


@dataclass
class Side:
    """One state of the knowledge; ``core`` tells whose core vocabulary it stands on."""

    name: str
    kind: str
    knowledge: Knowledge
    core: str = "shipped"
    commit: str | None = None

    @cached_property
    def reasoner(self) -> Reasoner:
        """Answers as this side does; raises KnowledgeError where its gradings cannot be used."""
        return Reasoner(self.knowledge)

    @property
    def program(self) -> Program:
        """The side's own program, in its own space."""
        return self.reasoner.program

    @cached_property
    def deriver(self) -> Deriver:
        """From records to states, as the side's program goes by default."""
        return Deriver(self.knowledge.model, self.program, self.knowledge.derivations, False)

    @cached_property
    def strict(self) -> Deriver:
        """Likewise, assuming nothing."""
        return Deriver(self.knowledge.model, self.program, self.knowledge.derivations, True)

    @cached_property
    def descriptions(self) -> Descriptions:
        """What the side says of every named term."""
        return describe(self.knowledge.graph)


def open_side(name: str, stack: ExitStack) -> Side:
    """Load a side; what has to be unpacked lives as long as the stack.

    Raises UsageError where there is nothing to load, KnowledgeError where what there is has a fault.
    """
    if not name:
        raise UsageError("has no name", "``", "name a knowledge folder, a wheel (*.whl), or a git revision")
    path = Path(name)
    if path.is_dir():
        return Side(name, FOLDER, load_knowledge(path))
    if path.suffix == ".whl":
        if not path.is_file():
            raise UsageError("no such wheel", f"`{name}`", "check the path")
        into = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guideline-")))
        unpack_wheel(path, into)
        return _unpacked(name, WHEEL, into, None)
    if path.is_file():
        raise UsageError("is a file", f"`{name}`", "name a knowledge folder, a wheel (*.whl), or a git revision")
    into = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guideline-")))
    commit = unpack_revision(name, into)
    return _unpacked(name, REVISION, into, commit)


def _unpacked(name: str, kind: str, folder: Path, commit: str | None) -> Side:
    """What was unpacked stands on the core that came with it, where today's program can read that."""
    try:
        if not (folder / "ontology" / "core").is_dir():
            return Side(name, kind, load_knowledge(folder), commit=commit)
        try:
            return Side(name, kind, load_knowledge(folder, folder), "its own", commit)
        except KnowledgeError as error:
            shutil.rmtree(folder / "ontology" / "core")
            try:
                return Side(name, kind, load_knowledge(folder), "shipped, as its own cannot be read", commit)
            except KnowledgeError:
                raise error from None
    except UsageError as error:
        # The temporary folder means nothing to the reader.
        raise UsageError(error.message, f"`{name}`", error.hint) from error
