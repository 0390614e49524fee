"""A report as Markdown for a pull request: short lines, long things folded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reasoner.blocks import Item, Page, Section

from .report import AXIOMS, STAR

_FOLDED = 20
_LONG = 15
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def markdown(page: Page, title: str, patients: Sequence[tuple[str, str]]) -> str:
    """The whole report; ``patients`` are (title, Turtle)."""
    lines = [f"# {escaped(title)}", "", escaped(page.note), ""]
    for section in page.sections:
        lines += [f"## {section.title}", "", *_section(section), ""]
        if section is page.sections[0] and patients:
            lines += [*_patients(patients), ""]
    lines += ["---", "", f"{STAR} marks what can change a clinical answer. {escaped(page.notice)}"]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Text that Markdown must not read as marks, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _section(section: Section) -> Iterator[str]:
    is_long = len(section.items) > _LONG and section.title not in ("Who is affected", "Decisions")
    if is_long:
        yield from (f"<details><summary>{len(section.items)} entries</summary>", "")
    for item in section.items:
        yield from _axiom(item) if section.title == AXIOMS else _item(item)
    if is_long:
        yield from ("", "</details>")


def _item(item: Item) -> Iterator[str]:
    yield f"- {_marked(item)}"
    for note in item.notes:
        yield f"  - {_marked(note)}"


def _marked(item: Item) -> str:
    text = escaped(item.text)
    return f"{text} (`{item.tag}`)" if item.tag else text


def _axiom(item: Item) -> Iterator[str]:
    yield f"- {_marked(item)}"
    if item.notes:
        yield from ("", "  ```diff", *(f"  {' '.join(note.text.split())}" for note in item.notes), "  ```", "")


def _patients(patients: Sequence[tuple[str, str]]) -> Iterator[str]:
    for title, turtle in patients[:_FOLDED]:
        yield from (f"<details><summary>Patient: {_html(title)}</summary>", "", "```turtle", turtle.rstrip(), "```", "")
        yield from ("</details>", "")
    if len(patients) > _FOLDED:
        yield f"{len(patients) - _FOLDED} more patients, all in `--format json`."


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
