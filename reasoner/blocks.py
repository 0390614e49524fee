"""The content of a readable answer before any layout: headings, items and notes. Text and HTML show the same."""

from __future__ import annotations

from dataclasses import dataclass

LEAD, ALERT, PLAIN, FINE = "lead", "alert", "plain", "fine"


@dataclass(frozen=True, slots=True)
class Item:
    """A line with what belongs to it; ``tag`` is an identifier shown behind it."""

    text: str
    tag: str = ""
    notes: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its items; ``kind`` tells how much it should stand out."""

    title: str
    items: tuple[Item, ...]
    kind: str = PLAIN
    intro: str = ""
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class SubjectPage:
    """One subject."""

    heading: str
    reference: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    subjects: tuple[SubjectPage, ...]
    sections: tuple[Section, ...]
    note: str
    notice: str


def as_notes(*texts: str) -> tuple[Item, ...]:
    """Texts as notes, the empty ones left out."""
    return tuple(Item(text) for text in texts if text)


def capital(text: str) -> str:
    """The text with a capital first letter; a word with capitals of its own, such as a unit or ``eGFR``, is left."""
    first = text.split(maxsplit=1)[:1]
    return text[:1].upper() + text[1:] if first and first[0].islower() else text
