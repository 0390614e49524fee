"""How much room a text needs. The font is the reader's own, so widths are those of a wide one."""

from __future__ import annotations

SIZE = 13
LINE = 17
"""Height of a line of text, in pixels, at the size of all pictures."""

_NARROW, _SLIM, _WIDE = "ijlI.,:;'|! ", 'frt()[]/-"', "mwMW%@"
_BOLD = 1.1


def width(text: str, bold: bool = False) -> float:
    """The room of a text in pixels: never less than what common sans-serif fonts take."""
    ems = sum(_em(character) for character in text)
    return ems * SIZE * (_BOLD if bold else 1)


def wrap(text: str, room: float, bold: bool = False) -> list[str]:
    """The text in lines that fit; a word that is too long by itself is cut."""
    lines: list[str] = []
    for word in text.split():
        if lines and width(f"{lines[-1]} {word}", bold) <= room:
            lines[-1] += f" {word}"
            continue
        while width(word, bold) > room and len(word) > 1:
            fits = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or width(word[:n], bold) <= room)
            lines.append(word[:fits])
            word = word[fits:]
        lines.append(word)
    return lines


def _em(character: str) -> float:
    if character in _NARROW:
        return 0.36
    if character in _SLIM:
        return 0.46
    if character in _WIDE or not character.isascii():
        return 1.0
    return 0.76 if character.isupper() else 0.65
