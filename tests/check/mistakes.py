"""Reads mistakes.toml, makes the edits, and asks the checks about the outcome."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reasoner.checks.bench import Bench
from reasoner.checks.problem import Problem
from reasoner.checks.run import FAST, Outcome, examine
from reasoner.checks.snapshot import Memo, Snapshot, read_snapshot
from reasoner.knowledge import shipped

PLACE = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+)(:\d+)?$")
LABELLED = re.compile(r"`[^`]+` \([^)]+\S.*\)$", re.DOTALL)


@dataclass(frozen=True)
class Mistake:
    """An edit, and what must be said of it."""

    name: str
    file: str
    step: str
    entry: dict[str, Any]

    def __getitem__(self, key: str) -> str:
        return str(self.entry.get(key, ""))

    def edited(self, files: dict[str, bytes]) -> dict[str, bytes]:
        """The files with the mistake in them; its place must be there."""
        text = files[self.file].decode()
        if "cut" in self.entry:
            at = text.index(self["cut"])
            text = text[: at + len(self["cut"]) if self.entry.get("keep", True) else 0]
        elif "repeat" in self.entry:
            line = next(line for line in text.splitlines() if self["repeat"] in line)
            text += line + "\n"
        elif "old" in self.entry:
            start = text.index(self["within"])
            at = text.index(self["old"], start)
            text = text[:at] + self["new"] + text[at + len(self["old"]) :]
        else:
            text += self["new"]
        return {**files, self.file: text.encode()}


def mistakes() -> list[Mistake]:
    """All of them."""
    entries = tomllib.loads((Path(__file__).parent / "mistakes.toml").read_text(encoding="utf-8"))["mistake"]
    return [Mistake(entry["name"], entry["file"], entry["step"], entry) for entry in entries]


@cache
def released() -> tuple[Snapshot, Memo]:
    """The released knowledge, and what a check of it computed."""
    snapshot, memo = read_snapshot(shipped()), Memo()
    outcomes = list(examine(Bench(snapshot, memo), FAST))
    assert all(outcome.passed and outcome.count for outcome in outcomes), [o for o in outcomes if not o.passed]
    return snapshot, memo


def bench_of(files: dict[str, bytes]) -> Bench:
    """A bench of edited files that takes over what the edit does not touch."""
    snapshot, memo = released()
    return Bench(Snapshot(snapshot.folder, files), memo.fork())


def outcomes(mistake: Mistake, all_steps: bool = False) -> tuple[dict[str, bytes], list[Outcome]]:
    """The edited files, and the outcome of the cheap steps and of the one that must find the mistake."""
    files = mistake.edited(dict(released()[0].files))
    cheap = {"syntax", "syntax of cases", "prefixes", "declared terms"}
    names = [name for name, _ in FAST if all_steps or name in cheap or name == mistake.step]
    if mistake.step in ("queries", "competency questions", "cases") and not all_steps:
        names.append("loading")
    names = [name for name in names if name not in mistake.entry.get("skip", ())]
    return files, list(examine(bench_of(files), FAST, names))


def named(problem: Problem, files: dict[str, bytes]) -> list[str]:
    """Which of file, line, labelled term and fix a problem does not name."""
    place = PLACE.match(problem.where)
    missing = []
    if place is None or place["file"] not in files:
        missing.append("file")
    if place is None or not 1 <= int(place["line"]) <= max(1, len(files.get(place["file"], b"").splitlines()) + 1):
        missing.append("line")
    if not LABELLED.search(problem.term):
        missing.append("labelled term")
    if len(problem.fix.split()) < 2 or problem.fix == "mend it":
        missing.append("fix")
    return missing
