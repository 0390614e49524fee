"""The folder: only pages, never anything that is somebody else's, nothing outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from reasoner.cli import main
from reasoner.errors import UsageError
from reasoner.pages.folder import LIST, write

PAGES = {"index.html": "one", "more.html": "two"}


def quiet(done: int, of: int) -> None:
    assert 0 < done <= of


def test_pages_go_into_a_new_folder_and_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "a" / "new", tmp_path / "empty"):
        write(folder, PAGES, quiet)
        assert {p.name for p in folder.iterdir()} == {*PAGES, LIST}
        assert (folder / "more.html").read_text() == "two"


def test_second_run_replaces_its_pages_and_takes_away_the_old(tmp_path: Path) -> None:
    write(tmp_path, PAGES, quiet)
    write(tmp_path, {"index.html": "three"}, quiet)
    assert {p.name: p.read_text() for p in tmp_path.glob("*.html")} == {"index.html": "three"}
    write(tmp_path, PAGES, quiet)


@pytest.mark.parametrize("other", ["notes.txt", "mine.html", ".git/config", "sub/index.html"])
def test_folder_with_other_things_is_left_alone(tmp_path: Path, other: str) -> None:
    write(tmp_path, PAGES, quiet)
    (tmp_path / other).parent.mkdir(exist_ok=True)
    (tmp_path / other).write_text("mine")
    with pytest.raises(UsageError, match="holds other things"):
        write(tmp_path, {"index.html": "new"}, quiet)
    assert (tmp_path / "index.html").read_text() == "one"
    assert (tmp_path / other).read_text() == "mine"


def test_pages_of_others_are_not_taken_for_ours(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(UsageError, match=r"index\.html"):
        write(tmp_path, PAGES, quiet)
    assert (tmp_path / "index.html").read_text() == "mine"


def test_list_cannot_name_what_lies_outside(tmp_path: Path) -> None:
    outside = tmp_path / "outside.html"
    outside.write_text("mine")
    folder = tmp_path / "pages"
    write(folder, PAGES, quiet)
    (folder / LIST).write_text("index.html\nmore.html\n../outside.html\n")
    write(folder, {"index.html": "new"}, quiet)
    assert outside.read_text() == "mine"


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.html"
    outside.write_text("mine")
    folder = tmp_path / "pages"
    write(folder, PAGES, quiet)
    (folder / "more.html").unlink()
    (folder / "more.html").symlink_to(outside)
    with pytest.raises(UsageError, match="holds other things"):
        write(folder, PAGES, quiet)
    assert outside.read_text() == "mine"


def test_what_a_broken_run_left_behind_does_not_stop_the_next(tmp_path: Path) -> None:
    (tmp_path / f"{LIST}-abc123").write_text("half")
    (tmp_path / LIST).write_text("index.html\nmore.html\n")
    (tmp_path / "index.html").write_text("half")
    write(tmp_path, PAGES, quiet)
    assert {p.name for p in tmp_path.iterdir()} == {*PAGES, LIST}


def test_command_refuses_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    file = tmp_path / "notes.txt"
    for folder in (tmp_path, file, file / "below"):
        assert main(["docs", str(folder)]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("error: ") and err.count("\n") == 1 and "; " in err
    assert file.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
