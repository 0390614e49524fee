"""``guideline cohort``: arguments to a run, and the run to a few lines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from reasoner.assess import Reasoner
from reasoner.edges import load, terminable, uncollected
from reasoner.errors import UsageError

_MIB = 1 << 20


def cohort(options: argparse.Namespace) -> int:
    """One run of ``guideline cohort``; returns the exit code."""
    return _ENGINES[options.engine](options)


def _here(options: argparse.Namespace) -> int:
    """On this machine."""
    try:
        from .report import remarks, summary
        from .run.drive import Request, run
        from .run.judge import Settings
    except ModuleNotFoundError as error:
        raise UsageError(f"cohorts need `{error.name}`", None, "run `pip install '.[cohort]'` in a clone") from error
    request = Request(
        tuple(Path(own) for own in options.inputs),
        Path(options.output),
        Settings(options.layout, options.on, options.validate, tuple(options.keep)),
        options.knowledge,
        options.workers,
        None if options.chunk is None else max(1, int(options.chunk * _MIB)),
        options.fresh,
        options.overwrite,
        options.allow_partial,
    )
    with uncollected():
        reasoner = Reasoner(load(options), options.strict)
    try:
        with terminable():
            ended = run(request, reasoner)
    except KeyboardInterrupt:
        raise UsageError("interrupted", None, "run the same command again to continue") from None
    if ended.state == "fresh":
        _note("an unfinished run was there: it was thrown away")
    for remark in remarks(ended.report):
        _note(remark)
    sys.stdout.write(summary(ended.report, str(request.output), ended.state))
    sys.stdout.flush()
    return ended.code


def _spark(options: argparse.Namespace) -> int:
    """On a cluster."""
    try:
        from .distributed.command import cohort as on_spark
    except ImportError as error:
        raise UsageError(
            f"the engine spark needs `{error.name}`", None, "run `pip install '.[spark]'` in a clone"
        ) from error
    return on_spark(options)


_ENGINES: dict[str, Callable[[argparse.Namespace], int]] = {"polars": _here, "spark": _spark}


def _note(text: str) -> None:
    print(f"note: {text}", file=sys.stderr, flush=True)
