"""``guideline check --watch`` as a process: files are saved, lines are read."""

from __future__ import annotations

import io
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reasoner.checks.watch import _Watcher
from reasoner.knowledge import shipped

PATIENCE = 120
"""Seconds to wait for a line: on a crowded machine, not a bar."""
CONDITIONS = "ontology/diabetic-foot/conditions.ttl"
RIGHT, WRONG = "owl:hasValue non-surgical-offloading:failed", "owl:hasValue non-surgical-offloading:ongoing"


class Watched:
    """A running watch, with its output line by line."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        command = [sys.executable, "-c", "from reasoner.cli import main; import sys; sys.exit(main(sys.argv[1:]))"]
        self.process = subprocess.Popen(
            [*command, "check", "--watch", *arguments, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def until(self, wanted: Callable[[str], bool]) -> str:
        """The next line that is wanted."""
        while True:
            line = self._lines.get(timeout=PATIENCE).decode()
            assert "\x1b" not in line
            if wanted(line):
                return line

    def event(self, kind: str) -> dict[str, Any]:
        """The next event of a kind."""
        found: dict[str, Any] = json.loads(self.until(lambda line: json.loads(line)["event"] == kind))
        return found

    def save(self, name: str, old: str, new: str) -> None:
        """Save as editors do: write another file, and put it in place of the old one."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        other = path.with_name(f".{path.name}.swp")
        other.write_text(text.replace(old, new, 1), encoding="utf-8")
        other.replace(path)

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("ontology", "shapes", "queries"):
        shutil.copytree(shipped() / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def watch(folder: Path) -> Iterator[Callable[..., Watched]]:
    running: list[Watched] = []

    def start(*arguments: str) -> Watched:
        running.append(Watched(folder, *arguments))
        return running[-1]

    yield start
    for watched in running:
        watched.process.kill()
        watched.process.wait()


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process there")
def test_saves_are_told_and_ctrl_c_ends_it(watch: Callable[..., Watched]) -> None:
    """A break, a half-written file, and its mending, each told at the save; then exit 0 with a last line."""
    watched = watch("--fast", "--format", "json")
    assert watched.event("check")["passed"]
    watched.save(CONDITIONS, RIGHT, WRONG)
    broken = watched.event("check")
    assert broken["changed"] == [CONDITIONS] and not broken["passed"]
    assert any("but the case expects" in flip["text"] for flip in broken["flips"])
    path = watched.folder / CONDITIONS
    whole = path.read_bytes()
    path.write_bytes(whole[:5000])
    half = watched.event("check")
    assert not half["decided"] and half["comparedWith"] == broken["run"]
    assert [step["name"] for step in half["steps"] if step["problems"]] == ["syntax"]
    path.write_bytes(whole)
    watched.save(CONDITIONS, WRONG, RIGHT)
    while not (mended := watched.event("check"))["passed"]:
        pass
    assert mended["comparedWith"]
    assert watched.interrupt() == 0
    assert watched.event("stopped")["runs"] >= 4
    assert watched.process.stderr is not None and watched.process.stderr.read() == b""


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process there")
def test_plain_lines_and_no_process_left_behind(watch: Callable[..., Watched]) -> None:
    """Text has no control codes; what ran in the background ends with it."""
    watched = watch()
    assert "first look: sound" in watched.until(lambda line: "first look" in line)
    assert watched.interrupt() == 0
    assert "stopped after 1 run" in watched.until(lambda line: "stopped" in line)
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert f"reasoner.checks.background {watched.folder}" not in listed


def test_hermit_goes_on_while_nothing_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second look, for what changed before the watch began, does not end the run that the first look began."""
    said: list[str] = []
    watcher = _Watcher(folder, False, "text", io.BytesIO())
    monkeypatch.setattr(watcher.referee, "start", lambda: said.append("started"))
    monkeypatch.setattr(watcher.referee, "cancel", lambda: said.append("ended"))
    monkeypatch.setattr("reasoner.checks.watch.changes_of", lambda _: iter([True, True]))
    watcher.run()
    assert said == ["ended", "started"] and watcher.runs == 1
