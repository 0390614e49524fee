"""How far a run is, on stderr: a bar for a person who waits, a line now and then for a log."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

_OFTEN, _SELDOM = 0.25, 10.0
_BAR = 24


class Progress:
    """Tells how much is done, how fast, and how much time is left."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._stage, self._total, self._unit, self._base = "", 0, "", 0
        self._started = self._shown = time.monotonic()

    def begin(self, stage: str, total: int, unit: str, done: int) -> None:
        """A stage begins; ``done`` is what an earlier run did of it."""
        self._stage, self._total, self._unit, self._base = stage, total, unit, done
        self._started = time.monotonic()
        self.at(done)

    def at(self, done: int) -> None:
        """So much is done."""
        now = time.monotonic()
        if now - self._shown < (_OFTEN if self._live else _SELDOM):
            return
        self._shown = now
        text = self._told(done, now - self._started)
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            self._write(f"\r{text[:width]}\x1b[K")
        else:
            self._write(text + "\n")

    def end(self) -> None:
        """Leave the line clean."""
        if self._live:
            self._write("\r\x1b[K")

    def _told(self, done: int, took: float) -> str:
        share = min(done / self._total, 1.0) if self._total else 1.0
        rate = (done - self._base) / took if took > 0 else 0.0
        left = (self._total - done) / rate if rate > 0 else 0.0
        full = round(share * _BAR)
        bar = f"[{'#' * full}{'.' * (_BAR - full)}] " if self._live else ""
        return (
            f"{self._stage} {bar}{share:.0%}, {_amount(done, self._unit)} of {_amount(self._total, self._unit)}, "
            f"{_amount(rate, self._unit)}/s, {_time(left)} left"
        )

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _amount(number: float, unit: str) -> str:
    return f"{number / 1e6:,.1f} MB" if unit == "bytes" else f"{number:,.4g} {unit}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
