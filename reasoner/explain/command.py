"""``guideline explain``: arguments in, explanations out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from reasoner.answer import Json
from reasoner.assess import Reasoner
from reasoner.blocks import Page
from reasoner.edges import DONE, INVALID, complain
from reasoner.inputs import LARGEST, BrokenLine, Input, read_bytes, read_file
from reasoner.knowledge import Knowledge
from reasoner.words import Words

from .explainer import Explainer, check_wanted


def explain(options: argparse.Namespace, knowledge: Knowledge, target: BinaryIO) -> int:
    """Explain every input of the file in order; returns the exit code."""
    check_wanted(knowledge, options.recommendation)
    explainer = Explainer(Reasoner(knowledge, options.strict))
    code, found = DONE, list[Json | BrokenLine]()
    for item in _inputs(options.file):
        if isinstance(item, BrokenLine):
            code = INVALID
            found.append(item)
            continue
        own = explainer.explain(item, options.on, options.recommendation, options.subject)
        if not own["validation"]["conforms"]:
            code = INVALID
        found.append(own)
    _write(found, options, knowledge, target)
    return code


def _inputs(file: str) -> Iterator[Input]:
    if file == "-":
        return read_bytes(sys.stdin.buffer.read(LARGEST + 1), "stdin")
    return read_file(Path(file))


def _write(found: list[Json | BrokenLine], options: argparse.Namespace, knowledge: Knowledge, target: BinaryIO) -> None:
    if options.format == "json":
        data = [_broken(own) if isinstance(own, BrokenLine) else own for own in found]
        told: Any = data[0] if len(data) == 1 else data
        target.write(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    elif options.format == "turtle":
        from .turtle import turtle

        for own in found:
            if isinstance(own, BrokenLine):
                complain(own.error)
        target.write(turtle([own for own in found if not isinstance(own, BrokenLine)], knowledge))
    elif options.format == "html":
        from reasoner.html import document

        target.write(document(_pages(found, options, knowledge), "Explanation").encode())
    else:
        _text(_pages(found, options, knowledge), options, target)


def _pages(found: list[Json | BrokenLine], options: argparse.Namespace, knowledge: Knowledge) -> list[Page | str]:
    from .page import page

    words, brief = Words(knowledge), not options.recommendation
    return [
        f"Line {own.line} could not be read: {own.error}." if isinstance(own, BrokenLine) else page(own, words, brief)
        for own in found
    ]


def _text(pages: list[Page | str], options: argparse.Namespace, target: BinaryIO) -> None:
    from reasoner.run import terminal_width
    from reasoner.text import TextWriter

    colour = options.output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    layout = TextWriter(terminal_width(), colour)
    encoding = "utf-8" if options.output else sys.stdout.encoding or "utf-8"
    for number, part in enumerate(pages):
        separator = "\n" + "#" * layout.width + "\n\n" if number else ""
        text = f"{part}\n" if isinstance(part, str) else layout.write(part)
        target.write((separator + text).encode(encoding, "replace"))


def _broken(broken: BrokenLine) -> Json:
    return {"error": str(broken.error), "line": broken.line}
