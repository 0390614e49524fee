"""What every command of the command line needs: arguments, loading, and a file to write to."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from .errors import ReasonerError, UsageError

if TYPE_CHECKING:
    from .knowledge import Knowledge

DONE, FAILED, INVALID, FOUND = 0, 1, 2, 3
"""Exit codes: done; could not run; ran, and some patient data is invalid; ran, and a check of the knowledge failed."""


class Parser(argparse.ArgumentParser):
    """argparse whose complaints are one line and exit code 1."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """All arguments are known: what a command does not know is told by the command, which has the better help."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unknown: {' '.join(unknown)}")
        return known, unknown

    def error(self, message: str) -> NoReturn:
        text = " ".join(message.split()).replace("'", "`")
        folder = next((word for word in message.split() if os.path.isdir(word)), None)  # noqa: PTH112 - raises nothing
        meant = f"give a knowledge folder as `--knowledge {folder}`, or " if folder else ""
        raise UsageError(text, f"`{self.prog}`", f"{meant}see `{self.prog} --help`")


def date(text: str) -> datetime.date:
    """An argument that is a day."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is not a date such as 2026-03-31") from None


def load(options: argparse.Namespace) -> Knowledge:
    """The knowledge that the arguments name."""
    from .knowledge import load_knowledge

    with uncollected():
        return load_knowledge(None if options.knowledge is None else Path(options.knowledge))


def complain(error: ReasonerError | str, mark: str = "error") -> None:
    """One line on stderr."""
    line = " ".join(f"{mark}: {error}".split())
    # What a file holds may be quoted: no control code of it reaches the terminal.
    line = "".join(char if char.isprintable() else repr(char)[1:-1] for char in line)
    # A terminal that cannot show a character gets its number.
    encoding = sys.stderr.encoding or "ascii"
    print(line.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr, flush=True)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Loading makes many objects and no garbage: looking for some would take a fifth of its time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was:
            gc.enable()


@contextlib.contextmanager
def opened(path: str | None) -> Iterator[BinaryIO]:
    """The file to write to, or stdout; written whole and flushed, or an error."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        target = Path(path).open("wb")  # noqa: SIM115 - only opening may be called unwritable, closed below
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", f"`{path}`", "name another file") from error
    with target:
        yield target


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Being told to end is like Ctrl-C; not every program that starts this one leaves Ctrl-C switched on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    old = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
