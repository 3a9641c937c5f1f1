"""The evidence: its design, its files, and pages of which every figure comes from the rows."""

from collections import Counter

import pytest

from kansym.documents.blocks import Document, Paragraph
from kansym.documents.markdown import to_markdown
from kansym.studies.bench.loop import Outcome
from kansym.studies.bench.record import Record
from kansym.studies.bench.results_file import ResultsFile, read_results
from kansym.studies.evidence import gathering
from kansym.studies.evidence.blocks import BLOCKS
from kansym.studies.evidence.design import KINDS, PARTS, design, peers, problems
from kansym.studies.evidence.evidence import Evidence
from kansym.studies.evidence.gathering import gather, pack, unpack


def test_every_tenth_is_like_the_whole():
    everything, size = problems(), len(problems()) // PARTS
    of_feynman = sum(problem.set == "feynman" for problem in everything)
    for part in range(PARTS):
        here = everything[part * size : (part + 1) * size]
        share = sum(problem.set == "feynman" for problem in here) * PARTS
        assert abs(share - of_feynman) <= PARTS


def test_no_run_is_planned_twice_and_a_third_has_noise_and_seeds():
    for equal in ("parameters", "accuracy"):
        runs = [run for step in design() for run in step.runs if step.file == equal]
        assert max(Counter(run.key for run in runs).values()) == 1
    runs = [run for step in design() for run in step.runs]
    many = len({run.problem.name for run in runs})
    for chosen in (
        {run.problem.name for run in runs if run.noise},
        {run.problem.name for run in runs if run.seed},
    ):
        assert len(chosen) >= many / 3


def _record(problem: str, kind: str, reading: str, **more: object) -> Record:
    usual: dict = {
        "recovered": kind.startswith("kan"), "recovered_symbolic": False, "strict": False,
        "network_r2": 0.999, "r2": 0.9999, "parameters": 9, "train_seconds": 1.0,
        "extract_seconds": 2.0, "complexity": 20.0, "formula": "a_b*x|1", "form": "c*x1",
        "versions": {"python": "3"},
    }  # fmt: skip
    settings: dict = {"seed": 0, "noise": 0.0, "status": "ok"} | more
    return Record(problem, "mine", kind, reading=reading, **(usual | settings))


def _rows(problem: str, **more: object) -> list[Record]:
    return [
        _record(problem, kind, reading, **more)
        for kind in KINDS
        for reading in (["data"] if kind == "discover" else ["weights", "function"])
    ]


@pytest.fixture
def evidence(tmp_path):
    rows = [row for i in range(6) for row in _rows(f"P{i}")]
    rows += [*_rows("P0", seed=1), *_rows("P0", noise=0.1), _record("P9", "kan", "weights")]
    rows[0] = _record("P0", "kan-dense", "weights", status="failed", reason="no <result>")
    (tmp_path / "rows").mkdir()
    with ResultsFile(tmp_path / "rows" / "parameters.jsonl", {"rows": 1000}) as file:
        file.append(rows)
    with ResultsFile(tmp_path / "rows" / "peers.jsonl", {"rows": 1000}) as file:
        file.append([_record(f"P{i}", "peer-gplearn", "data") for i in range(3)])
    pack(tmp_path / "rows", tmp_path / "packed")
    return Evidence.read(tmp_path / "packed")


def test_only_problems_with_every_kind_are_compared(evidence):
    assert evidence.left_out == 1
    assert len(evidence.records) == 8 * len(_rows("P"))
    assert "P9" not in {record.problem for record in evidence.records}


def test_the_rows_that_the_page_names_are_those_of_the_file(evidence):
    (said,) = BLOCKS["runs"](evidence)
    assert isinstance(said, Paragraph)
    words = to_markdown(Document("", (said,)))
    assert f"{len(evidence.records)} rows of the {evidence.planned}" in words
    assert "6 problems (0 Feynman equations, 6 from outside it), 8 kinds, 2 readings, " in words
    assert "2 levels of noise" in words
    assert "1 runs came to nothing" in words


@pytest.mark.parametrize("name", BLOCKS)
def test_every_part_of_the_pages_is_made_of_the_rows(evidence, name):
    blocks = BLOCKS[name](evidence)
    assert blocks
    text = to_markdown(Document("", tuple(blocks)))
    assert "nan" not in text


def test_shares_on_the_page_are_those_of_the_rows(evidence):
    text = to_markdown(Document("", tuple(BLOCKS["noise"](evidence))))
    lines = [line for line in text.splitlines() if line.startswith("| mlp-tanh | weights")]
    assert lines[0].count("0 % (") == 2
    told = to_markdown(Document("", tuple(BLOCKS["failures"](evidence))))
    assert "no &lt;result&gt;" in told


def test_other_programs_stand_beside_the_search_on_their_problems(evidence):
    text = to_markdown(Document("", tuple(BLOCKS["peers"](evidence))))
    runs = {cells[1].strip(): cells[2].strip() for cells in map(_cells, text.splitlines())}
    assert runs["discover"] == runs["peer-gplearn"] == "3"
    assert runs["discover − peer-gplearn"]


def _cells(row: str) -> list[str]:
    return row.split("|") if row.count("|") > 2 else ["", "", ""]


def test_other_programs_get_the_problems_of_the_design():
    runs = [run for step in peers(["peer-operon"]) for run in step.runs]
    assert [run.problem.name for run in runs] == [problem.name for problem in problems()]
    assert {run.reading for run in runs} == {"data"}


def test_packed_rows_are_the_same_bytes_and_come_back(evidence, tmp_path):
    first = (tmp_path / "packed" / "parameters.jsonl.gz").read_bytes()
    pack(tmp_path / "rows", tmp_path / "packed")
    assert (tmp_path / "packed" / "parameters.jsonl.gz").read_bytes() == first
    unpack(tmp_path / "packed", tmp_path / "again")
    again = tmp_path / "again" / "parameters.jsonl"
    assert again.read_bytes() == (tmp_path / "rows" / "parameters.jsonl").read_bytes()
    again.write_bytes(b"newer")
    unpack(tmp_path / "packed", tmp_path / "again")
    assert again.read_bytes() == b"newer", "rows that were added since are kept"
    assert (
        len(read_results(tmp_path / "packed" / "parameters.jsonl.gz").records)
        == len(evidence.records) + evidence.left_out
    )


def test_gathering_tells_how_much_of_all_is_done(tmp_path, monkeypatch):
    steps, told = list(design(1)), []

    def fake(runs, path, *, jobs, work, progress):
        progress(0.5, f"{len(runs)} runs")
        return Outcome(path, len(runs), 0, len(runs), 0, 0.0)

    monkeypatch.setattr(gathering, "run_benchmark", fake)
    gather(steps, tmp_path, jobs=1, progress=lambda share, words: told.append((share, words)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 1
    assert told[1][1].startswith("part 1 of 1, noise")
