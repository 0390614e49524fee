"""A form that somebody filled in: what was written, what is wrong with it, and the patient graph that it makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyoxigraph as ox

from reasoner.errors import DataError
from reasoner.graph import GR, TYPE

from .form import Block, Field

NODE, ADD, REMOVE = "node", "add", "remove"
MOST = 50
"""How many things one form may speak of."""
_NAME = re.compile(r"([a-z][a-z0-9-]*)-([0-9]{1,4})")
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that the form speaks of (a person, a foot, a lesion), and what was written of it by field name."""

    name: str
    block: Block
    number: int
    owner: str | None
    written: Mapping[str, str] = field(default_factory=dict)

    @property
    def iri(self) -> str:
        """Its node in the patient graph."""
        return f"urn:form:{self.name}"

    def problems(self) -> Iterator[tuple[Field, str]]:
        """The fields whose value cannot be, each with a sentence."""
        for own in self.block.fields():
            text = self.written.get(own.name, "")
            if text and (problem := own.problem(text)):
                yield own, problem


@dataclass(frozen=True, slots=True)
class Filled:
    """The whole form: owners come before what belongs to them."""

    blocks: tuple[Block, ...]
    entries: tuple[Entry, ...]

    @classmethod
    def empty(cls, blocks: Sequence[Block], written: Mapping[str, str] | None = None) -> Filled:
        """One of each kind; ``written`` maps names of fields to what to begin with."""
        entries: list[Entry] = []
        for block in blocks:
            owner = entries[-1].name if entries else None
            own = {f.name: written[f.name] for f in block.fields() if written and f.name in written}
            entries.append(Entry(_name(block, 1), block, 1, owner, own))
        return cls(tuple(blocks), tuple(entries))

    @classmethod
    def read(cls, blocks: Sequence[Block], items: Iterable[tuple[str, str]]) -> Filled:
        """What a browser sent: ``node`` lists the things with their owners, ``<thing>.<field>`` is what was written.

        Raises DataError for fields that this form does not have.
        """
        items = list(items)
        kinds = {block.kind.name.lower(): block for block in blocks}
        found: dict[str, Entry] = {}
        for place, text in [(k, v) for k, v in items if k == NODE]:
            name, _, owner = text.partition(" ")
            match = _NAME.fullmatch(name)
            block = kinds.get(match[1]) if match else None
            if match is None or block is None or name in found or len(found) >= MOST:
                raise _foreign(place)
            parent = block.kind.parent
            is_owned = owner in found and found[owner].block.kind.name == parent
            if (parent is None) == bool(owner) or (owner and not is_owned):
                raise _foreign(place)
            found[name] = Entry(name, block, int(match[2]), owner or None)
        written: dict[str, dict[str, str]] = {name: {} for name in found}
        for key, text in items:
            name, dot, own = key.partition(".")
            if dot and name in found and any(f.name == own for f in found[name].block.fields()):
                # Twice in one form: the browser's own doing, and the first is what the person saw.
                written[name].setdefault(own, text.strip()[:_LONGEST])
            elif key not in (NODE, ADD, REMOVE):
                raise _foreign(key)
        if not found:
            raise _foreign(NODE)
        return cls(tuple(blocks), tuple(replace(entry, written=written[name]) for name, entry in found.items()))

    def children(self, owner: str | None) -> list[Entry]:
        """What belongs to a thing, in order."""
        return [entry for entry in self.entries if entry.owner == owner]

    def with_another(self, owner: str) -> Filled:
        """The form with one more thing of an owner, and with one of each kind that belongs to it in turn."""
        entries = list(self.entries)
        at = next((entry for entry in entries if entry.name == owner), None)
        while at is not None and len(entries) < MOST:
            block = next((b for b in self.blocks if b.kind.parent == at.block.kind.name), None)
            if block is None:
                break
            number = 1 + max((e.number for e in entries if e.block is block), default=0)
            at = Entry(_name(block, number), block, number, at.name)
            entries.append(at)
        return replace(self, entries=tuple(entries))

    def without(self, name: str) -> Filled:
        """The form without a thing and all that belongs to it; the last of a kind stays."""
        gone = {name}
        for entry in self.entries:
            if entry.owner in gone:
                gone.add(entry.name)
        kept = tuple(entry for entry in self.entries if entry.name not in gone)
        return replace(self, entries=kept) if {e.block.kind.name for e in kept} == self._kinds() else self

    def _kinds(self) -> set[str]:
        return {block.kind.name for block in self.blocks}

    def problems(self) -> dict[str, str]:
        """What is wrong, by ``<thing>.<field>``."""
        return {f"{e.name}.{own.name}": text for e in self.entries for own, text in e.problems()}

    def places(self) -> dict[tuple[str, str], str]:
        """Where a validation result belongs: ``<thing>.<field>`` by node and by property or name of the finding."""
        return {
            (entry.iri, name): f"{entry.name}.{own.name}"
            for entry in self.entries for own in entry.block.fields() for name in (own.path, own.name)
        }  # fmt: skip

    def turtle(self) -> bytes:
        """The patient graph. What has a problem is left out: ask for ``problems`` first."""
        triples: list[ox.Triple] = []
        for entry in self.entries:
            node = ox.NamedNode(entry.iri)
            triples.append(ox.Triple(node, ox.NamedNode(TYPE), ox.NamedNode(entry.block.kind.iri)))
            if entry.owner is not None and entry.block.kind.link is not None:
                triples.append(
                    ox.Triple(node, ox.NamedNode(entry.block.kind.link), ox.NamedNode(f"urn:form:{entry.owner}"))
                )
            for own in entry.block.fields():
                text = entry.written.get(own.name, "")
                if text and own.problem(text) is None:
                    triples.append(ox.Triple(node, ox.NamedNode(own.path), own.term(text)))
        written = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes={"gr": GR, **self._prefixes()})
        assert written is not None
        return written

    def _prefixes(self) -> dict[str, str]:
        fields = (own for block in self.blocks for own in block.fields() if own.choices)
        return {own.name: own.choices[0].iri.removesuffix(own.choices[0].name) for own in fields}


def _name(block: Block, number: int) -> str:
    return f"{block.kind.name.lower()}-{number}"


def _foreign(key: str) -> DataError:
    return DataError("a field that this form does not have", f"`{key[:50]}`", "load the page anew and fill it in again")
