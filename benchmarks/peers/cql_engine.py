"""The CQL reference engine: npm ``cql-execution`` with ``cql-exec-fhir``, run on the ELM of ``cql/``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "cql"
PACKAGES = ("cql-execution@3.3.2", "cql-exec-fhir@2.2.0")


def installed(folder: Path | None = None) -> Path | str:
    """The folder of the node modules, or why there are none."""
    if shutil.which("node") is None:
        return "skipped: node is not installed"
    modules = (folder or cache()) / "node_modules"
    if all((modules / name.partition("@")[0] / "package.json").exists() for name in PACKAGES):
        return modules
    return f"skipped: {' and '.join(PACKAGES)} are not installed; benchmarks/cohort_peers.py installs them"


def cache() -> Path:
    """A folder of the user for these versions."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "guideline-reasoner-benchmarks" / "-".join(PACKAGES)


def install(folder: Path | None = None) -> Path | str:
    """The folder of the node modules, installed where they are not yet; or why there are none."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return "skipped: node and npm are not installed"
    folder = folder or cache()
    if isinstance(installed(folder), str):
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(folder), *PACKAGES]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"skipped: npm install failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}"
    return installed(folder)


def run(modules: Path, bundles: Path, rounds: int = 1) -> tuple[list[tuple[float, float]], dict[str, dict[str, Any]]]:
    """CPU and wall seconds of each round, without the start of node; and by lesion what the engine says."""
    command = ["node", str(HERE / "run.cjs"), str(modules), str(bundles), str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    answers = {own.pop("lesion"): own for own in said["answers"]}
    return [tuple(time) for time in said["times"]], answers


if __name__ == "__main__":
    print(install())
