"""Whole files: what is not meant is never overwritten."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kansym.cli import main
from kansym.shared.errors import InputError
from kansym.shared.whole_files import check_place, write_text


def test_a_link_stays_a_link(tmp_path):
    target, link = tmp_path / "there" / "a.txt", tmp_path / "link.txt"
    target.parent.mkdir()
    target.write_text("old")
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert sorted(path.name for path in target.parent.iterdir()) == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.html")
    with pytest.raises(InputError, match="is a pipe or a device"):
        write_text(tmp_path / "pipe.html", "words")


def test_what_is_read_is_not_overwritten(tmp_path):
    data = tmp_path / "d.csv"
    data.write_text("x,y\n1,2\n")
    (tmp_path / "link.csv").symlink_to(data)
    for place in (data, tmp_path / "link.csv"):
        with pytest.raises(InputError, match="is read and would be overwritten"):
            check_place(place, read=[data])
    assert check_place(tmp_path / "other.csv", read=[data, tmp_path / "absent"])


@pytest.mark.parametrize("option", ["--save", "--json"])
def test_a_fit_does_not_overwrite_its_data(tmp_path, capsys, option):
    data = tmp_path / "d.csv"
    data.write_text("x,y\n1,2\n2,3\n")
    assert main(["fit", str(data), "--target", "y", option, str(data)]) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert data.read_text() == "x,y\n1,2\n2,3\n"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="writers are forked")
def test_writers_that_are_killed_leave_whole_files():
    script = Path(__file__).parents[2] / "benchmarks" / "stopped_work.py"
    words = [sys.executable, str(script), "--kills", "40,20,0", "--interrupts", "0"]
    run = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True)
    assert run.stdout.splitlines() == [
        "save: 40 kills, 0 files lost",
        "report: 20 kills, 0 files lost",
    ]


def test_two_results_are_not_written_to_one_file(tmp_path, capsys):
    table, place = tmp_path / "t.csv", str(tmp_path / "result.md")
    table.write_text("x,y\n" + "".join(f"{k},{2 * k}\n" for k in range(20)))
    assert main(["fit", str(table), "--target", "y", "--out", place, "--json", place]) == 2
    assert "was given twice" in capsys.readouterr().err
