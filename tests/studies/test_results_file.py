"""The results file: nothing that was written is lost, and nothing foreign is touched."""

import os
from dataclasses import replace

import pytest

from kansym.shared.errors import InputError
from kansym.studies.bench import Record, ResultsFile, read_results

SETTINGS = {"limit": 5.0, "rows": 20}


def _record(seed: int, **figures) -> Record:
    return Record("P", "mine", "kan", seed, 0.0, "ok", **figures)


def test_records_survive_the_file(tmp_path):
    path = tmp_path / "r.jsonl"
    records = [_record(0, widths=(2, 1), r2=0.5), _record(1, formula="α", findings=("OK",))]
    with ResultsFile(path, SETTINGS) as file:
        file.append(records)
    assert list(read_results(path).records) == records


def test_rows_of_earlier_files_were_read_by_weights_and_searches_were_none(tmp_path):
    path = tmp_path / "r.jsonl"
    peer = replace(_record(0), kind="peer-operon", reading="data")
    with ResultsFile(path, SETTINGS) as file:
        file.append([_record(0), peer])
    text = path.read_text()
    for reading in ("weights", "data"):
        text = text.replace(f', "reading": "{reading}"', "")
    assert "reading" not in text
    path.write_text(text)
    assert [record.reading for record in read_results(path).records] == ["weights", "data"]


def test_numbers_that_are_not_finite_are_left_out(tmp_path):
    path = tmp_path / "r.jsonl"
    with ResultsFile(path, SETTINGS) as file:
        file.append([_record(0, r2=float("nan"), rmse=float("inf"))])
    (found,) = read_results(path).records
    assert found.r2 is None
    assert found.rmse is None


def test_a_file_cut_anywhere_is_gone_on_with(tmp_path):
    path = tmp_path / "r.jsonl"
    with ResultsFile(path, SETTINGS) as file:
        file.append([_record(seed) for seed in range(3)])
    whole = path.read_bytes()
    for cut in [0, 1, 20, whole.find(b"\n"), *range(whole.find(b"\n") + 1, len(whole), 97)]:
        path.write_bytes(whole[:cut])
        with ResultsFile(path, SETTINGS) as file:
            missing = [seed for seed in range(3) if _record(seed).key not in file.done]
            file.append([_record(seed) for seed in missing])
        assert path.read_bytes() == whole


def test_reading_leaves_a_cut_line_out(tmp_path):
    path = tmp_path / "r.jsonl"
    with ResultsFile(path, SETTINGS) as file:
        file.append([_record(seed) for seed in range(3)])
    path.write_bytes(path.read_bytes()[:-30])
    found = read_results(path)
    assert found.cut
    assert len(found.records) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"format": "kansym-bench", "version": 99, "settings": {}}\n', "version 99"),
        (b'{"format": "other"}\n', "no results file"),
        (b"a,b\n1,2\n", "no results file"),
        (b"\x80\x02}q\x00.\n", "no results file"),
    ],
)
def test_foreign_files_are_refused_and_left_alone(tmp_path, content, words):
    path = tmp_path / "r.jsonl"
    path.write_bytes(content)
    for use in (lambda: ResultsFile(path, SETTINGS), lambda: read_results(path)):
        with pytest.raises(InputError, match=words):
            use()
    assert path.read_bytes() == content


@pytest.mark.parametrize("bad", [b"{", b"[1]", b'{"problem": "P"}', b"\xff"])
def test_a_damaged_line_is_named(tmp_path, bad):
    path = tmp_path / "r.jsonl"
    with ResultsFile(path, SETTINGS) as file:
        file.append([_record(0)])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + bad + b"\n" + lines[1])
    with pytest.raises(InputError, match="Line 2"):
        ResultsFile(path, SETTINGS)


def test_other_settings_are_refused(tmp_path):
    path = tmp_path / "r.jsonl"
    ResultsFile(path, SETTINGS).close()
    with pytest.raises(InputError, match="--limit 5"):
        ResultsFile(path, {**SETTINGS, "limit": 60.0})


def test_one_writer_at_a_time(tmp_path):
    path = tmp_path / "r.jsonl"
    with (
        ResultsFile(path, SETTINGS),
        pytest.raises(InputError, match="Another process is writing"),
    ):
        ResultsFile(path, SETTINGS)
    ResultsFile(path, SETTINGS).close()


def test_a_place_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        ResultsFile(tmp_path / "no" / "r.jsonl", SETTINGS)


def test_a_full_disk_keeps_what_is_written(tmp_path, monkeypatch):
    path = tmp_path / "r.jsonl"
    with ResultsFile(path, SETTINGS) as file:
        file.append([_record(0)])
        before, write = path.read_bytes(), os.write

        def full(handle: int, text: bytes) -> int:
            if len(text) > 50:
                return write(handle, text[:50])
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("kansym.studies.json_lines.os.write", full)
        with pytest.raises(InputError, match="No space left on device"):
            file.append([_record(1)])
        monkeypatch.undo()
        assert path.read_bytes() == before
        file.append([_record(1)])
    assert len(read_results(path).records) == 2
