"""``guideline diff``: two states of the knowledge in, a report out."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from typing import BinaryIO

import orjson

from reasoner.edges import DONE, FOUND, complain, uncollected
from reasoner.errors import KnowledgeError, UsageError
from reasoner.text import TextWriter

from .cohort import Cohort, Comparison
from .compare import Difference, compare
from .content import content
from .markdown import markdown
from .report import Reporter, witnesses
from .sides import Side, open_side


class _BrokenSideError(Exception):
    """The knowledge of a side has a fault, which was told."""


def diff(options: argparse.Namespace, target: BinaryIO) -> int:
    """Compare, write, and return the exit code: 3 where the knowledge of a side has a fault."""
    if options.knowledge:
        raise UsageError("`diff` takes no --knowledge", "`guideline diff`", "name both folders as OLD and NEW")
    with ExitStack() as stack:
        try:
            sides = (_side("OLD", options.old, stack), _side("NEW", options.new, stack))
        except _BrokenSideError:
            return FOUND
        difference = compare(*sides)
        cohort = None
        if options.cohort:
            cohort = Comparison(difference, options.on).all(options.cohort)
        target.write(_written(difference, cohort, options))
        return DONE if cohort is None else cohort.code


def _side(word: str, name: str, stack: ExitStack) -> Side:
    """A side with its programs compiled, so that nothing can be wrong with it later."""
    try:
        with uncollected():
            side = open_side(name, stack)
            assert side.reasoner
            return side
    except KnowledgeError as error:
        error.message = f"{word} `{name}`: {error.message}"
        complain(error)
        raise _BrokenSideError from None
    except UsageError as error:
        raise UsageError(f"{word}: {error.message}", error.where, error.hint) from error


def _written(difference: Difference, cohort: Cohort | None, options: argparse.Namespace) -> bytes:
    if options.format == "json":
        return orjson.dumps(content(difference, cohort), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    page = Reporter(difference, cohort).page()
    if options.format == "markdown":
        title = f"Knowledge: {options.old} → {options.new}"
        text = markdown(page, title, list(witnesses(difference)))
    else:
        text = TextWriter().write(page)
    encoding = "utf-8" if options.output else sys.stdout.encoding or "utf-8"
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return text.replace("★", "*").replace("→", "->").encode(encoding, "replace")
