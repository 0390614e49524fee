"""Runs that are ended at any point go on from there, and come to the same bytes; what is broken is told."""

from __future__ import annotations

import datetime
import errno
import gzip
import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
import zstandard

from reasoner import __version__
from reasoner.cohort.run import pool, tasks, work
from reasoner.cohort.run.progress import Progress
from reasoner.errors import DataError, EngineError, UsageError

from .cohorts import bundles, decided, frame, as_bundles, patients, ran, write_bulk, written  # isort: skip

GUIDELINE = Path(sys.executable).parent / "guideline"


def digest(output: Path) -> dict[str, str]:
    """The bytes of an output, and what its report counts."""
    files = sorted(output.glob("*")) if output.is_dir() else [output]
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    report = orjson.loads(output.with_name(output.name + ".report.json").read_bytes())
    for name in ("state", "timings", "run"):
        del report[name]
    return found | {"report": hashlib.sha256(orjson.dumps(report)).hexdigest()}


def command(inputs: Path, output: Path, *more: str) -> list[str]:
    return [str(GUIDELINE), "cohort", str(inputs), "--output", str(output), "--chunk", "0.4", *more]


def records(output: Path) -> int:
    try:
        return len(list(output.with_name(output.name + ".work").glob("records/*.json")))
    except FileNotFoundError:
        # The run ended while it was looked at.
        return 0


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_random_points_and_run_again(tmp_path: Path, workers: int) -> None:
    folder = write_bulk(tmp_path / "export", patients(240), 2, packed=workers == 2)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    asked = ("--workers", str(workers))
    assert subprocess.run(command(folder, whole, *asked), capture_output=True, check=False).returncode == 2
    random_, kills = random.Random(workers), 0
    for _ in range(40):
        run = subprocess.Popen(command(folder, killed, *asked), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = records(killed) + random_.randint(1, 8)
        while run.poll() is None and records(killed) < until:
            time.sleep(0.002)
        time.sleep(random_.random() * 0.05)
        if run.poll() is None:
            run.send_signal(signal.SIGKILL)
            kills += 1
        run.wait()
        if run.returncode == 2:
            break
        assert not killed.exists(), "the output appears whole or not at all"
    assert run.returncode == 2, "it ends at last"
    assert kills > 1
    assert digest(killed) == digest(whole)
    assert not (tmp_path / "killed.work").exists()


def children(pid: int) -> list[int]:
    """The processes of a run that do its tasks."""
    command = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return [int(line.split()[0]) for line in found.stdout.splitlines() if "spawn_main" in line]


@pytest.mark.parametrize("workers", [2, 3])
def test_a_process_that_is_killed_ends_the_run_in_one_sentence(tmp_path: Path, workers: int) -> None:
    folder = write_bulk(tmp_path / "export", patients(240), 2)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    asked = ("--workers", str(workers))
    assert subprocess.run(command(folder, whole, *asked), capture_output=True, check=False).returncode == 2
    kills = 0
    for after in (0, 1, 4, 9):
        run = subprocess.Popen(command(folder, killed, *asked), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while run.poll() is None and (len(children(run.pid)) < workers - 1 or records(killed) < after):
            time.sleep(0.002)
        for child in children(run.pid)[:1]:
            os.kill(child, signal.SIGKILL)
        _, told = run.communicate(timeout=120)
        if run.returncode == 2:
            break
        (line,) = told.decode().splitlines()
        assert run.returncode == 1 and line.startswith("error: a process of the run was ended from outside")
        assert not killed.exists()
        kills += 1
    assert kills
    assert subprocess.run(command(folder, killed, *asked), capture_output=True, check=False).returncode == 2
    assert digest(killed) == digest(whole)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_end_it_says_how_to_go_on(tmp_path: Path, number: signal.Signals) -> None:
    folder = write_bulk(tmp_path / "export", patients(240), 2)
    output, told_to = tmp_path / "out", 0
    for after in (0, 0, 3, 8):
        run = subprocess.Popen(
            command(folder, output, "--workers", "3"),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        while run.poll() is None and (not children(run.pid) or records(output) < after):
            time.sleep(0.002)
        if run.poll() is None and number == signal.SIGINT:
            # A terminal sends it to every process of the run.
            os.killpg(run.pid, number)
        elif run.poll() is None:
            run.send_signal(number)
        _, told = run.communicate(timeout=120)
        if run.returncode == 2:
            break
        (line,) = told.decode().splitlines()
        assert run.returncode == 1 and line == "error: interrupted; run the same command again to continue"
        told_to += 1
    assert told_to


@pytest.mark.parametrize("workers", [1, 2])
def test_one_file_that_takes_many_steps_is_told_as_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """Compressed, a file is one task; this process does the first."""
    data = b"".join(own + b"\n" for own in bundles(patients(60)))
    packed = tmp_path / "all.ndjson.gz"
    packed.write_bytes(gzip.compress(data))
    told: list[int] = []
    monkeypatch.setattr(pool, "_OFTEN", 0.0)
    monkeypatch.setattr(Progress, "at", lambda _, done: told.append(done))
    ran([packed], tmp_path / "out", workers=workers, chunk=max(1, len(data) // 8))
    assert len(told) >= 8


def stopping(after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file be written but those from some number on, as if the machine ended there."""
    left = [after]
    real = work.writing

    def writing(path: Path) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return real(path)

    monkeypatch.setattr(work, "writing", writing)
    monkeypatch.setattr(tasks, "writing", writing)


def test_stopped_before_every_single_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file but the last of a run is written once: the next run finds it, whatever came after it."""
    path = tmp_path / "bundles.ndjson.gz"
    path.write_bytes(gzip.compress(b"\n".join(bundles(patients(40)))))
    ran([path], tmp_path / "whole", chunk=1 << 18)
    stops = 0
    for _ in range(60):
        with monkeypatch.context() as patched:
            stopping(2, patched)
            try:
                ran([path], tmp_path / "out", chunk=1 << 18)
                break
            except KeyboardInterrupt:
                stops += 1
    else:
        # The last files are written together with the output, and need more than two at a time.
        ran([path], tmp_path / "out", chunk=1 << 18)
    assert stops > 3
    assert digest(tmp_path / "out") == digest(tmp_path / "whole")


def test_no_space_is_a_clear_end_that_can_be_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_bulk(tmp_path / "export", patients(40))
    real, left = tasks.write_part, [1]

    def full(part: pl.DataFrame, path: Path) -> None:
        left[0] -= 1
        if left[0] < 0:
            with work.writing(path) as target:
                target.write_bytes(b"half")
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(part, path)

    with monkeypatch.context() as patched:
        patched.setattr(tasks, "write_part", full)
        with pytest.raises(UsageError, match=r"no space is left to write to, .*what is finished is kept"):
            ran([folder], tmp_path / "out", chunk=1 << 17)
    assert not list((tmp_path / "out.work").rglob("*.part"))
    again = ran([folder], tmp_path / "out", chunk=1 << 17)
    assert again.state == "resumed"
    assert again.report["timings"]["stepsOfEarlierRuns"] > 0
    ran([folder], tmp_path / "whole", chunk=1 << 17)
    assert digest(tmp_path / "out") == digest(tmp_path / "whole")


def test_a_real_full_disk_is_known_by_what_polars_says(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(UsageError, match="no space"), work.writing(tmp_path / "a") as part:
        part.symlink_to(full)
        pl.DataFrame({"a": range(100_000)}).write_parquet(part)


def test_a_changed_input_is_read_anew_and_a_complete_output_is_left(tmp_path: Path) -> None:
    path = tmp_path / "bundles.ndjson"
    path.write_bytes(b"\n".join(bundles(patients(20))))
    assert ran([path], tmp_path / "out").state == "new"
    before = digest(tmp_path / "out")
    assert ran([path], tmp_path / "out").state == "complete"
    path.write_bytes(b"\n".join(bundles(patients(30))))
    with pytest.raises(UsageError, match="exists and is of another run"):
        ran([path], tmp_path / "out")
    assert digest(tmp_path / "out") == before
    ran([path], tmp_path / "out", overwrite=True)
    assert written(tmp_path / "out") == decided(as_bundles(patients(30)))


@pytest.fixture
def unfinished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Inputs of which a run was stopped after some steps, its output beside them."""
    path = tmp_path / "bundles.ndjson"
    path.write_bytes(b"\n".join(bundles(patients(20))))
    with monkeypatch.context() as patched:
        stopping(4, patched)
        with pytest.raises(KeyboardInterrupt):
            ran([path], tmp_path / "out", chunk=1 << 16)
    assert records(tmp_path / "out") == 1
    return path


def refused(path: Path, why: str, **more: Any) -> None:
    """The run is not begun: it says where the other one lies, how the two differ, and what to do; nothing is lost."""
    output = path.with_name("out")
    told = rf"out\.work` holds 1 step of an unfinished run with {why}; give --fresh to throw them away, .*elsewhere$"
    with pytest.raises(UsageError, match=told):
        ran([path], output, **{"chunk": 1 << 16} | more)
    assert records(output) == 1


def test_an_unfinished_run_of_other_inputs_is_kept_until_fresh_is_asked_for(unfinished: Path) -> None:
    unfinished.write_bytes(b"\n".join(bundles(patients(10))))
    refused(unfinished, r"other inputs \(`bundles.ndjson`: changed\)")
    assert ran([unfinished], unfinished.with_name("out"), chunk=1 << 16, fresh=True).state == "fresh"
    assert written(unfinished.with_name("out")) == decided(as_bundles(patients(10)))
    assert not unfinished.with_name("out.work").exists()


def test_inputs_that_came_or_went_are_named(unfinished: Path) -> None:
    other = unfinished.with_name("more.ndjson")
    other.write_bytes(unfinished.read_bytes())
    with pytest.raises(UsageError, match=r"with other inputs \(`more.ndjson`: new\)"):
        ran([unfinished, other], unfinished.with_name("out"), chunk=1 << 16)
    refused(other, r"other inputs \(`more.ndjson`: new, `bundles.ndjson`: gone\)")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"layout": "wide"}, "--layout long"),
        ({"strict": True}, "without --strict"),
        ({"on": datetime.date(2026, 1, 1)}, "without --on"),
        ({"validate": True}, "without --validate"),
        ({"chunk": 1 << 17}, "--chunk 0.0625"),
        ({"keep": ("ward",), "layout": "wide"}, "--layout long, without --keep"),
    ],
)
def test_an_unfinished_run_with_other_options_is_kept(unfinished: Path, options: dict[str, Any], told: str) -> None:
    refused(unfinished, rf"other options \({told}\)", **options)
    assert ran([unfinished], unfinished.with_name("out"), chunk=1 << 16).state == "resumed"


def test_an_unfinished_run_with_other_knowledge_is_kept(unfinished: Path) -> None:
    manifest = unfinished.with_name("out.work") / "manifest.json"
    found = orjson.loads(manifest.read_bytes())
    first, second = found["knowledge"]
    for knowledge, told in (
        ([[*first[:2], "0" * 64], second], rf"{first[0]} {first[1]} was edited"),
        ([[first[0], "0.9.0", "0" * 64], second], rf"{first[0]} 0\.9\.0, now {first[1]}"),
        ([first], f"{second[0]} is new"),
        ([first, second, ["other", "1.0.0", "0"]], "other is gone"),
    ):
        manifest.write_bytes(orjson.dumps(found | {"knowledge": knowledge}))
        refused(unfinished, rf"other knowledge \({told}\)")


def test_an_unfinished_run_of_another_version_of_the_program_is_kept(unfinished: Path) -> None:
    manifest = unfinished.with_name("out.work") / "manifest.json"
    found = orjson.loads(manifest.read_bytes())
    manifest.write_bytes(orjson.dumps(found | {"version": "0.0.9"}))
    refused(unfinished, rf"another version of the program \(0\.0\.9, now {re.escape(__version__)}\)")
    manifest.write_bytes(orjson.dumps({"form": 1}))
    refused(unfinished, r"another version of the program \(unknown, now .*\)")


def test_several_differences_are_all_told(unfinished: Path) -> None:
    unfinished.write_bytes(b"\n".join(bundles(patients(10))))
    refused(unfinished, r"other inputs \(.*\) and with other options \(--layout long\)", layout="wide")


def test_a_run_that_settles_for_less_goes_on(unfinished: Path) -> None:
    """Finished steps are the same with ``--allow-partial``, but not the other way round."""
    output = unfinished.with_name("out")
    assert ran([unfinished], output, chunk=1 << 16, allow_partial=True).state == "resumed"
    assert written(output) == decided(as_bundles(patients(20)))


def test_a_folder_that_is_of_no_run_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bundles.ndjson"
    path.write_bytes(b"\n".join(bundles(patients(3))))
    work_ = tmp_path / "out.work"
    work_.write_text("mine")
    with pytest.raises(UsageError, match=r"out\.work` is in the way, and is of no run"):
        ran([path], tmp_path / "out", fresh=True)
    assert work_.read_text() == "mine"
    work_.unlink()
    (work_ / "parts").mkdir(parents=True)
    with pytest.raises(UsageError, match="is in the way"):
        ran([path], tmp_path / "out", fresh=True)
    assert (work_ / "parts").exists()


def test_what_no_run_wrote_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "bundles.ndjson"
    path.write_bytes(b"\n".join(bundles(patients(3))))
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    file.write_text("mine")
    (tmp_path / "dir.parquet").mkdir()
    (tmp_path / "dir.parquet" / "part-00000.parquet").write_text("x")
    for output, why in (
        (folder, "holds `thesis.txt`, which no run wrote"),
        (file, "is a file of another kind"),
        (tmp_path / "dir.parquet", "is a folder, no Parquet file"),
    ):
        for overwrite in (False, True):
            with pytest.raises(UsageError, match=why):
                ran([path], output, overwrite=overwrite)
    assert (folder / "thesis.txt").read_text() == file.read_text() == "mine"


def test_a_complete_output_does_not_take_the_steps_of_another_run_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bundles.ndjson"
    path.write_bytes(b"\n".join(bundles(patients(20))))
    ran([path], tmp_path / "out", chunk=1 << 16)
    with monkeypatch.context() as patched:
        stopping(4, patched)
        with pytest.raises(KeyboardInterrupt):
            ran([path], tmp_path / "out", "wide", chunk=1 << 16, overwrite=True)
    assert ran([path], tmp_path / "out", chunk=1 << 16).state == "complete"
    assert records(tmp_path / "out") == 1
    assert ran([path], tmp_path / "out", "wide", chunk=1 << 16, overwrite=True).state == "resumed"


def test_two_runs_do_not_write_the_same_output(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    path = tmp_path / "bundles.ndjson"
    path.write_bytes(b"\n".join(bundles(patients(3))))
    first = work.WorkFolder(tmp_path / "out.work")
    first.open({}, False)
    with pytest.raises(UsageError, match="another run is writing it"):
        ran([path], tmp_path / "out")
    first.close()


# Broken input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["plain", "gz", "zst"])
def test_broken_lines_are_told_by_their_line_in_the_file(tmp_path: Path, form: str) -> None:
    texts = bundles(patients(40))
    broken = {3: b"{", 17: b'{"a":1}', 18: b"\xff\xfe", 31: b"[]", 39: texts[0][:500]}
    whole = [broken.get(i, text) for i, text in enumerate(texts)]
    whole.insert(5, b"")
    data = b"\n".join(whole)
    packed = {"plain": data, "gz": gzip.compress(data), "zst": zstandard.compress(data)}[form]
    path = tmp_path / ("bundles.ndjson" + ("" if form == "plain" else "." + form))
    path.write_bytes(packed)
    ended = ran([path], tmp_path / "out", chunk=1 << 17)
    assert ended.code == 2
    told = [orjson.loads(line) for line in (tmp_path / "out.quarantine.ndjson").read_bytes().splitlines()]
    assert [(own["file"], own["line"]) for own in told] == [(str(path), n + 1 + (n >= 5)) for n in broken]
    assert all(own["reason"] and set(own) == {"file", "line", "reason"} for own in told)
    assert ended.report["counts"]["broken"] == 5
    good = [own for i, own in enumerate(patients(40)) if i not in broken]
    assert written(tmp_path / "out") == decided(as_bundles(good))


def test_a_broken_document_of_a_folder_is_told_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for i, text in enumerate(bundles(patients(4))):
        (folder / f"{i}.json").write_bytes(text[:100] if i == 2 else text)
    (folder / "empty.json").write_bytes(b"")
    ended = ran([folder], tmp_path / "out")
    told = [orjson.loads(line) for line in (tmp_path / "out.quarantine.ndjson").read_bytes().splitlines()]
    assert ended.code == 2
    assert sorted(Path(own["file"]).name for own in told) == ["2.json", "empty.json"]


@pytest.mark.parametrize("damage", ["cut gz", "cut zst", "flipped gz"])
def test_a_damaged_shard_ends_the_run_unless_its_rest_is_asked_for(tmp_path: Path, damage: str) -> None:
    data = b"\n".join(bundles(patients(150)))
    packed = bytearray(zstandard.compress(data) if damage.endswith("zst") else gzip.compress(data))
    if damage.startswith("cut"):
        del packed[len(packed) * 2 // 3 :]
    else:
        packed[len(packed) * 2 // 3] ^= 255
    path = tmp_path / ("bundles.ndjson." + damage[-3:].strip())
    path.write_bytes(packed)
    with pytest.raises(DataError, match=r"compressed data.*--allow-partial"):
        ran([path], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    ended = ran([path], tmp_path / "out", allow_partial=True)
    assert ended.code == 2
    assert [own["file"] for own in ended.report["inputs"]["partial"]] == [str(path)]
    assert frame(tmp_path / "out").height > 0 or damage == "cut zst"
    assert "in part only" in (tmp_path / "out.report.html").read_text()


def test_a_bulk_export_without_a_type_that_is_read_says_so(tmp_path: Path) -> None:
    folder = write_bulk(tmp_path / "export", patients(30), 1)
    (folder / "Condition.0.ndjson").unlink()
    (folder / "manifest.json").write_text('{"transactionTime":"2026-01-01"}')
    (folder / "log.txt").write_text("done")
    report = ran([folder], tmp_path / "out").report
    assert "Condition" in report["inputs"]["absent"]
    assert report["inputs"]["ignored"]["files"] == 2
    assert "No resource of the type Condition" in (tmp_path / "out.report.html").read_text()


def test_resources_that_are_there_twice_and_references_to_nothing_are_counted(tmp_path: Path) -> None:
    of = patients(200)
    folder = write_bulk(tmp_path / "export", of, 1)
    conditions = folder / "Condition.0.ndjson"
    (folder / "Condition.1.ndjson").write_bytes(conditions.read_bytes().splitlines()[0] + b"\n")
    counts = ran([folder], tmp_path / "out").report["counts"]
    assert counts["duplicates"] > 0
    assert counts["dangling"] > 0
    assert counts["resources"] == sum(len(own) for own in of) + 1


def test_resources_of_another_version_of_fhir_are_counted(tmp_path: Path) -> None:
    """What STU3 and R5 write otherwise is read as far as R4 allows, and never lost from the counts."""
    stu3 = {"resourceType": "Condition", "id": "c", "clinicalStatus": "active", "verificationStatus": "confirmed",
            "subject": {"reference": "Patient/p"}, "code": {"coding": [{"code": "ulcer", "system":
            "https://w3id.org/guideline-reasoner/CodeSystem/foot"}]}}  # fmt: skip
    r5 = {"resourceType": "Procedure", "id": "x", "status": "completed", "occurrenceDateTime": "2026-01-01",
          "subject": {"reference": "Patient/p"}, "code": {"coding": [{"code": "1", "system": "urn:x"}]}}  # fmt: skip
    texts = [orjson.dumps(own) for own in ({"resourceType": "Patient", "id": "p"}, stu3, r5)]
    (tmp_path / "all.ndjson").write_bytes(b"\n".join(texts))
    report = ran([tmp_path / "all.ndjson"], tmp_path / "out").report
    counts = report["counts"]
    assert counts["resources"] == 3 == sum(counts[name] for name in ("used", "unmapped", "unplaced", "unused"))
    assert report["invalid"] or report["unused"]


def test_lost_rows_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bundles.ndjson"
    path.write_bytes(b"\n".join(bundles(patients(5))))
    real = tasks.write_part
    monkeypatch.setattr(tasks, "write_part", lambda part, path: real(part.head(part.height - 1), path))
    with pytest.raises(EngineError, match="rows were decided and"):
        ran([path], tmp_path / "out")
    assert not (tmp_path / "out").exists()
