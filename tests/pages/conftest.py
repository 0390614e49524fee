"""Pages written once through the command line, each body of knowledge in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from .reading import Element, page

ROOT = Path(__file__).parent.parent.parent
STATIN = ROOT / "examples" / "guidelines" / "uspstf-statin-2022"


@dataclass(frozen=True)
class Written:
    """What one call wrote."""

    folder: Path
    out: str
    pages: dict[str, Element]
    texts: dict[str, str]


def write(folder: Path, *more: str, seed: str = "1") -> Written:
    command = [sys.executable, "-m", "reasoner.cli", "docs", str(folder), *more]
    ran = subprocess.run(
        command, cwd=folder.parent, env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html"))}
    return Written(folder, ran.stdout, {name: page(text) for name, text in texts.items()}, texts)


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write(tmp_path_factory.mktemp("shipped") / "pages")


@pytest.fixture(scope="session")
def statin(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write(tmp_path_factory.mktemp("statin") / "pages", "--knowledge", str(STATIN))


@pytest.fixture(scope="session", params=["shipped", "statin"])
def written(request: pytest.FixtureRequest) -> Written:
    found: Written = request.getfixturevalue(request.param)
    return found
