"""CDS Hooks over HTTP: requests a second, percentiles by connections, and memory over many requests.

Run: python benchmarks/serve.py [--workers 2] [--seconds 10] [--soak 100000]
The load comes from autocannon (Node), which the script installs into a folder of its own. Server and load share the
machine, so what is printed is a floor for two cores of their own.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import machine

ROOT = Path(__file__).parents[1]
AUTOCANNON = "autocannon@9.0.0"
LEVELS = (1, 16, 128)
HOOK = "patient-view"


@contextmanager
def serving(*flags: str) -> Iterator[tuple[str, int]]:
    """(URL, process id) of a server on a free port."""
    command = [sys.executable, "-m", "reasoner.cli", "serve", "--port", "0", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT) as server:
        assert server.stdout is not None
        line = server.stdout.readline().decode()
        found = re.search(r"http://\S+/", line)
        if found is None:
            raise SystemExit(f"the server did not start: {line}")
        yield found[0], server.pid
        server.terminate()


def bodies() -> list[dict[str, Any]]:
    """A call for each example patient, the record as prefetch."""
    found = []
    for path in sorted((ROOT / "examples").glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        resources = [entry["resource"] for entry in record["entry"]]
        patient = next(own for own in resources if own["resourceType"] == "Patient")
        found.append(
            {
                "hook": HOOK,
                "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
                "context": {"userId": "Practitioner/p", "patientId": patient["id"]},
                "prefetch": {"patient": patient, "record": record},
            }
        )
    return found


def memory(pid: int) -> dict[int, float]:
    """Resident MiB of the children of a process."""
    found = subprocess.run(["ps", "-o", "pid=,rss=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
    rows = [line.split() for line in found.stdout.splitlines()]
    return {int(child): int(rss) / 1024 for child, rss in rows}


def busy(pids: list[int]) -> float:
    """CPU seconds that some processes have used."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / 100


def install() -> Path:
    """A folder with autocannon in its node_modules."""
    node = shutil.which("npm")
    if node is None:
        raise SystemExit("this benchmark needs Node and npm")
    folder = Path(tempfile.gettempdir()) / "guideline-autocannon"
    folder.mkdir(exist_ok=True)
    if not (folder / "node_modules" / "autocannon").is_dir():
        subprocess.run([node, "install", "--silent", "--prefix", str(folder), AUTOCANNON], check=True)
    return folder


def load(folder: Path, url: str, *levels: str) -> list[dict[str, Any]]:
    """What the load generator counted at each level."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"url": url, "bodies": bodies()}, file)
        file.flush()
        script = str(Path(__file__).with_suffix(".mjs"))
        command = ["node", script, str(folder), file.name, *levels]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in ended.stdout.splitlines()]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--soak", type=int, default=100_000, help="requests over which memory is watched; 0: none")
    options = parser.parse_args()
    folder = install()
    print(machine.describe())
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    others = Path("/proc/loadavg").read_text(encoding="ascii").split()[0]
    print(f"{AUTOCANNON}, Node {node}; {options.workers} workers; load average before {others}")
    with serving("--workers", str(options.workers)) as (url, pid):
        service = json.loads(_get(f"{url}cds-services"))["services"]
        named = next(own["id"] for own in service if own["hook"] == HOOK)
        target = f"{url}cds-services/{named}"
        load(folder, target, "4:3")
        print(f"\n{HOOK} of {named}, {len(bodies())} patients in turn\n")
        print("| connections | requests/s | p50 ms | p95 ms | p99 ms | not 2xx | errors | server CPU ms a request |")
        print("|---|---|---|---|---|---|---|---|")
        for connections in LEVELS:
            children = list(memory(pid))
            before = busy(children)
            (row,) = load(folder, target, f"{connections}:{options.seconds}")
            used = (busy(children) - before) / row["requests"] * 1000
            print(
                f"| {connections} | {row['requests'] / row['seconds']:.0f} | {row['p50']:.1f} | {row['p95']:.1f} "
                f"| {row['p99']:.1f} | {row['other']} | {row['errors']} | {used:.2f} |",
                flush=True,
            )
        if options.soak:
            _soak(folder, target, pid, options.soak)


def _soak(folder: Path, target: str, pid: int, requests: int) -> None:
    """Memory of the workers by requests served."""
    parts = 10
    print(f"\nresident MiB of each process, over {requests} requests at 16 connections")
    print(f"       0: {_rss(pid)}")
    begin = time.monotonic()
    for part in range(1, parts + 1):
        (row,) = load(folder, target, f"16:x{requests // parts}")
        assert row["other"] == row["errors"] == 0, row
        print(f"{requests * part // parts:>8}: {_rss(pid)}", flush=True)
    print(f"{time.monotonic() - begin:.0f} s")


def _rss(pid: int) -> str:
    return "  ".join(f"{mib:.1f}" for _, mib in sorted(memory(pid).items()))


def _get(url: str) -> bytes:
    import urllib.request

    with urllib.request.urlopen(url) as answer:
        data: bytes = answer.read()
    return data


if __name__ == "__main__":
    main()
