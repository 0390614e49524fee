"""What an author is told at each save, without files and clock: snapshots in, reports out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from reasoner.checks.session import Flip, Run, Session
from reasoner.checks.snapshot import Snapshot
from reasoner.checks.watch import text

from .mistakes import released

CONDITIONS = "ontology/diabetic-foot/conditions.ttl"
CASE = "ontology/iwgdf-offloading-2023/cases/a-lone-lesion-leaves-everything-open.ttl"
RULE = ("owl:hasValue non-surgical-offloading:failed", "owl:hasValue non-surgical-offloading:ongoing")


def edited(name: str, old: str, new: str) -> Snapshot:
    base = released()[0]
    data = base.files[name].decode()
    assert old in data
    return Snapshot(base.folder, {**base.files, name: data.replace(old, new, 1).encode()})


@pytest.fixture
def session() -> Session:
    """A session that has seen the released knowledge."""
    session = Session()
    session._memo = released()[1].fork()
    run = session.look(released()[0])
    assert run is not None and run.passed and run.decided and run.flips == () and run.changed == ()
    return session


def looked(session: Session, snapshot: Snapshot) -> Run:
    run = session.look(snapshot)
    assert run is not None
    return run


def keys(flips: Iterable[Flip]) -> set[tuple[str, str]]:
    return {(flip.case, flip.recommendation) for flip in flips}


def steps(run: Run) -> set[str]:
    return {outcome.name for outcome in run.outcomes if outcome.problems}


def test_a_save_that_changes_nothing_says_nothing(session: Session) -> None:
    assert session.look(released()[0]) is None


def test_a_changed_rule_shows_which_cases_flip_and_mending_it_shows_them_back(session: Session) -> None:
    broken = looked(session, edited(CONDITIONS, *RULE))
    assert broken.changed == (CONDITIONS,)
    wrong = [flip for flip in broken.flips if flip.is_wrong]
    assert wrong and "cases" in steps(broken)
    assert all(flip.before != flip.after and flip.label for flip in broken.flips)
    mended = looked(session, released()[0])
    assert mended.passed and mended.compared_with == broken.number
    back = {(f.case, f.recommendation): (f.after, f.before) for f in mended.flips}
    assert back == {(f.case, f.recommendation): (f.before, f.after) for f in broken.flips}
    assert keys(wrong) == keys(flip for flip in mended.flips if flip.is_mended)


def test_the_flip_is_told_in_words(session: Session) -> None:
    run = looked(session, edited(CONDITIONS, *RULE))
    lines = "\n".join(text(run, "12:00:00"))
    assert lines.startswith(f"12:00:00  run 2, {CONDITIONS}: not sound")
    assert "eligible -> not-eligible, but the case expects eligible" in lines
    assert "\x1b" not in lines


def test_a_half_written_file_keeps_the_last_good_state(session: Session) -> None:
    base = released()[0]
    half = base.files[CONDITIONS][: len(base.files[CONDITIONS]) // 2]
    run = looked(session, Snapshot(base.folder, {**base.files, CONDITIONS: half}))
    assert not run.decided and run.flips == () and steps(run) == {"syntax"}
    assert "the state of run 1 is kept" in "\n".join(text(run, "now"))
    after = looked(session, edited(CONDITIONS, *RULE))
    assert after.compared_with == 1 and after.flips


@pytest.mark.parametrize("data", [b"", b"\n", b"\xff\xfe\x00g", b"<<<<<<< HEAD\n"])
def test_a_file_of_rubbish_is_a_finding(session: Session, data: bytes) -> None:
    base = released()[0]
    run = looked(session, Snapshot(base.folder, {**base.files, CONDITIONS: data}))
    assert not run.decided and steps(run) == {"syntax"}
    assert looked(session, base).passed


def test_a_file_that_is_gone_and_comes_back(session: Session) -> None:
    base = released()[0]
    run = looked(session, Snapshot(base.folder, {n: d for n, d in base.files.items() if n != CONDITIONS}))
    assert run.changed == (CONDITIONS,) and not run.passed and run.flips == ()
    assert looked(session, base).passed


def test_many_files_at_once_are_one_run(session: Session) -> None:
    base = released()[0]
    cases = [name for name in base.files if "/cases/" in name]
    files = {name: data + b"\n" if name in cases else data for name, data in base.files.items()}
    run = looked(session, Snapshot(base.folder, files))
    assert run.changed == tuple(sorted(cases)) and run.passed and run.flips == ()


def test_a_changed_case_is_answered_alone(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work is counted, not seconds: of 180 cases one is answered, and nothing is loaded anew."""
    answered: list[str] = []
    from reasoner.checks import bench, patients

    judge = patients._judge
    monkeypatch.setattr(patients, "_judge", lambda b, j, d: answered.append(d.name) or judge(b, j, d))
    monkeypatch.setattr(bench, "build_knowledge", lambda *_: pytest.fail("the knowledge was loaded again"))
    run = looked(session, edited(CASE, '"undetermined"', '"out-of-scope"'))
    assert answered == [CASE] and steps(run) == {"cases"}


def test_a_changed_query_is_asked_alone(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    from reasoner.checks import meaning, patients

    question = meaning._question
    monkeypatch.setattr(meaning, "_question", lambda b, q, w: asked.append(q.name) or question(b, q, w))
    monkeypatch.setattr(patients, "_judge", lambda *_: pytest.fail("a case was answered again"))
    run = looked(session, edited("queries/harms.rq", "ORDER BY ?intervention", "ORDER BY DESC(?intervention)"))
    assert asked == ["harms"] and steps(run) == {"competency questions"}


def test_an_edit_taken_back_costs_nothing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    looked(session, edited(CONDITIONS, *RULE))
    from reasoner.checks import bench

    monkeypatch.setattr(bench, "build_knowledge", lambda *_: pytest.fail("the knowledge was loaded again"))
    assert looked(session, released()[0]).passed


def test_a_session_that_begins_with_broken_files_has_nothing_to_compare_with() -> None:
    session = Session()
    base = released()[0]
    run = session.look(Snapshot(Path("nowhere"), {**base.files, CONDITIONS: b"gr:A a"}))
    assert run is not None and not run.decided and run.compared_with is None
    assert "there is no good state yet" in "\n".join(text(run, "now"))
