"""Which tokens have come already, shared by all processes of a server."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from reasoner.errors import UsageError
from reasoner.serve.refusal import Refusal

_TABLE = "CREATE TABLE IF NOT EXISTS token (name BLOB PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID"
_WAIT = 2.0
_TIDY = 60.0
"""Seconds after which what has expired is forgotten."""


@dataclass(slots=True)
class Replays:
    """The names of tokens that are still good, as hashes, in a SQLite file."""

    path: Path
    _database: sqlite3.Connection
    _process: int = field(default_factory=os.getpid)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _tidied: float = 0.0

    @classmethod
    def open(cls, path: Path) -> Replays:
        """Raises UsageError where the file cannot be used."""
        try:
            # SQLite would make it readable by all; its files beside it get the rights of this one.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            return cls(path, _opened(path))
        except (OSError, sqlite3.Error) as error:
            raise UsageError(f"cannot be used: {error}", f"`{path}`", "name another file as `replay`") from error

    def is_new(self, issuer: str, token: str, until: float) -> bool:
        """Whether a token comes for the first time; from now on it does not. Raises Refusal 503 if nobody can tell."""
        name = hashlib.sha256(f"{issuer}\0{token}".encode(errors="surrogatepass")).digest()
        try:
            with self._lock:
                if self._process != os.getpid():
                    # A connection must not be shared with the process that this one was forked from.
                    self._database, self._process = _opened(self.path), os.getpid()
                self._tidy()
                added = self._database.execute("INSERT OR IGNORE INTO token VALUES (?, ?)", (name, int(until) + 1))
                return added.rowcount == 1
        except sqlite3.Error:
            raise Refusal(503, "it cannot be told whether the token was used", "try again later", "transient") from None

    def _tidy(self) -> None:
        now = time.time()
        if now - self._tidied > _TIDY:
            self._tidied = now
            with contextlib.suppress(sqlite3.OperationalError):
                self._database.execute("DELETE FROM token WHERE until < ?", (int(now),))

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, _WAIT, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    # A crash of the machine may forget the last tokens; waiting for the disk each time would cost far more.
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(_TABLE)
    return database
