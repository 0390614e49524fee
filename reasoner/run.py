"""One run of ``guideline assess``: every input to an answer, every answer out as soon as it is there."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import orjson

from .answer import Answer
from .assess import Reasoner
from .edges import DONE, FAILED, INVALID, complain
from .errors import ReasonerError, UsageError
from .inputs import LARGEST, BrokenLine, FhirInput, GraphInput, Input, read_bytes, read_file

_PATIENCE = 1.0


class Run:
    """Answers all inputs of a call, in order, and remembers the worst that happened."""

    def __init__(self, reasoner: Reasoner, options: argparse.Namespace, target: BinaryIO) -> None:
        self.reasoner, self.options, self.target = reasoner, options, target
        self.code = DONE
        self.tick = _progress()

    def all(self) -> int:
        """Run, and return the exit code."""
        if self.options.interactive and "-" in self.options.files:
            raise UsageError("--interactive needs stdin for the answers", "`-`", "give the patient as a file")
        writer: Callable[[Iterator[Answer | BrokenLine]], None] = getattr(self, f"_{self.options.format}")
        writer(self._answers())
        self.tick(None)
        return self.code

    def _answers(self) -> Iterator[Answer | BrokenLine]:
        done = 0
        for file in self.options.files:
            try:
                for item in self._inputs(file):
                    answer = item if isinstance(item, BrokenLine) else self._answer(item)
                    if self.code == DONE and (isinstance(answer, BrokenLine) or not answer.is_valid):
                        self.code = INVALID
                    yield answer
                    done += 1
                    self.tick(done)
            except ReasonerError as error:
                # One bad file must not cost the others their answer.
                self.code = FAILED
                complain(error)

    def _inputs(self, file: str) -> Iterator[Input]:
        if file == "-":
            return read_bytes(sys.stdin.buffer.read(LARGEST + 1), "stdin")
        from pathlib import Path

        return read_file(Path(file))

    def _answer(self, item: FhirInput | GraphInput) -> Answer:
        if self.options.interactive:
            from .interactive import Dialogue

            return Dialogue(self.reasoner, item, self.options.on).hold()
        return self.reasoner.answer(item, self.options.on)

    # Formats

    def _ndjson(self, answers: Iterator[Answer | BrokenLine]) -> None:
        for answer in answers:
            self.target.write(_line(answer) + b"\n")

    def _json(self, answers: Iterator[Answer | BrokenLine]) -> None:
        """One object for one input, a list for several."""
        many = len(self.options.files) > 1
        first = next(answers, None)
        second = next(answers, None) if first is not None and not many else None
        if not many and second is None:
            if first is not None:
                self.target.write(_pretty(first))
            return
        mark = b"["
        for answer in (first, second):
            if answer is not None:
                self.target.write(mark + b"\n" + _pretty(answer).rstrip(b"\n"))
                mark = b","
        for answer in answers:
            self.target.write(mark + b"\n" + _pretty(answer).rstrip(b"\n"))
            mark = b","
        self.target.write(b"\n]\n" if mark == b"," else b"[]\n")

    def _text(self, answers: Iterator[Answer | BrokenLine]) -> None:
        from .page import page
        from .text import TextWriter
        from .words import Words

        words, layout = Words(self.reasoner.knowledge), TextWriter(terminal_width(), self._colour())
        encoding = "utf-8" if self.options.output else sys.stdout.encoding or "utf-8"
        for number, answer in enumerate(answers):
            if isinstance(answer, BrokenLine):
                text = f"Line {answer.line} could not be read: {answer.error}.\n"
            else:
                text = layout.write(page(answer.to_dict(), words))
            separator = "\n" + "#" * layout.width + "\n\n" if number else ""
            self.target.write((separator + text).encode(encoding, "replace"))

    def _html(self, answers: Iterator[Answer | BrokenLine]) -> None:
        from .html import document
        from .page import page
        from .words import Words

        words = Words(self.reasoner.knowledge)
        parts = [
            f"Line {answer.line} could not be read: {answer.error}."
            if isinstance(answer, BrokenLine)
            else page(answer.to_dict(), words)
            for answer in answers
        ]
        self.target.write(document(parts).encode())

    def _turtle(self, answers: Iterator[Answer | BrokenLine]) -> None:
        from .turtle import turtle

        contents = []
        for answer in answers:
            if isinstance(answer, BrokenLine):
                complain(answer.error)
            else:
                contents.append(answer.to_dict())
        if contents:
            self.target.write(turtle(contents, self.reasoner.knowledge))

    def _colour(self) -> bool:
        return self.options.output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _line(answer: Answer | BrokenLine) -> bytes:
    return orjson.dumps(_broken(answer)) if isinstance(answer, BrokenLine) else answer.to_json()


def _pretty(answer: Answer | BrokenLine) -> bytes:
    content = _broken(answer) if isinstance(answer, BrokenLine) else answer.to_dict()
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _broken(broken: BrokenLine) -> dict[str, Any]:
    return {"error": str(broken.error), "line": broken.line}


def terminal_width() -> int:
    """Columns of the terminal, at most 100."""
    return min(shutil.get_terminal_size((92, 24)).columns, 100) if sys.stdout.isatty() else 92


def _progress() -> Callable[[int | None], None]:
    """Counts on stderr when a person waits for long; ``None`` clears the line."""
    started, shown = time.monotonic(), [0.0]

    def tick(done: int | None) -> None:
        now = time.monotonic()
        if done is None:
            if shown[0]:
                sys.stderr.write("\r\x1b[K")
            return
        if (
            sys.stderr.isatty()
            and not sys.stdout.isatty()
            and now - started > _PATIENCE
            and now - shown[0] > _PATIENCE / 4
        ):
            shown[0] = now
            sys.stderr.write(f"\r{done} inputs answered")
            sys.stderr.flush()

    return tick
