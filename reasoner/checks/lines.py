"""Lines of a Turtle text: where a term is described, and where in its description something is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

_PREFIX = re.compile(r"^\s*@?prefix\s+([\w.-]*):\s*<([^>]*)>", re.IGNORECASE | re.MULTILINE)
_HEAD = re.compile(r"(?!@|prefix\b|base\b|PREFIX\b|BASE\b)(<[^>\s]*>|[\w.-]*:[^\s;,\[\]()]*)")
_LABEL = re.compile(r'rdfs:label\s+["“”\']*([^"“”\n@]+)')
_NAME = re.compile(r"[\w/-]")


class Text:
    """A Turtle text by lines, counted from 1."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.splitlines()

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """The prefixes that it declares."""
        return dict(_PREFIX.findall(self.text))

    @cached_property
    def heads(self) -> list[tuple[int, str]]:
        """Each line that begins the description of a term, with the term as written."""
        return [(n, match[1]) for n, line in self._outside() if (match := _HEAD.match(line))]

    def _outside(self) -> list[tuple[int, str]]:
        """The lines that do not begin inside a long string."""
        found, inside = [], False
        for number, line in enumerate(self.lines, 1):
            if not inside:
                found.append((number, line))
            inside ^= line.count('"""') % 2 == 1
        return found

    def written(self, iri: str) -> list[str]:
        """The ways in which the text may write an IRI."""
        names = [f"{p}:{iri[len(base) :]}" for p, base in self.prefixes.items() if base and iri.startswith(base)]
        return [f"<{iri}>", *names]

    def expand(self, name: str) -> str | None:
        """The IRI of a name as written."""
        if name.startswith("<"):
            return name[1:-1]
        prefix, _, local = name.partition(":")
        return self.prefixes[prefix] + local if prefix in self.prefixes else None

    def block(self, iri: str) -> tuple[int, int] | None:
        """First and last line of the description of a term."""
        names = self.written(iri)
        for place, (number, head) in enumerate(self.heads):
            if head in names:
                end = self.heads[place + 1][0] - 1 if place + 1 < len(self.heads) else len(self.lines)
                return number, end
        return None

    def subject_at(self, line: int) -> str | None:
        """The term, as written, whose description a line is part of."""
        return next((head for number, head in reversed(self.heads) if number <= line), None)

    def label_at(self, line: int) -> str | None:
        """The label in the description that a line is part of."""
        starts = [number for number, _ in self.heads if number <= line]
        if not starts:
            return None
        end = next((number for number, _ in self.heads if number > line), len(self.lines) + 1)
        match = _LABEL.search("\n".join(self.lines[starts[-1] - 1 : end - 1]))
        return match[1] if match else None

    def line(self, iri: str, clues: Sequence[str] = ()) -> int | None:
        """The line of the description of a term that holds the first clue to be found, else its first line.

        A clue is an IRI or a piece of text. A term without a description has the first line that names it.
        """
        block = self.block(iri)
        if block is None:
            return self.find(iri, 1, len(self.lines))
        for clue in clues:
            # The first line names the term itself: what is said of it comes after.
            for start, end in ((block[0] + 1, block[1]), (block[0], block[0])):
                if clue == iri and start == block[0]:
                    continue
                if (found := self.find(clue, start, end)) is not None:
                    return found
        return block[0]

    def find(self, clue: str, start: int = 1, end: int | None = None) -> int | None:
        """The first line between two that has an IRI, or a piece of text."""
        names = [*self.written(clue), clue] if "://" in clue else [clue]
        for number in range(start, min(end or len(self.lines), len(self.lines)) + 1):
            line = self.lines[number - 1]
            if "://" in clue and _PREFIX.match(line):
                continue
            if any(_has(line, name) for name in names):
                return number
        return None


def _has(line: str, name: str) -> bool:
    """Whether a line has a name as a whole."""
    at = line.find(name) if name else -1
    while at >= 0:
        before, after = line[at - 1 : at], line[at + len(name) : at + len(name) + 1]
        apart = not (_NAME.match(name[-1]) and _NAME.match(after)) and not (
            _NAME.match(name[0]) and _NAME.match(before)
        )
        if apart:
            return True
        at = line.find(name, at + 1)
    return False


def blocks(text: Text) -> tuple[str, list[tuple[int, str]]]:
    """What comes before the first description, and each description with its first line."""
    starts = [number for number, _ in text.heads]
    header = "\n".join(text.lines[: starts[0] - 1 if starts else len(text.lines)])
    ends = [*(number - 1 for number in starts[1:]), len(text.lines)] if starts else []
    return header + "\n", [(a, "\n".join(text.lines[a - 1 : b]) + "\n") for a, b in zip(starts, ends, strict=True)]
