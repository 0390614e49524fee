"""The README is run: every block of its tour, and every line of output that it promises."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```(sh|python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def tour() -> list[tuple[str, str, list[str]]]:
    """Each block after the heading of the tour: language, code, and the lines promised."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("## Ten minutes", 1)[1]
    found: list[tuple[str, str, list[str]]] = []
    for language, code in BLOCK.findall(text):
        if language == "text":
            found[-1][2].extend(code.splitlines())
        else:
            found.append((language, code, []))
    return found


def test_the_readme_begins_with_two_commands() -> None:
    """One runs the main job, one passes the tests, and both make their own environment."""
    blocks = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))[:2]
    assert all(language == "sh" and "python3 -m venv" in code for language, code in blocks)
    assert "guideline assess examples/" in blocks[0][1] and "pytest" in blocks[1][1]


def test_the_tour_is_as_long_as_it_says() -> None:
    """The collector found the blocks."""
    assert len(tour()) >= 9


@pytest.mark.parametrize(("language", "code", "promised"), tour(), ids=[code.splitlines()[0] for _, code, _ in tour()])
def test_tour_block_runs(language: str, code: str, promised: list[str], tmp_path: Path) -> None:
    """A block of the tour ends well and prints what it promises; files that it writes land in an empty folder."""
    for name in ("examples", "ontology"):
        (tmp_path / name).symlink_to(ROOT / name)
    if language == "python":
        command = [sys.executable, "-c", code]
    else:
        command = [shutil.which("bash") or "sh", "-euo", "pipefail", "-c", code]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    printed = "\n".join(line.strip() for line in ran.stdout.splitlines())
    for passage in "\n".join(promised).split("\n…\n"):
        # Lines stand together as they are printed, unless a line of dots parts them.
        assert "\n".join(line.strip() for line in passage.splitlines()) in printed
