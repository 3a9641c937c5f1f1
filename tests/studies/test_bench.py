"""The benchmark: nothing stops it, nothing is lost, and every run is judged by one rule."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from torch import nn

from benchmarks import bench_overhead, feynman, kill_and_resume
from kansym.cli import bench as bench_command
from kansym.cli import main
from kansym.problems.catalogue import load_problem
from kansym.problems.problem import Problem
from kansym.problems.ranges import Range
from kansym.shared.errors import InputError
from kansym.studies.bench import (
    KIND_NAMES,
    Budget,
    Record,
    ResultsFile,
    checked_kinds,
    find_problems,
    plan,
    read_results,
    run_benchmark,
)
from kansym.studies.bench.kind_names import REWRITES
from kansym.studies.bench.kinds import KINDS, Trained, _widened
from kansym.studies.bench.loop import _items, _stages
from kansym.studies.bench.rows import draw_rows
from kansym.studies.bench.runs import Key, Like
from tests import bench_work

SETTINGS = {"limit": 5.0, "rows": 20}
QUICK = Budget(5.0, 20)


def _plan(seeds: int, kinds=("kan", "kan-as-mlp", "mlp-silu"), budget: Budget = QUICK):
    return plan(find_problems(["Nguyen-1"]), list(kinds), range(seeds), [0.0], budget)


def _run(runs, path, work: str, **settings):
    return run_benchmark(
        runs, path, work=getattr(bench_work, work), progress=False, **{"jobs": 1, **settings}
    )


# Planning ------------------------------------------------------------------------------------


def test_a_plan_is_the_product_in_an_order_that_keeps_problems_together():
    runs = plan(find_problems(["Nguyen-1", "Nguyen-2"]), ["kan", "mlp-silu"], range(3), [0, 0.01])
    assert len(runs) == len({run.key for run in runs}) == 24
    assert [run.problem.name for run in runs] == ["Nguyen-1"] * 12 + ["Nguyen-2"] * 12


def test_problems_are_found_by_set_name_and_file(tmp_path):
    place = tmp_path / "mine.toml"
    place.write_text('[[problem]]\nname = "a"\nformula = "x**2"\nranges = { x = [0, 1] }\n')
    found = find_problems(["nguyen", "I.12.11", str(place), "Nguyen-1"])
    assert [problem.name for problem in found][-2:] == ["I.12.11", "a"]
    assert len(found) == len({problem.name for problem in found})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ngyuen-1", "Nguyen-1"),
        ("feynmann", "'feynman'"),
        ("nowhere.toml", "no file"),
    ],
)
def test_unknown_problems_get_the_nearest_names(text, words):
    with pytest.raises(InputError, match=words):
        find_problems([text])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('name = "a"\nformula = "x*q"\nranges = { x = [0, 1] }', "q"),
        ('name = "a"\nformula = "x"\nranges = { x = [1, 0] }', "range"),
        (
            'name = "a"\nformula = "x"\nranges = { x = [0, 1] }\n'
            '[[problem]]\nname = "a"\nformula = "x"\nranges = { x = [0, 1] }',
            "two problems named 'a'",
        ),
        ('name = "Nguyen-1"\nformula = "x"\nranges = { x = [0, 1] }', "Two different problems"),
    ],
)
def test_bad_problem_files_end_with_one_sentence(tmp_path, capsys, content, words):
    place = tmp_path / "bad.toml"
    place.write_text("[[problem]]\n" + content)
    out = tmp_path / "results.jsonl"
    assert main(["bench", "--problems", f"nguyen,{place}", "--out", str(out)]) == 2
    found = capsys.readouterr().err
    assert words in found
    assert len(found.splitlines()) == 1
    assert not out.exists()


def test_the_command_names_all_kinds():
    assert ", ".join(KIND_NAMES) == bench_command._KINDS


def test_unknown_kinds_get_the_nearest_names():
    assert checked_kinds(KIND_NAMES) == list(KIND_NAMES)
    with pytest.raises(InputError, match="did you mean 'mlp-silu'"):
        checked_kinds(["mlp-sillu"])


@pytest.mark.parametrize(
    "given",
    [
        {"kinds": []},
        {"kinds": ["kan", "kan"]},
        {"noises": [-0.1]},
        {"noises": [float("nan")]},
        {"noises": [0.0, 0.0]},
        {"seeds": [-1]},
    ],
)
def test_bad_plans_are_refused(given):
    usual = {"kinds": ["kan"], "seeds": range(1), "noises": [0.0]}
    with pytest.raises(InputError):
        plan(find_problems(["Nguyen-1"]), **{**usual, **given})


@pytest.mark.parametrize("given", [(0.0, 100), (float("inf"), 100), (1.0, 3)])
def test_bad_budgets_are_refused(given):
    with pytest.raises(InputError, match="positive"):
        Budget(*given)


def test_every_kind_can_be_trained_or_is_rewritten_or_needs_no_network():
    assert {*KINDS, *REWRITES, "discover"} == set(KIND_NAMES)
    assert set(REWRITES.values()) <= set(KINDS)


def test_every_network_is_read_in_every_way_and_a_search_once():
    readings = ["weights", "function"]
    runs = plan(find_problems(["Nguyen-1"]), ["kan", "discover"], [0], readings=readings)
    assert [(run.kind, run.reading) for run in runs] == [
        ("kan", "weights"), ("kan", "function"), ("discover", "data")
    ]  # fmt: skip
    with pytest.raises(InputError, match="did you mean 'function'"):
        plan(find_problems(["Nguyen-1"]), ["kan"], [0], readings=["funktion"])


# Rows ----------------------------------------------------------------------------------------


def test_rows_are_the_same_for_every_kind_and_clean_where_judged():
    problem = load_problem("I.12.11")
    clean, noisy = (draw_rows(problem, 200, 3, noise) for noise in (0.0, 0.1))
    np.testing.assert_array_equal(clean.X, noisy.X)
    np.testing.assert_array_equal(clean.y_unused, noisy.y_unused)
    assert 0.05 < np.std(noisy.y - clean.y) / np.std(clean.y) < 0.2
    seen = {tuple(row) for row in clean.X.to_numpy()}
    assert not any(tuple(row) in seen for row in clean.X_unused)


@pytest.mark.parametrize("name", ["anderson-gaam", "knots", "moseley"])
def test_a_table_is_split_and_groups_stay_together(name):
    problem = load_problem(name)
    found = draw_rows(problem, 10_000, seed=1)
    data = problem.data()
    assert len(found.X) + len(found.X_unused) <= len(data)
    assert len(found.X_unused) > 0
    if data.groups is not None:
        # Rows that are the same in several groups cannot be told apart here.
        of: dict[tuple, set] = {}
        for x, group in zip(data.X, data.groups, strict=True):
            of.setdefault(tuple(x), set()).add(group)
        learnt, unused = (
            {min(of[tuple(x)]) for x in X if len(of[tuple(x)]) == 1}
            for X in (found.X.to_numpy(), found.X_unused)
        )
        assert learnt
        assert not learnt & unused


# The loop ------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch):
    """Runs are ended after a second and a half, without the usual time to be judged."""
    monkeypatch.setattr(Budget, "hard_limit", 1.5)


@pytest.mark.usefixtures("impatient")
def test_one_bad_run_never_stops_the_others(tmp_path):
    runs = _plan(10, kinds=["mlp-silu"])
    started = time.monotonic()
    outcome = _run(runs, tmp_path / "r.jsonl", "treacherous", jobs=2)
    assert time.monotonic() - started < 300  # the one that hangs would sleep 600 s
    found = {record.seed: record for record in read_results(tmp_path / "r.jsonl").records}
    bad = {bench_work.HANGS, bench_work.CRASHES, bench_work.RAISES, bench_work.SILENT}
    assert outcome.failed == len(bad)
    assert set(found) == set(range(10))
    assert {seed for seed, record in found.items() if record.status == "failed"} == bad
    reasons = {seed: found[seed].reason or "" for seed in bad}
    assert "no result within" in reasons[bench_work.HANGS]
    assert "SIGSEGV" in reasons[bench_work.CRASHES]
    assert "ValueError: six is not wanted (bench_work.py" in reasons[bench_work.RAISES]
    assert "ended with code 3" in reasons[bench_work.SILENT]
    assert all("while training" in reason for reason in reasons.values())
    assert all(found[seed].recovered is False for seed in bad)


@pytest.mark.usefixtures("impatient")
def test_a_record_that_came_before_the_hang_is_kept(tmp_path):
    runs = _plan(1, kinds=["kan", "kan-as-mlp"])
    _run(runs, tmp_path / "r.jsonl", "half")
    kan, form = read_results(tmp_path / "r.jsonl").records
    assert kan.status == "ok"
    assert form.status == "failed"
    assert "while extracting" in (form.reason or "")


def test_a_second_start_does_only_what_is_missing(tmp_path):
    path = tmp_path / "r.jsonl"
    few, all_runs = (_plan(seeds, kinds=["kan", "kan-as-mlp"]) for seeds in (2, 4))
    first = _run(few, path, "good")
    more = _run(all_runs, path, "good")
    assert (first.done, more.done, more.already) == (4, 4, 4)
    assert [r.key for r in read_results(path).records] == [run.key for run in all_runs]
    assert _run(all_runs, path, "good").done == 0


def test_the_work_is_done_in_few_processes_with_one_thread(tmp_path):
    runs = _plan(8, kinds=["mlp-silu"])
    _run(runs, tmp_path / "r.jsonl", "where", jobs=2)
    seen = {record.reason for record in read_results(tmp_path / "r.jsonl").records}
    servers, threads = zip(*(str(words).split() for words in seen), strict=True)
    assert 1 <= len(set(servers)) <= 2
    assert set(threads) == {"1"}


def test_mlps_are_as_large_as_the_kan_of_the_same_run(tmp_path):
    runs = _plan(1, kinds=["mlp-silu", "kan-as-mlp", "kan"])
    first, then = _stages(runs)
    assert [run.kind for run in then] == ["mlp-silu"]
    with ResultsFile(tmp_path / "r.jsonl", SETTINGS) as file:
        ((form, kan),) = _items(first, file)  # one training for both
        assert (form.kind, kan.kind) == ("kan-as-mlp", "kan")
        file.append([bench_work.record(kan)])
        ((form,),) = _items(first, file)
        assert form.kind == "kan-as-mlp"
        ((mlp,),) = _items(then, file)
        assert mlp.like == Like(20, (2, 1))


def test_mlps_are_given_the_error_to_reach_where_accuracy_is_to_be_equal(tmp_path):
    runs = _plan(1, kinds=["kan", "mlp-silu"], budget=Budget(5.0, 20, "accuracy"))
    first, then = _stages(runs)
    with ResultsFile(tmp_path / "r.jsonl", SETTINGS) as file:
        file.append([replace(bench_work.record(first[0]), validation=1e-3)])
        ((mlp,),) = _items(then, file)
    assert mlp.like == Like(20, (2, 1), 1e-3)


@pytest.mark.parametrize(
    ("error", "tried", "chosen"),
    [(None, [10], 10), (0.1, [10], 10), (0.06, [10], 10), (0.02, [10, 20, 40], 40)],
)
def test_an_mlp_is_widened_until_it_is_as_accurate(error, tried, chosen):
    seen: list[int] = []

    def train_one(like: Like, seconds: float) -> Trained:
        assert seconds > 0
        seen.append(like.parameters)
        return Trained(nn.Identity(), "", (1,), like.parameters, 0.0, 1 / like.parameters)

    found = _widened(train_one, Like(10, (1, 1), error), 60.0)
    assert seen == tried
    assert found.parameters == chosen


def test_widening_ends_with_the_time_or_where_nothing_grows():
    spent = list[float]()

    def train_one(like: Like, seconds: float) -> Trained:
        spent.append(seconds / 2)
        time.sleep(spent[-1])
        return Trained(nn.Identity(), "", (1,), like.parameters, 0.0, like.parameters)

    found = _widened(train_one, Like(10, (1, 1), 0.1), 0.4)
    assert sum(spent) < 0.4
    assert found.parameters == 10  # the most accurate, not the last
    same = replace(found, validation=1.0)
    assert _widened(lambda like, seconds: same, Like(10, (1, 1), 0.1), 60.0).parameters == 10


@pytest.mark.parametrize("kind", ["mlp-tanh", "mlp-form"])
def test_mlps_of_every_layout_can_be_widened(kind):
    X = pd.DataFrame({"x": np.linspace(-1, 1, 200)})
    y = np.sin(6 * X["x"].to_numpy())
    few, many = (KINDS[kind](X, y, 60.0, 0, Like(8, (1, 1, 1), e)) for e in (1.0, 0.02))
    assert many.parameters > few.parameters
    assert many.validation <= 0.04 < few.validation


@pytest.mark.parametrize("settings", [{}, {"equal": "parameters"}])
def test_a_file_is_gone_on_with_only_for_what_was_equal(tmp_path, settings):
    path = tmp_path / "r.jsonl"
    with ResultsFile(path, SETTINGS | settings):
        pass
    assert _run(_plan(1), path, "good").done == 3
    with pytest.raises(InputError, match="made with --equal parameters, now accuracy"):
        _run(_plan(2, budget=Budget(5.0, 20, "accuracy")), path, "good")


def test_nothing_can_be_as_accurate_as_a_kan_that_is_not_there(tmp_path, capsys):
    words = ["bench", "--problems", "Nguyen-1", "--kinds", "mlp-silu", "--equal", "accuracy"]
    assert main([*words, "--out", str(tmp_path / "r.jsonl")]) == 2
    assert "There is no kind 'kan'" in capsys.readouterr().err
    with pytest.raises(InputError, match="did you mean 'accuracy'"):
        Budget(equal="acuracy")


def test_changed_problems_are_not_mixed(tmp_path):
    path = tmp_path / "r.jsonl"
    problem = Problem("a", "mine", ("x",), "y", "x**2", ranges={"x": Range(0, 1)})
    _run(plan([problem], ["kan"], [0], budget=QUICK), path, "good")
    changed = Problem("a", "mine", ("x",), "y", "x**3", ranges={"x": Range(0, 1)})
    with pytest.raises(InputError, match="another --out"):
        _run(plan([changed], ["kan"], [0], budget=QUICK), path, "good")


def test_progress_estimates_the_rest(tmp_path):
    seen: list[tuple[float, str]] = []
    run_benchmark(
        _plan(2),
        tmp_path / "r.jsonl",
        work=bench_work.good,
        progress=lambda fraction, message: seen.append((fraction, message)),
    )
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert "6 of 6 runs, 0 failed, about 0 s to go" in seen[-1][1]


# Killed and gone on with ---------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_benchmark_killed_ten_times_ends_like_one_left_alone(tmp_path, seed):
    alone, killed = tmp_path / "alone.jsonl", tmp_path / "killed.jsonl"
    assert kill_and_resume.started(alone).wait() == 0
    rows = kill_and_resume.killed_repeatedly(killed, 10, seed)
    assert rows == sorted(rows)
    assert kill_and_resume.started(killed).wait() == 0
    assert alone.read_bytes() == killed.read_bytes()


def test_nothing_goes_on_after_a_kill(tmp_path):
    path = tmp_path / "r.jsonl"
    process = kill_and_resume.started(path)
    while not path.exists() or path.stat().st_size < 2000:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 60
    while _marked(str(path)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert _marked(str(path)) == []
    content = path.read_bytes()
    time.sleep(0.5)
    assert path.read_bytes() == content


def _marked(word: str) -> list[str]:
    """Processes whose command line contains a word."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if word in words:
            found.append(words)
    return found


# Clusters ------------------------------------------------------------------------------------


def test_an_address_needs_its_backend(tmp_path):
    with pytest.raises(InputError, match="--backend dask"):
        _run(_plan(1), tmp_path / "r.jsonl", "good", address="tcp://127.0.0.1:1")
    with pytest.raises(InputError, match="--address"):
        _run(_plan(1), tmp_path / "r.jsonl", "good", backend="dask")
    with pytest.raises(InputError, match="no backend 'kubernetes'"):
        _run(_plan(1), tmp_path / "r.jsonl", "good", backend="kubernetes")
    assert not (tmp_path / "r.jsonl").exists()


@pytest.mark.slow
def test_a_cluster_that_is_not_there_is_one_sentence(tmp_path, capsys):
    words = ["bench", "--problems", "Nguyen-1", "--backend", "dask"]
    words += ["--address", "tcp://127.0.0.1:9", "--out", str(tmp_path / "r.jsonl")]
    assert main(words) == 2
    found = capsys.readouterr().err
    assert "No Dask scheduler answers at 'tcp://127.0.0.1:9'" in found
    assert len(found.splitlines()) == 1


_CLUSTER = """
import sys, time
sys.modules["snappy"] = None  # the knots' package is not the compression that Dask looks for
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.mark.slow
def test_a_dask_cluster_of_two_workers_does_the_same_work(tmp_path):
    pytest.importorskip("dask")
    (tmp_path / "snappy.py").write_text("raise ImportError\n")
    script = tmp_path / "cluster.py"
    script.write_text(_CLUSTER)
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"}
    runs = [sys.executable, str(script)]
    with subprocess.Popen(
        runs, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as cluster:
        assert cluster.stdout is not None
        address = cluster.stdout.readline().strip()
        problems = _plan(10, budget=Budget(0.5, 20))
        path = tmp_path / "dask.jsonl"
        outcome = _run(problems, path, "treacherous", backend="dask", address=address)
        cluster.communicate("")
    local = tmp_path / "local.jsonl"
    _run(problems, local, "treacherous", jobs=2)
    assert outcome.done == len(problems)
    assert _untimed(path) == _untimed(local)


def _untimed(path: Path) -> list[dict]:
    return [{**record.to_data(), "seconds": None} for record in read_results(path).records]


# From end to end -----------------------------------------------------------------------------


@pytest.mark.slow
def test_bench_then_compare(tmp_path, capsys):
    place, out = tmp_path / "mine.toml", tmp_path / "results.jsonl"
    place.write_text(
        '[[problem]]\nname = "wave"\nformula = "sin(pi*x)"\nranges = { x = [-1, 1] }\n'
    )
    words = ["bench", "--problems", str(place), "--kinds", "kan,kan-as-mlp,mlp-tanh,discover"]
    words += ["--limit", "10", "--rows", "300", "--jobs", "2", "--out", str(out), "--quiet"]
    assert main(words) == 0
    assert "7 runs done" in capsys.readouterr().out
    kan, known, form, _, mlp, mlp_known, found = read_results(out).records
    assert known.recovered
    assert known.train_seconds == kan.train_seconds  # one training, two readings
    assert mlp_known.recovered
    assert found.recovered
    assert (found.reading, found.train_seconds) == ("data", 0.0)
    assert kan.recovered
    assert form.recovered
    assert kan.formula == form.formula
    assert kan.parameters is not None
    assert mlp.parameters is not None
    assert abs(mlp.parameters - kan.parameters) < 0.5 * kan.parameters
    assert (kan.gradient_error or 1.0) < 1e-2
    page = tmp_path / "page.html"
    assert main(["compare", str(out), "--out", str(page)]) == 0
    assert "Without noise" in page.read_text()
    header, *rows = out.read_text().splitlines()
    assert json.loads(header)["version"] == 1
    assert all(json.loads(row)["versions"]["kansym"] for row in rows)
    assert Key("wave", "kan", 0, 0.0) == kan.key


def test_the_page_on_a_run_says_what_was_not_recovered_and_why():
    good = Record(
        "A", "mine", "discover", 0, 0.0, "ok", recovered=True, formula="x|y", truth="x",
        network="monomial",
    )  # fmt: skip
    errors = {feynman.FAR: 0.9, feynman.NEAR: 1 - 1e-8}
    missed = [
        replace(good, problem=f"B{i}", recovered=False, r2=r2)
        for i, r2 in enumerate(errors.values())
    ]
    ended = Record(
        "C", "mine", "discover", 0, 0.0, "failed", "no result within 90 s", recovered=False
    )
    records = [good, *missed, ended]
    assert [feynman.cause(each) for each in missed] == list(errors)
    text = feynman.page(records, 60.0, 1000, 2)
    assert "**1 of 4 recovered**" in text
    assert "| A | `x` | yes | no | – | monomial | `x\\|y` |" in text
    assert "| C | – | no | no | – | – | no result within 90 s |" in text
    assert all(text.count(f"| {each} |") == 1 for each in (*errors, feynman.FAILED))


def test_overhead_is_what_is_neither_training_nor_extraction():
    done = Record(
        "A", "mine", "kan", 0, 0.0, "ok", train_seconds=5.0, extract_seconds=3.0, seconds=9.0
    )
    ended = Record("B", "mine", "kan", 0, 0.0, "failed", seconds=10.0)
    found = bench_overhead.overhead([done, ended], 10.0, 2)
    assert (found.whole, found.worked, found.judging, found.rest) == (20.0, 18.0, 1.0, 1.0)
    assert "judging took 5.0 %" in str(found)


def test_problems_are_listed(capsys, tmp_path):
    assert main(["problems"]) == 0
    assert "feynman" in capsys.readouterr().out
    assert main(["problems", "nguyen"]) == 0
    assert "Nguyen-1    y = x1**3 + x1**2 + x1" in capsys.readouterr().out
    assert main(["problems", "I.12.11"]) == 0
    assert "theta in [1, 5]" in capsys.readouterr().out
    assert main(["problems", "I.12.111"]) == 2
    assert "'I.12.11'" in capsys.readouterr().err
