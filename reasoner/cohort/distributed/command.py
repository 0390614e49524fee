"""``guideline cohort --engine spark``: arguments to a run, and the run to a few lines."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reasoner.assess import Reasoner
from reasoner.cohort.report import remarks, summary
from reasoner.cohort.run.judge import Settings
from reasoner.edges import load, uncollected
from reasoner.errors import UsageError

from .drive import Request, run
from .session import session

_HERE = ("workers", "chunk", "fresh", "allow_partial")
"""Options of the engine that runs on one machine; Spark has its own means."""


def cohort(options: argparse.Namespace) -> int:
    """One run of ``guideline cohort`` on Spark; returns the exit code."""
    for name in _HERE:
        if getattr(options, name):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"`{option}` is not for the engine spark", None, "leave it out; see docs/spark.md")
    conf = dict(_setting(text) for text in options.conf)
    with uncollected():
        reasoner = Reasoner(load(options), options.strict)
    request = Request(
        tuple(options.inputs),
        options.output,
        Settings(options.layout, options.on, options.validate, tuple(options.keep)),
        None if options.knowledge is None else Path(options.knowledge),
        options.overwrite,
        options.shares,
    )
    try:
        with session(options.master, conf) as spark:
            ended = run(spark, request, reasoner)
    except KeyboardInterrupt:
        raise UsageError("interrupted", None, "run the same command again: Spark begins anew") from None
    for remark in remarks(ended.report):
        print(f"note: {remark}", file=sys.stderr, flush=True)
    sys.stdout.write(summary(ended.report, request.output, ended.state))
    sys.stdout.flush()
    return ended.code


def _setting(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.startswith("spark."):
        raise UsageError(f"`{text}` is no setting of Spark", "`--conf`", "write it as spark.name=value")
    return name, value
