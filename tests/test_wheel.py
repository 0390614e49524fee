"""The built wheel carries all it needs: it decides a patient from an empty folder, with nothing of the source tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without the network: the build backend is part of the extra ``test``."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True)
    (built,) = folder.glob("guideline_reasoner-*.whl")
    return built


def test_wheel_carries_the_knowledge(wheel: Path) -> None:
    """Ontology, shapes, queries, schema and type marker; no cases of the tests, no cache."""
    names = zipfile.ZipFile(wheel).namelist()
    for part in ("_knowledge/ontology/core/core.ttl", "_knowledge/ontology/iwgdf-offloading-2023/eligibility.ttl",
                 "_knowledge/shapes/patient.ttl", "_knowledge/queries/harms.rq", "schema/answer.schema.json",
                 "py.typed"):  # fmt: skip
        assert f"reasoner/{part}" in names
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests/")]


def test_wheel_runs_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    """Installed into an environment of its own, beside the dependencies only, it decides a shipped example."""
    home, here = tmp_path / "venv", tmp_path / "empty"
    here.mkdir()
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    site = next((home / "lib").glob("python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    # The dependencies come from this environment, listed after the wheel's own folder.
    (site / "dependencies.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    patient = ROOT / "examples" / "severe-infection.json"
    code = (
        "import reasoner, sys; from reasoner.cli import main; print(reasoner.__file__, flush=True); "
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [str(python), "-c", code, "assess", "--format", "json", str(patient)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    ran = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    where, answer = ran.stdout.split("\n", 1)
    assert Path(where).is_relative_to(site)
    verdicts = {r["id"]: r["verdict"] for r in json.loads(answer)["subjects"][0]["guidelines"][0]["recommendations"]}
    assert verdicts["iwgdf-7c"] == "eligible"
    assert not list(here.iterdir())
