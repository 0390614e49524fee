"""Text for a card: what comes from the request is shown as code, so that it can never become a link or markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_LONGEST = 120


@lru_cache(maxsize=4096)
def words(text: str) -> str:
    """A text of the knowledge, its characters of markup taken literally."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def data(told: object) -> str:
    """A text of the request as code: one line, nothing unprintable, no backtick, not too long."""
    line = " ".join(str(told).split()).replace("`", "'")
    if not line.isprintable():
        line = "".join(char if char.isprintable() else "?" for char in line)
    if len(line) > _LONGEST:
        line = line[: _LONGEST - 1] + "…"
    return f"`{line}`" if line else "(empty)"


def section(title: str, lines: Iterable[str]) -> str:
    """A heading with a list, empty without a line."""
    items = [f"- {line}" for line in lines if line]
    return "\n".join([f"**{title}**", "", *items]) if items else ""


def joined(*parts: str) -> str:
    """Paragraphs and sections, the empty ones left out."""
    return "\n\n".join(part for part in parts if part)


def shortened(text: str, longest: int) -> str:
    """The text in at most so many characters, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    cut = line[: longest - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(",;:. ") + "…"
