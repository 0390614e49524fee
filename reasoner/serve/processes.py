"""Processes and signals: what every process of the server does alike."""

from __future__ import annotations

import os
import signal
from types import FrameType

HEARD = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


class Alarm:
    """Signals as something to wait for: each one heard makes a file readable."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in HEARD:
            signal.signal(number, _heard)

    def fileno(self) -> int:
        """The file to wait for."""
        return self._reader

    def drain(self) -> set[int]:
        """The signals heard since."""
        try:
            return set(os.read(self._reader, 4096))
        except BlockingIOError:
            return set()

    def close(self) -> None:
        """Hear no more."""
        os.close(self._reader)
        os.close(self._writer)


def fresh() -> None:
    """After a fork: the signals of the parent are not ours."""
    signal.set_wakeup_fd(-1)
    for number in HEARD:
        signal.signal(number, signal.SIG_DFL)


def _heard(number: int, frame: FrameType | None) -> None:
    """The wakeup file tells; but without a handler there would be no signal."""
