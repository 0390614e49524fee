"""Reads a page as a tree, strictly: every element closed where it was opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input", "wbr", "col"}


@dataclass
class Element:
    name: str
    attributes: dict[str, str | None]
    parent: Element | None = None
    content: list[Element | str] = field(default_factory=list)

    def every(self, *names: str) -> Iterator[Element]:
        """This element and all below it, in order; only those of the names, where some are given."""
        if not names or self.name in names:
            yield self
        for own in self.content:
            if isinstance(own, Element):
                yield from own.every(*names)

    @property
    def text(self) -> str:
        return "".join(own if isinstance(own, str) else own.text for own in self.content)

    def above(self) -> Iterator[Element]:
        own = self.parent
        while own is not None:
            yield own
            own = own.parent


class Strict(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Element("document", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in <{tag}>"
        own = Element(tag, dict(attrs), self.here)
        self.here.content.append(own)
        if tag not in VOID:
            self.here = own

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.here.name, f"</{tag}> closes <{self.here.name}> near line {self.getpos()[0]}"
        assert self.here.parent is not None
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.content.append(data)


def page(text: str) -> Element:
    """The tree of a page; fails where it is not balanced."""
    parser = Strict()
    parser.feed(text)
    parser.close()
    assert parser.here is parser.root, f"<{parser.here.name}> is never closed"
    return parser.root
