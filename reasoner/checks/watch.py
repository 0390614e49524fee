"""``guideline check --watch``: files and clock around a session; HermiT in the background."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from reasoner.edges import terminable
from reasoner.errors import EngineError, ReasonerError

from .report import counted, listed
from .run import Outcome
from .session import Flip, Run, Session
from .snapshot import is_knowledge, places, read_snapshot

DEBOUNCE, STEP, TICK = 200, 50, 250
"""Milliseconds: a burst of writes at most, the quiet that ends one, and how often the background is looked at."""
MOST_FLIPS = 20


def watch(folder: Path, fast: bool, form: str, target: BinaryIO) -> int:
    """Check at every save until interrupted, then 0; ``fast`` leaves HermiT out. EngineError without watchfiles."""
    watcher = _Watcher(folder, fast, form, target)
    with terminable(), contextlib.suppress(KeyboardInterrupt):
        watcher.run()
    watcher.stop()
    return 0


def changes_of(folder: Path) -> Iterator[bool]:
    """Whether something changed, at each change and each tick; a part that comes to be is watched from then on.

    Raises EngineError without watchfiles.
    """
    try:
        import watchfiles
    except ImportError as error:
        raise EngineError(
            "watchfiles is not installed", None, "run: pip install '.[author]' in a clone of the program"
        ) from error
    yield True
    while True:
        roots = [place for place in places(folder).values() if place.is_dir()]
        watching = watchfiles.watch(
            *roots, watch_filter=lambda _, path: is_knowledge(Path(path).name), debounce=DEBOUNCE, step=STEP,
            rust_timeout=TICK, yield_on_timeout=True, raise_interrupt=True,
        )  # fmt: skip
        for number, changes in enumerate(watching):
            # Watching begins with the first of these: what changed before it is looked at with it.
            yield bool(changes) or number == 0
            if roots != [place for place in places(folder).values() if place.is_dir()]:
                break


class _Watcher:
    def __init__(self, folder: Path, fast: bool, form: str, target: BinaryIO) -> None:
        self.folder, self.fast, self.form, self.target = folder, fast, form, target
        self.session, self.referee = Session(), Referee(folder)
        self.runs = 0

    def run(self) -> None:
        """Look, then look again at every change."""
        # The watch is set up first, so that nothing is missed between it and the first look.
        for changes in changes_of(self.folder):
            if changes:
                self._look()
            elif (outcomes := self.referee.result()) is not None:
                self._tell_referee(outcomes)

    def _look(self) -> None:
        try:
            run = self.session.look(read_snapshot(self.folder))
        except ReasonerError as error:
            self._say({"event": "error", "message": str(error)}, [f"{_now()}  cannot look: {error}"])
            return
        if run is None:
            return
        self.referee.cancel()  # it speaks of files that are no longer so
        self.runs += 1
        self._tell(run)
        if run.decided and not self.fast:
            self.referee.start()

    def _tell(self, run: Run) -> None:
        data = {
            "event": "check", "at": _now(), "run": run.number, "changed": run.changed, "passed": run.passed,
            "seconds": round(run.seconds, 3), "comparedWith": run.compared_with, "decided": run.decided,
            "steps": [_outcome(outcome) for outcome in run.outcomes if not outcome.passed],
            "flips": [{**asdict(flip), "text": str(flip)} for flip in run.flips],
        }  # fmt: skip
        self._say(data, text(run, _now()))

    def _tell_referee(self, outcomes: list[dict[str, Any]] | str) -> None:
        if isinstance(outcomes, str):
            self._say({"event": "hermit", "at": _now(), "error": outcomes}, [f"{_now()}  HermiT: not run: {outcomes}"])
            return
        passed = all(outcome["passed"] for outcome in outcomes)
        seconds = sum(outcome["seconds"] for outcome in outcomes)
        lines = [f"{_now()}  HermiT: {'agrees' if passed else 'FAILED'} ({seconds:.1f} s)"]
        for outcome in outcomes:
            lines += [f"        not run: {outcome['skipped']}"] if outcome["skipped"] else []
            lines += [f"        {p['where']}: {p['term']}: {p['message']}; {p['fix']}" for p in outcome["problems"]]
        self._say({"event": "hermit", "at": _now(), "passed": passed, "steps": outcomes}, lines)

    def _say(self, data: dict[str, Any], lines: list[str]) -> None:
        """One object on a line, or plain lines without control codes; at once, as somebody waits for them."""
        said = json.dumps(data, ensure_ascii=False) if self.form == "json" else "\n".join(lines)
        self.target.write(said.encode() + b"\n")
        self.target.flush()

    def stop(self) -> None:
        """End what runs in the background, and say that it is over."""
        self.referee.cancel()
        said = f"{_now()}  stopped after {counted(self.runs, 'run')}"
        with contextlib.suppress(BrokenPipeError):
            self._say({"event": "stopped", "at": _now(), "runs": self.runs}, [said])


def text(run: Run, now: str) -> list[str]:
    """A run as lines: what broke, what flips, and against which state that is told."""
    problems = sum(len(outcome.problems) for outcome in run.outcomes)
    what = ", ".join(run.changed[:3]) + (f" and {len(run.changed) - 3} more" if len(run.changed) > 3 else "")
    verdict = "sound" if run.passed else f"not sound, {counted(problems, 'problem')}"
    lines = [f"{now}  run {run.number}, {what or 'first look'}: {verdict} ({run.seconds:.1f} s)"]
    for outcome in run.outcomes:
        if outcome.problems or outcome.follows:
            lines += [f"    {outcome.name}", *listed(outcome)]
    lines += _flips(run.flips)
    if not run.decided:
        kept = f"the state of run {run.compared_with} is kept" if run.compared_with else "there is no good state yet"
        lines.append(f"    no case can be decided; {kept} to compare with")
    return lines


def _flips(flips: tuple[Flip, ...]) -> list[str]:
    """What cases speak of one by one, the wrong ones first; what they do not, by recommendation and change."""
    told = sorted((f for f in flips if f.wanted is not None), key=lambda f: (not f.is_wrong, not f.is_mended))
    lines = [f"    {flip}" for flip in told[:MOST_FLIPS]]
    if (more := len(told) - MOST_FLIPS) > 0:
        lines.append(f"    and {more} more verdicts that cases speak of, which --format json lists")
    others: dict[str, list[str]] = {}
    for flip in flips:
        if flip.wanted is None:
            others.setdefault(f"`{flip.recommendation}` ({flip.label}) {flip.before} -> {flip.after}", []).append(
                flip.case
            )
    for change, names in others.items():
        lines.append(f"    {change} in {counted(len(names), 'case')} that did not claim it, "
                     f"such as `{names[0]}`")  # fmt: skip
    return lines


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {**asdict(outcome), "passed": outcome.passed}


def _now() -> str:
    return datetime.datetime.now().strftime("%H:%M:%S")


class Referee:
    """HermiT's steps in a process of their own, which can be ended with all that it started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._answer: bytes | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Begin anew."""
        self.cancel()
        command = [sys.executable, "-m", "reasoner.checks.background", str(self.folder)]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self._process, self._answer = process, None
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        data = process.stdout.read()
        if process is self._process:
            self._answer = data

    def result(self) -> list[dict[str, Any]] | str | None:
        """The outcomes once they are there, given once; a sentence where there is none."""
        if self._process is None or self._answer is None:
            return None
        self._process.wait()
        self._process = None
        try:
            found: list[dict[str, Any]] = json.loads(self._answer)
        except ValueError:
            return "it ended without a result; run `guideline check` for the reason"
        return found

    def cancel(self) -> None:
        """End what runs."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
