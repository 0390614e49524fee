"""The page as text for a terminal: 80 to 100 columns, no tables, words rather than colour alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import TextWrapper

from .blocks import ALERT, FINE, LEAD, Item, Page, Section, SubjectPage

WIDTH = 92
_STYLES = {LEAD: "1;32", ALERT: "1;31", FINE: "2", "plain": "1", "heading": "1"}


class TextWriter:
    """Lays pages out; ``colour`` adds ANSI emphasis to words that already say it."""

    def __init__(self, width: int = WIDTH, colour: bool = False) -> None:
        self.width, self.colour = max(60, min(width, 100)), colour

    def write(self, page: Page) -> str:
        """The page as text that ends with a line break."""
        lines: list[str] = []
        for subject in page.subjects:
            lines += self._subject(subject)
        if page.note:
            lines += [*self._wrap(page.note, "", ""), ""]
        lines += ["-" * self.width]
        for section in page.sections:
            lines += self._section(section)
        lines += self._wrap(page.notice, "", "")
        return "\n".join(lines) + "\n"

    def _subject(self, subject: SubjectPage) -> Iterator[str]:
        for line in self._wrap(subject.heading, "", "  "):
            yield self._styled(line, "heading")
        yield from self._wrap(f"({subject.reference})", "", " ")
        yield "=" * self.width
        for section in subject.sections:
            yield from self._section(section)

    def _section(self, section: Section) -> Iterator[str]:
        yield self._styled(section.title.upper(), section.kind)
        if section.intro:
            yield from self._wrap(section.intro, "  ", "  ")
        for place, item in enumerate(section.items, 1):
            mark = f"{place}. " if section.numbered else "> " if section.kind == LEAD else "- "
            yield from self._item(item, "  ", mark)
        yield ""

    def _item(self, item: Item, indent: str, mark: str) -> Iterable[str]:
        text = f"{item.text} [{item.tag}]" if item.tag else item.text
        yield from self._wrap(text, indent + mark, indent + " " * len(mark))
        for note in item.notes:
            inner = indent + " " * len(mark)
            if note.tag or note.notes:
                yield from self._item(note, inner, "- ")
            else:
                yield from self._wrap(note.text, inner, inner + "  ")

    def _wrap(self, text: str, first: str, rest: str) -> list[str]:
        wrapper = TextWrapper(
            self.width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
        )
        return wrapper.wrap(" ".join(text.split())) or [first.rstrip()]

    def _styled(self, line: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{line}\x1b[0m" if self.colour else line
