"""The commands of docs/serve.md and docs/cds-hooks.md that ask a server are run against one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from .running import EXAMPLES, ROOT, Server, running

PAGES = ("serve.md", "cds-hooks.md")
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BEGINS = re.compile(r"(?<!\|\n)^(?=\w)", re.MULTILINE)
"""A command begins with its line, unless the line before ends in a pipe; what goes on is indented."""


def commands() -> list[str]:
    """Every command that asks, once."""
    texts = [(ROOT / "docs" / page).read_text(encoding="utf-8") for page in PAGES]
    blocks = [block for text in texts for block in BLOCK.findall(text)]
    found = [own.strip() for block in blocks for own in BEGINS.split(block)]
    return [own for own in dict.fromkeys(found) if "curl " in own]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("--data", str(EXAMPLES / "several-patients.ndjson")) as own:
        yield own


def test_every_surface_has_a_command() -> None:
    assert len(commands()) >= 7
    for path in ("/readyz", "/fhir/metadata", "/cds-services", "/sparql", "/.well-known/void", "-order-sign"):
        assert any(path in command for command in commands()), path


@pytest.mark.parametrize("command", commands(), ids=lambda own: " ".join(own.split())[:60])
def test_a_documented_command_is_answered(command: str, server: Server) -> None:
    for tool in ("curl", "jq"):
        if tool in command and shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    assert "http://127.0.0.1:8000" in command
    asked = command.replace("http://127.0.0.1:8000", server.url).replace("curl -s", "curl -sS --fail-with-body")
    ran = subprocess.run(["bash", "-o", "pipefail", "-c", asked], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.strip()
    if "order-sign" in command:
        (card,) = json.loads(ran.stdout)["cards"]
        assert card["indicator"] == "warning" and "contradicts the guideline" in card["summary"]
