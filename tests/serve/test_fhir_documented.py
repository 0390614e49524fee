"""The commands of docs/fhir-operations.md are run against a server, and what they promise is what it answers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .running import Server, running

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "fhir-operations.md").read_text(encoding="utf-8")
PAIRS = re.findall(r"^```sh\n(.*?)^```\n```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as own:
        yield own


def test_every_operation_has_a_command() -> None:
    assert len(PAIRS) >= 7
    for name in ("metadata", "$apply", "$data-requirements", "$validate-patient", "?name="):
        assert any(name in command.replace("\\$", "$") for command, _ in PAIRS)


@pytest.mark.parametrize(("command", "promised"), PAIRS, ids=[str(i) for i in range(len(PAIRS))])
def test_a_documented_command_answers_as_promised(command: str, promised: str, server: Server) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    own = command.replace("http://127.0.0.1:8000", server.url)
    ran = subprocess.run(["bash", "-c", own], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    answer, place = _bare(ran.stdout), 0
    for passage in promised.split("…"):
        # In the order in which they are promised; white space is the reader's.
        found = answer.find(_bare(passage), place)
        assert found >= 0, passage
        place = found


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)
