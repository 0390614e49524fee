"""A Spark session: on this machine, or on a cluster."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from reasoner.errors import EngineError, ReasonerError, UsageError

from .java import java_home

_LOOPBACK = "127.0.0.1"
_TOLD = 256
_QUIET = {
    # What goes wrong is told in one line; whoever wants to see more sets another level.
    "spark.log.level": "OFF",
    # One task has one processor: threads of its own would only be in each other's way.
    "spark.executorEnv.POLARS_MAX_THREADS": "1",
    # Lines may be large, and some thousand of them are enough to read together.
    "spark.sql.execution.arrow.maxBytesPerBatch": "32m",
    "spark.sql.files.maxPartitionBytes": "512m",
}


@contextlib.contextmanager
def session(master: str, conf: Mapping[str, str]) -> Iterator[Any]:
    """A session of its own, stopped at the end. Raises UsageError without PySpark, EngineError when it does not start.

    On one machine nothing listens but on the loopback interface.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        hint = "run `pip install '.[spark]'` in a clone"
        raise UsageError(f"the engine spark needs `{error.name}`", None, hint) from error
    os.environ["JAVA_HOME"] = str(java_home())
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    if is_local := _is_local(master):
        os.environ.setdefault("SPARK_LOCAL_IP", _LOOPBACK)
    settings = _QUIET | {"spark.ui.showConsoleProgress": str(sys.stderr.isatty()).lower()}
    if is_local:
        settings |= {
            "spark.driver.bindAddress": _LOOPBACK, "spark.driver.host": _LOOPBACK, "spark.ui.enabled": "false",
        }  # fmt: skip
    builder = SparkSession.builder.master(master).appName("guideline cohort")
    for name, value in (settings | dict(conf)).items():
        builder = builder.config(name, value)
    with failing(f"Spark did not start on `{master}`"):
        spark = builder.getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


def _is_local(master: str) -> bool:
    """Whether everything runs on this machine."""
    if master == "local" or master.startswith(("local[", "local-cluster[")):
        return True
    try:
        return urlsplit(master).hostname in (_LOOPBACK, "localhost")
    except ValueError as error:
        raise UsageError(f"`{master}` is no Spark master", None, "write it as spark://host:port or local[4]") from error


@contextlib.contextmanager
def failing(what: str) -> Iterator[None]:
    """Turn what Spark raises into one line."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except ReasonerError:
        raise
    except (Py4JError, PySparkException, RuntimeError) as error:
        raise _told(what, str(error)) from error


def _told(what: str, story: str) -> EngineError:
    """What a long story comes to: our own error on another machine, else the innermost cause."""
    lines = [line.strip() for line in story.splitlines() if line.strip()]
    own = [line.split(": ", 1)[1] for line in lines if line.startswith("reasoner.errors.") and ": " in line]
    if own:
        return EngineError(f"{what}: {own[-1]}")
    # The innermost cause stands last; where there is but one, it follows a colon.
    causes = [line.split(": ", 1)[1] for line in lines if line.startswith(("Caused by: ", ": "))]
    told = (causes[-1:] or lines or ["no reason given"])[0]
    return EngineError(f"{what}: {told[:_TOLD]}", None, "mend the cause and run it again")
