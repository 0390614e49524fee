"""The bundle in the repository is the one that its source makes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE, KEPT = ROOT / "web", ROOT / "reasoner" / "web" / "static"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.skipif(not (SOURCE / "node_modules" / "esbuild").exists(), reason="run `npm ci` in web/")
def test_building_again_gives_the_same_bundle_and_licences(tmp_path: Path) -> None:
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=SOURCE, check=True, capture_output=True)
    for name in ("sparql.js", "LICENSES.txt"):
        assert (tmp_path / name).read_bytes() == (KEPT / name).read_bytes(), f"{name}: run `npm run build` in web/"
