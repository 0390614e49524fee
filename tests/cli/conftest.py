"""Runs the command line in this process, with the network shut."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from reasoner.cli import main
from reasoner.knowledge import Knowledge, load_knowledge

SAMPLES = Path(__file__).parent.parent / "samples" / "samples.ndjson"


@dataclass(frozen=True)
class Outcome:
    """Exit code, stdout and stderr of one call."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(scope="session")
def samples() -> list[dict[str, Any]]:
    return [json.loads(line) for line in SAMPLES.read_text().splitlines()]


@cache
def released() -> Knowledge:
    """What is shipped, read once: the tests of the README and of the wheel read it in processes of their own."""
    return load_knowledge()


def knowledge_of(folder: Path | None = None, core: Path | None = None) -> Knowledge:
    """In the place of ``load_knowledge``."""
    return released() if folder is None and core is None else load_knowledge(folder, core)


@pytest.fixture
def guideline(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """``guideline("assess", path, stdin=b"")``; any attempt to reach the network fails the test."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr("reasoner.knowledge.load_knowledge", knowledge_of)

    def run(*argv: object, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsysbinary.readouterr()
        code = main([str(word) for word in argv])
        out, err = capsysbinary.readouterr()
        assert b"Traceback" not in err
        return Outcome(code, out, err.decode())

    return run


@pytest.fixture
def patient(tmp_path: Path, samples: list[dict[str, Any]]) -> Callable[[int], Path]:
    """The file of a given sample's bundle."""

    def write(number: int) -> Path:
        path = tmp_path / f"sample-{number}.json"
        path.write_text(json.dumps(samples[number]["bundle"]))
        return path

    return write
