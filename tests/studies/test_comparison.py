"""The comparison: its figures against outside oracles, its words against its figures."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scipy import stats

from kansym.cli import main
from kansym.documents.formats import FORMATS
from kansym.shared.errors import InputError
from kansym.studies.bench import Record, ResultsFile
from kansym.studies.comparison.comparison import Comparison, compare
from kansym.studies.comparison.page import comparison_document
from kansym.studies.intervals import mean_over_problems, median_over_problems


def record(problem: str, kind: str, seed: int, recovered: bool | None, **figures) -> Record:
    usual = {
        "r2": 1.0, "network_r2": 1 - 1e-8, "fidelity": 1 - 1e-8, "gradient_error": 1e-3,
        "complexity": 50.0, "parameters": 40, "train_seconds": 2.0, "extract_seconds": 1.0,
        "form": "c*x",
    }  # fmt: skip
    return Record(problem, "mine", kind, seed, 0.0, "ok", recovered=recovered, **usual | figures)


def planted(problems: int, seeds: int, rates: dict[str, float], seed: int = 0) -> list[Record]:
    """Records of kinds that recover a known share of problems, whatever the seed."""
    rng = np.random.default_rng(seed)
    return [
        record(f"P{problem}", kind, s, bool(luck < rate))
        for problem in range(problems)
        for luck in [rng.uniform()]
        for kind, rate in rates.items()
        for s in range(seeds)
    ]


# Intervals -----------------------------------------------------------------------------------


def test_the_bootstrap_of_a_mean_agrees_with_the_normal_interval():
    values = np.random.default_rng(1).normal(size=400)
    found = mean_over_problems({str(i): [value] for i, value in enumerate(values)})
    assert found is not None
    half = 1.96 * values.std() / 20
    np.testing.assert_allclose(
        [found.low, found.high], [values.mean() - half, values.mean() + half], atol=0.02
    )


def test_seeds_of_one_problem_do_not_narrow_the_interval():
    """Ten copies of every run are no new evidence."""
    values = {str(i): [float(i % 3 == 0)] for i in range(30)}
    once = mean_over_problems(values, bounds=(0, 1))
    often = mean_over_problems({key: run * 10 for key, run in values.items()}, bounds=(0, 1))
    assert once is not None
    assert often is not None
    assert (once.low, once.high) == (often.low, often.high)
    assert often.runs == 300


@pytest.mark.parametrize("outcome", [0.0, 1.0])
@pytest.mark.parametrize("problems", [1, 5, 40])
def test_unanimous_shares_get_the_exact_interval(outcome, problems):
    found = mean_over_problems({str(i): [outcome] for i in range(problems)}, bounds=(0, 1))
    exact = stats.binomtest(int(outcome * problems), problems).proportion_ci(method="exact")
    assert found is not None
    np.testing.assert_allclose([found.low, found.high], [exact.low, exact.high], atol=1e-12)


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng, covered = np.random.default_rng(2), 0
    for trial in range(300):
        wins = rng.uniform(size=60) < 0.4
        found = mean_over_problems({str(i): [float(w)] for i, w in enumerate(wins)}, seed=trial)
        assert found is not None
        covered += found.low <= 0.4 <= found.high
    assert 0.90 < covered / 300 < 0.99


@given(st.lists(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4), min_size=1, max_size=20))
@settings(max_examples=25)
def test_intervals_hold_their_figure_apart_from_rounding(values):
    table = {str(i): runs for i, runs in enumerate(values)}
    for found in (mean_over_problems(table), median_over_problems(table)):
        assert found is not None
        slack = 1e-9 * (1 + abs(found.value))
        assert min(map(min, values)) - slack <= found.low <= found.high
        assert found.high <= max(map(max, values)) + slack


def test_nothing_gives_no_interval():
    assert mean_over_problems({}) is None
    assert median_over_problems({"P": []}) is None


# Figures -------------------------------------------------------------------------------------


def test_a_clear_difference_is_found_and_its_sign_is_right():
    found = compare(planted(60, 2, {"kan": 0.7, "mlp-silu": 0.2}))
    (pair,) = found.pairs
    assert (pair.first, pair.second) == ("kan", "mlp-silu")
    assert pair.recovery is not None
    assert pair.recovery.low > 0
    assert pair.only_second == 0
    assert pair.both + pair.only_first + pair.neither == 120
    assert any(words.startswith("kan recovers more than mlp-silu") for words in found.verdict)
    other = compare(planted(60, 2, {"kan": 0.2, "mlp-silu": 0.7}))
    assert any(words.startswith("mlp-silu recovers more than kan") for words in other.verdict)


def test_no_difference_is_not_talked_up():
    rng = np.random.default_rng(3)
    records = [
        record(f"P{i}", kind, 0, bool(rng.uniform() < 0.5))
        for i, kind in product(range(20), ["kan", "mlp-silu"])
    ]
    (pair,) = compare(records).pairs
    assert pair.recovery is not None
    assert not pair.recovery.excludes_zero
    assert any("cannot be told" in words for words in compare(records).verdict)


def test_few_problems_never_decide():
    found = compare(planted(3, 9, {"kan": 1.0, "mlp-silu": 0.0}))
    assert not any("recovers more than" in words for words in found.verdict)


def test_the_same_outcomes_are_called_the_same():
    found = compare(planted(10, 1, {"kan": 0.5, "kan-as-mlp": 0.5}))
    assert any("recovered exactly the same runs" in words for words in found.verdict)


def test_pairs_are_runs_of_the_same_problem_and_seed():
    records = [record("P", "kan", 0, True), record("P", "mlp-silu", 1, False)]
    assert compare(records).pairs == ()
    records += [record("P", "mlp-silu", 0, True)]
    (pair,) = compare(records).pairs
    assert (pair.both, pair.only_first) == (1, 0)


def test_complexity_is_compared_at_equal_fidelity_only():
    records = []
    for i in range(8):
        records += [record(f"P{i}", "kan", 0, True, complexity=40.0)]
        records += [record(f"P{i}", "mlp-silu", 0, False, complexity=140.0)]
        records += [record(f"Q{i}", "kan", 0, True, complexity=40.0)]
        records += [record(f"Q{i}", "mlp-silu", 0, False, complexity=5.0, r2=0.5)]
    (pair,) = compare(records).pairs
    assert pair.complexity is not None
    assert pair.complexity.value == -100
    assert pair.complexity.problems == 8
    assert any("simpler" in words and "100 bits" in words for words in compare(records).verdict)


def test_gradients_and_times_are_ratios():
    records = []
    for i in range(8):
        records += [record(f"P{i}", "kan", 0, True, gradient_error=1e-4, train_seconds=29.0)]
        records += [record(f"P{i}", "mlp-silu", 0, True, gradient_error=1e-2)]
    (pair,) = compare(records).pairs
    assert pair.gradient is not None
    assert pair.seconds is not None
    np.testing.assert_allclose([pair.gradient.value, pair.seconds.value], [-2.0, 1.0])
    words = " ".join(compare(records).verdict)
    assert "nearer to the truth than those of mlp-silu, by a factor of 100" in words
    assert "kan takes more time than mlp-silu, by a factor of 10" in words


def test_stability_is_the_share_of_pairs_of_seeds_that_agree():
    forms = ["a", "a", "b"]
    records = [record("P", "kan", seed, True, form=form) for seed, form in enumerate(forms)]
    (kind,) = compare(records).kinds
    assert kind.stable is not None
    np.testing.assert_allclose(kind.stable.value, 1 / 3)
    (kind,) = compare(records[:1]).kinds
    assert kind.stable is None


def test_failed_runs_count_as_not_recovered():
    records = [record("P", "kan", 0, True)]
    records += [Record("Q", "mine", "kan", 0, 0.0, "failed", "hung", recovered=False)]
    (kind,) = compare(records).kinds
    assert kind.recovered is not None
    assert (kind.recovered.value, kind.failed) == (0.5, 1)
    assert "1 of 2 runs failed" in compare(records).verdict[-1]


def test_problems_without_a_formula_do_not_count_in_recovery():
    found = compare([record("P", "kan", 0, None), record("Q", "kan", 0, True)])
    assert found.kinds[0].recovered is not None
    assert found.kinds[0].recovered.problems == 1
    none = compare([record("P", "kan", 0, None)])
    assert "cannot be judged" in none.verdict[0]


# Readings ------------------------------------------------------------------------------------


def both(written: dict[str, float], known: dict[str, float], problems: int = 60) -> Comparison:
    """Kinds whose formula is written, and known, on given shares of problems."""
    found = [replace(r, reading="function") for r in planted(problems, 1, known)]
    return compare([*planted(problems, 1, written), *found])


def test_two_questions_have_answers_of_their_own():
    found = both({"kan": 0.8, "mlp-tanh": 0.0}, {"kan": 0.8, "mlp-tanh": 0.8})
    assert found.readings == ("weights", "function")
    shares = {(k.kind, k.reading): k.recovered.value for k in found.kinds if k.recovered}
    assert shares["mlp-tanh", "weights"] == 0.0
    assert shares["mlp-tanh", "function"] == shares["kan", "function"] > 0.6
    words = found.verdict
    assert any(w.startswith("Is it written there? Without noise") for w in words)
    assert any(w.startswith("Does it know it? Without noise") for w in words)
    assert any(w.startswith("kan recovers more than mlp-tanh by weights") for w in words)
    assert any(w.startswith("kan and mlp-tanh recovered exactly the same") for w in words)
    assert any("is written in kan more often, and known to neither more often" in w for w in words)
    assert any(w.startswith("mlp-tanh by function recovers more than mlp-tanh by") for w in words)


@pytest.mark.parametrize(
    ("written", "known", "said"),
    [
        (0.8, 0.8, "written in kan more often, and known to kan more often"),
        (0.8, -0.8, "written in kan more often, and known to mlp-tanh more often"),
        (-0.8, 0.0, "written in mlp-tanh more often, and known to neither more often"),
        (0.0, 0.0, "written in neither more often as far as these runs tell, and known to neither"),
    ],
)
def test_the_verdict_follows_from_the_numbers(written, known, said):
    def rates(apart: float) -> dict[str, float]:
        return {"kan": 0.1 + max(apart, 0.0), "mlp-tanh": 0.1 + max(-apart, 0.0)}

    (words,) = [w for w in both(rates(written), rates(known)).verdict if "Both questions" in w]
    assert said in words
    few = both(rates(written), rates(known), problems=4)
    assert any("written in neither" in w and "known to neither" in w for w in few.verdict)


def test_a_search_without_a_network_is_paired_with_every_reading():
    records = [record(f"P{i}", "kan", 0, True) for i in range(6)]
    known = [replace(r, reading="function") for r in records]
    searched = [replace(r, kind="discover", reading="data", recovered=False) for r in records]
    pairs = compare([*records, *known, *searched]).pairs
    assert [(p.second, p.reading) for p in pairs] == [
        ("discover", "weights"), ("discover", "function"), ("kan by weights", "")
    ]  # fmt: skip
    assert [p.only_first for p in pairs] == [6, 6, 0]


def test_networks_that_have_not_learnt_the_law_are_told_apart():
    good = [record(f"P{i}", "mlp-tanh", 0, True) for i in range(4)]
    bad = [record(f"Q{i}", "mlp-tanh", 0, False, network_r2=0.99) for i in range(4)]
    (kind,) = compare([*good, *bad]).kinds
    assert kind.recovered is not None
    assert kind.where_learnt is not None
    assert (kind.recovered.value, kind.where_learnt.value) == (0.5, 1.0)


# Input ---------------------------------------------------------------------------------------


def test_sizes_are_told_by_what_they_were_chosen_by():
    kan = record("P", "kan", 0, True, validation=1e-3)
    few = record("P", "mlp-relu", 0, True, validation=1.0, equal="parameters")
    near = record("P", "mlp-silu", 0, True, validation=1.9e-3, equal="accuracy")
    far = record("P", "mlp-tanh", 0, True, validation=2.1e-3, equal="accuracy")
    unknown = record("Q", "mlp-tanh", 0, True, validation=1e-9, equal="accuracy")
    found = compare([kan, few, near, far, unknown])
    assert (found.sizes.parameters, found.sizes.accuracy, found.sizes.reached) == (1, 3, 1)
    assert any("1 of 3 runs came to that" in words for words in found.verdict)
    assert not any("widened" in words for words in compare([kan, few]).verdict)
    for records, words in (
        ([kan, few], "about as many parameters as the KAN."),
        ([kan, near], "time; each MLP was widened until"),
        ([kan, few, near], "or each MLP was widened until"),
    ):
        assert words in FORMATS["md"](comparison_document(compare(records)))


def test_bad_input_is_one_sentence():
    with pytest.raises(InputError, match="no results"):
        compare([])
    with pytest.raises(InputError, match="did you mean 'mlp-silu'"):
        compare(planted(2, 1, {"kan": 1.0, "mlp-silu": 0.0}), reference="mlp-sillu")
    with pytest.raises(InputError, match="twice with different outcomes"):
        compare([record("P", "kan", 0, True), record("P", "kan", 0, False)])


def test_several_files_are_compared_together(tmp_path):
    for kind, rate in (("kan", 0.8), ("peer-operon", 0.3)):
        with ResultsFile(tmp_path / f"{kind}.jsonl", {"limit": 1.0, "rows": 10}) as file:
            file.append(planted(10, 1, {kind: rate}))
    found = compare([tmp_path / "kan.jsonl", tmp_path / "peer-operon.jsonl"])
    assert [pair.second for pair in found.pairs] == ["peer-operon"]


# Pages ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many() -> Comparison:
    records = planted(12, 2, {"kan": 0.7, "<b>evil_&": 0.4, "mlp-silu": 0.2})
    noisy = [replace(r, noise=0.01) for r in records if r.seed == 0]
    failed = [Record("Z", "mine", "kan", 0, 0.0, "failed", "no <result>", recovered=False)]
    known = [replace(r, reading="function") for r in records]
    return compare([*records, *noisy, *failed, *known])


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_pages_hold_the_verdict_and_escape_names(many, format):
    page = FORMATS[format](comparison_document(many, "Title"))
    assert "Title" in page
    assert "With noise of 1" in page
    assert "Does it know it?" in page
    assert "Known beyond what is written?" in page
    assert "no <result>" not in page or format != "html"
    assert "<b>evil" not in page


def test_the_notebook_and_the_terminal_show_it(many):
    assert "<table" in many._repr_html_()
    text = str(many)
    assert text.splitlines()[0].startswith("kind")
    assert all(words in text for words in many.verdict)


def test_the_command_writes_the_page(tmp_path, capsys):
    path = tmp_path / "r.jsonl"
    with ResultsFile(path, {"limit": 1.0, "rows": 10}) as file:
        file.append(planted(10, 1, {"kan": 0.8, "mlp-silu": 0.3}))
    for ending in ("html", "md", "tex"):
        assert main(["compare", str(path), "--out", str(tmp_path / f"c.{ending}")]) == 0
        assert (tmp_path / f"c.{ending}").stat().st_size > 1000
    assert "kan" in capsys.readouterr().out
    assert main(["compare", str(path), "--reference", "kam"]) == 2
    assert "did you mean 'kan'" in capsys.readouterr().err
    assert main(["compare", str(tmp_path / "no.jsonl")]) == 2
    assert main(["compare", str(path), "--out", str(tmp_path / "c.docx")]) == 2


def test_the_picture_of_a_comparison_has_a_row_for_every_kind():
    runs = [("kan", 0, True), ("kan", 1, True), ("mlp-silu", 0, False), ("mlp-silu", 1, True)]
    found = compare([Record("P", "mine", k, s, 0.0, "ok", recovered=r) for k, s, r in runs])
    ax = Figure().add_subplot()
    assert found.plot(ax) is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == ["kan", "mlp-silu"]
    shares = [np.asarray(line.get_xdata())[0] for line in ax.lines if line.get_marker() == "o"]
    assert shares == [1.0, 0.5]
    with pytest.raises(InputError, match=r"at noise 0\.3"):
        found.plot(noise=0.3)
