"""@medplum/core as a validator of R4: types, cardinalities and invariants (FHIRPath), by one node process a run."""

from __future__ import annotations

import atexit
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from .install import installed

SCRIPT = Path(__file__).parent / "medplum.cjs"
GRAVE = ("error", "fatal")


def problems(resource: dict[str, Any]) -> list[str]:
    """What is wrong with one resource; warnings are left out. Raises UnavailableError without the packages of npm."""
    process = _process()
    assert process.stdin is not None and process.stdout is not None
    # One line in, one out: neither side can wait for the other.
    process.stdin.write(json.dumps(resource) + "\n")
    process.stdin.flush()
    issues = json.loads(process.stdout.readline())
    return [_said(issue) for issue in issues if issue["severity"] in GRAVE]


def _said(issue: dict[str, Any]) -> str:
    return f"{' '.join(issue.get('expression', []))}: {issue.get('details', {}).get('text', issue.get('code'))}"


@cache
def _process() -> subprocess.Popen[str]:
    command = ["node", str(SCRIPT), str(installed())]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    atexit.register(process.kill)
    return process
