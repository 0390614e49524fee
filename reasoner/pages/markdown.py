"""The little Markdown that a changelog uses: headings, lists, paragraphs, code, bold, links. All else is text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

_HEADING = re.compile(r"(#{1,5})\s+(.*)")
_ITEM = re.compile(r"\s*[-*]\s+(.*)")
_INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\((https?://[^)\s]+)\)")


def html(text: str) -> Markup:
    """The text as HTML; its headings begin one level below the heading of the page."""
    return Markup("\n").join(_blocks(text))


def _blocks(text: str) -> Iterator[Markup]:
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.splitlines()
        while lines and (match := _HEADING.match(lines[0])):
            level = min(len(match[1]) + 1, 6)
            yield Markup("<h{0}>{1}</h{0}>").format(level, inline(match[2]))
            lines.pop(0)
        before: list[str] = []
        while lines and not _ITEM.match(lines[0]):
            before.append(lines.pop(0).strip())
        if before:
            yield Markup("<p>{}</p>").format(inline(" ".join(before)))
        items: list[str] = []
        for line in lines:
            match = _ITEM.match(line)
            if match:
                items.append(match[1])
            else:
                items[-1] += f" {line.strip()}"
        if items:
            yield Markup("<ul>{}</ul>").format(Markup().join(Markup("<li>{}</li>").format(inline(i)) for i in items))


def inline(text: str) -> Markup:
    """Code, bold and links in a line of text."""
    parts, at = [], 0
    for match in _INLINE.finditer(text):
        parts.append(escape(text[at : match.start()]))
        code, bold, label, address = match.groups()
        if code:
            parts.append(Markup("<code>{}</code>").format(code))
        elif bold:
            parts.append(Markup("<strong>{}</strong>").format(bold))
        else:
            parts.append(Markup('<a href="{}" rel="noreferrer">{}</a>').format(address, label))
        at = match.end()
    return Markup().join([*parts, escape(text[at:])])
