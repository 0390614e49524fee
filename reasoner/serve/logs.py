"""Logs: one JSON line a request on stderr. Never a raw path, a query string, a header, a body, or anything of them."""

from __future__ import annotations

import contextlib
import datetime
import logging
import os
from typing import Any

import orjson


def write(**line: Any) -> None:
    """One line, in one piece: several processes share stderr."""
    data = {"time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"), **line}
    # Whoever read our stderr may have gone; that is no reason to stop serving.
    with contextlib.suppress(OSError):
        os.write(2, orjson.dumps(data, option=orjson.OPT_APPEND_NEWLINE))


class Quiet(logging.Handler):
    """What libraries log: where and of which kind, never their text, which may hold what a request held."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        write(level=record.levelname.lower(), logger=record.name, place=f"{record.module}:{record.lineno}", error=kind)


def quiet() -> None:
    """Send what libraries log through ``Quiet``, warnings and worse."""
    root = logging.getLogger()
    root.handlers = [Quiet(logging.WARNING)]
    root.setLevel(logging.WARNING)
