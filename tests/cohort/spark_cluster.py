"""A real standalone cluster of Spark on the loopback interface: one master, and workers of one processor each."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 90
LOOPBACK = "127.0.0.1"


class Cluster:
    """Processes in groups of their own, so that a worker ends together with its executors."""

    def __init__(self, java: Path, folder: Path) -> None:
        import pyspark

        self._program = Path(pyspark.__file__).parent / "bin" / "spark-class"
        self._folder = folder
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))
        } | {
            "JAVA_HOME": str(java), "SPARK_LOCAL_IP": LOOPBACK, "SPARK_PUBLIC_DNS": LOOPBACK,
            "SPARK_LOCAL_DIRS": str(folder / "local"), "PYSPARK_PYTHON": sys.executable, "SPARK_DAEMON_MEMORY": "256m",
        }  # fmt: skip
        self._processes: list[subprocess.Popen[bytes]] = []
        self.master = f"spark://{LOOPBACK}:{_free_port()}"

    def start(self, workers: int) -> None:
        """Start all, and wait until the master knows every worker."""
        host, port = self.master.removeprefix("spark://").split(":")
        self._run("master.Master", "--host", host, "--port", port, "--webui-port", "0")
        self._wait("master", "I have been elected leader", 1)
        for number in range(workers):
            self._run(
                "worker.Worker", "--host", LOOPBACK, "--port", "0", "--webui-port", "0", "--cores", "1",
                "--memory", "1g", "--work-dir", str(self._folder / f"work-{number}"), self.master,
            )  # fmt: skip
        self._wait("master", "Registering worker", workers)

    def kill(self, worker: int) -> None:
        """Kill a worker and its executors, as if its machine were lost."""
        self._end(self._processes[1 + worker])

    def stop(self) -> None:
        """Kill all that is left."""
        for process in self._processes:
            self._end(process)

    def _run(self, name: str, *arguments: str) -> None:
        command = [str(self._program), f"org.apache.spark.deploy.{name}", *arguments]
        kind = name.partition(".")[0] if name.startswith("master") else f"worker-{len(self._processes)}"
        with (self._folder / f"{kind}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(command, env=self._environment, stdout=log, stderr=log, start_new_session=True)
            )

    def _wait(self, kind: str, words: str, times: int) -> None:
        end = time.monotonic() + PATIENCE
        log = self._folder / f"{kind}.log"
        while log.read_text(errors="replace").count(words) < times:
            if time.monotonic() > end or any(process.poll() is not None for process in self._processes):
                raise AssertionError(f"no `{words}` in {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def cluster(java: Path, folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A running cluster; all of it is gone at the end, whatever happens."""
    own = Cluster(java, folder)
    try:
        own.start(workers)
        yield own
    finally:
        own.stop()


def _free_port() -> int:
    with socket.socket() as own:
        own.bind((LOOPBACK, 0))
        return int(own.getsockname()[1])
