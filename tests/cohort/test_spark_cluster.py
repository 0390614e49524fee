"""Spark on a real cluster of one master and two workers, one of which is lost while it works."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyspark", reason="the extra `spark` is not installed: pip install '.[spark]'")

import reasoner
from reasoner.cohort.distributed.drive import Request, run
from reasoner.cohort.distributed.java import java_home
from reasoner.cohort.distributed.session import session
from reasoner.cohort.run.judge import Settings

from .spark_agreement import generated, on_one_machine, rows, told
from .spark_cluster import PATIENCE, Cluster, cluster

SHARES = 10
CONF = {
    "spark.executor.memory": "600m", "spark.sql.files.maxPartitionBytes": "1000000",
    "spark.sql.files.openCostInBytes": "200000", "spark.shuffle.io.maxRetries": "1", "spark.shuffle.io.retryWait": "1s",
}  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(java_home(), tmp_path_factory.mktemp("cluster")) as own:
        yield own


def executors(spark: Any) -> int:
    """How many there are, the driver apart."""
    return int(spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size()) - 1


def wait_for(what: str, condition: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def deciding(spark: Any) -> bool:
    """Whether a share is decided, and others are not."""
    tracker = spark.sparkContext.statusTracker()
    stages = [tracker.getStageInfo(number) for number in tracker.getActiveStageIds()]
    return any(own and own.numTasks == SHARES and 0 < own.numCompletedTasks < SHARES // 2 for own in stages)


def test_nothing_is_lost_with_a_worker_and_nothing_is_counted_twice(running: Cluster, tmp_path: Path) -> None:
    loaded = reasoner.load()
    export = generated(tmp_path / "export", 500, "--odd", "2")
    with session(running.master, CONF) as spark:
        wait_for("two executors", lambda: executors(spark) == 2)
        ended: list[Any] = []

        def work() -> None:
            try:
                request = Request((str(export),), str(tmp_path / "there"), Settings("long"), shares=SHARES)
                ended.append(run(spark, request, loaded))
            except Exception as error:
                ended.append(error)

        worker = threading.Thread(target=work)
        worker.start()
        wait_for("some shares to be decided", lambda: ended or deciding(spark))
        assert not ended
        running.kill(1)
        wait_for("the executor to be lost", lambda: ended or executors(spark) == 1)
        assert not ended
        worker.join(PATIENCE)
        assert executors(spark) == 1
    assert not isinstance(ended[0], Exception), ended[0]
    expected = on_one_machine(loaded, (export,), tmp_path / "here", Settings("long"))
    assert told(ended[0].report) == told(expected.report)
    assert rows(tmp_path / "there").equals(rows(tmp_path / "here"))


def test_the_command_runs_on_what_is_left_of_the_cluster(running: Cluster, tmp_path: Path) -> None:
    export, output = generated(tmp_path / "export", 50), tmp_path / "out"
    command = [sys.executable, "-m", "reasoner.cli", "cohort", str(export), "--output", str(output),
               "--engine", "spark", "--layout", "wide", "--master", running.master, "--shares", "2",
               *(part for name, value in CONF.items() for part in ("--conf", f"{name}={value}"))]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    expected = on_one_machine(reasoner.load(), (export,), tmp_path / "here", Settings("wide"))
    assert ran.returncode == expected.code, ran.stderr
    assert "subjects of 50 patients" in ran.stdout
    assert rows(output).equals(rows(tmp_path / "here"))
    assert told(json.loads((tmp_path / "out.report.json").read_bytes())) == told(expected.report)
