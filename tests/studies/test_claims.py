"""Claims: the noun, the runner that resumes, every claim in small, and the page."""

import json
import math
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from torch import nn

from kansym.cli import main
from kansym.documents.charts import SYMBOL
from kansym.documents.formats import write_document
from kansym.documents.pictures import Picture
from kansym.neural.models.kan import KAN
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from kansym.shared.errors import InputError
from kansym.studies.claims import (
    CLAIMS,
    Claim,
    ClaimResult,
    ClaimsReport,
    Effort,
    Estimate,
    Plot,
    Ruling,
    Verdict,
    c5_stability,
    c7_scaling,
    c9_interpretability,
    chosen_claims,
    claims_document,
    run_claims,
    runner,
)
from kansym.studies.claims.classifying import knots_split
from kansym.studies.claims.estimates import (
    bootstrap,
    geometric_mean,
    mean,
    proportion,
    slope,
    times,
)
from kansym.studies.claims.finished_pieces import FinishedPieces, key_of
from kansym.studies.claims.fitting import dense
from kansym.studies.claims.kan_layouts import (
    direction_groups,
    direction_penalty,
    same_layout,
    widened,
)
from kansym.studies.claims.plots import MLP_COLOUR, Strip, strips_plot

EXACT = ("C1", "C2", "C3", "C6")
LONG = ("C8", "C9", "C11", "C12", "C13")


# Every claim in small ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "identifier",
    [pytest.param(c, marks=pytest.mark.slow) if c in LONG else c for c in CLAIMS],
)
def test_every_claim_runs_and_is_judged(identifier):
    report = run_claims([CLAIMS[identifier]], effort=Effort.TRIAL, jobs=1, progress=False)
    result = report[identifier]
    assert not result.failures
    assert result.ruling.figures
    for figure in result.ruling.figures:
        assert math.isfinite(figure.value)
        if figure.low is not None and figure.high is not None:
            assert figure.low <= figure.value <= figure.high or "spread" in figure.name
    assert identifier in str(report)


def test_the_claims_that_algebra_decides():
    report = run_claims(chosen_claims(EXACT), effort=Effort.TRIAL, jobs=1, progress=False)
    verdicts = [result.ruling.verdict for result in report.results]
    assert verdicts == [Verdict.HOLDS, Verdict.ONLY_IF, Verdict.ONLY_IF, Verdict.ONLY_IF]


def test_the_same_settings_give_the_same_figures():
    settings = CLAIMS["C4"].plan(Effort.TRIAL)[0]
    first, second = (CLAIMS["C4"].measure(dict(settings)) for _ in range(2))
    assert first["size"] == second["size"]
    np.testing.assert_allclose(list(first["error"].values()), list(second["error"].values()))


def test_settings_and_figures_are_json():
    for claim in CLAIMS.values():
        for effort in Effort:
            plan = claim.plan(effort)
            assert json.loads(json.dumps(plan)) == plan
            assert len({json.dumps(s, sort_keys=True) for s in plan}) == len(plan)


def test_global_random_numbers_are_left_alone():
    def numpy_state() -> np.ndarray:
        return np.random.get_state(legacy=False)["state"]["key"]  # noqa: NPY002 - only looked at

    state, rows = torch.random.get_rng_state(), numpy_state()
    run_claims(chosen_claims(["C3", "C4"]), effort=Effort.TRIAL, jobs=1, progress=False)
    torch.testing.assert_close(torch.random.get_rng_state(), state)
    np.testing.assert_array_equal(numpy_state(), rows)


@pytest.mark.slow
def test_the_quick_command_in_two_processes(tmp_path, capsys):
    page = tmp_path / "claims.html"
    assert main(["claims", "--quick", "--out", str(page), "--quiet"]) == 0
    found = capsys.readouterr().out
    for identifier in CLAIMS:
        assert f"{identifier} " in found
    assert "gave no figures" not in page.read_text(encoding="utf-8")


def test_the_claim_in_the_documentation_runs(tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "reference" / "claims.md").read_text()
    (source,) = re.findall(r"```python\n(\"\"\"C11.*?)```", page, re.DOTALL)
    place = tmp_path / "c11_linear.py"
    place.write_text(source)
    spec = spec_from_file_location(place.stem, place)
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(module := module_from_spec(spec))
    claim = module.CLAIM
    monkeypatch.setitem(runner.CLAIMS, claim.identifier, claim)
    report = run_claims([claim], effort=Effort.TRIAL, jobs=1, progress=False)
    assert report["C11"].ruling.verdict is Verdict.HOLDS
    assert "<svg " in write_document(claims_document(report), tmp_path / "p.html").read_text()


# Verdicts follow from figures -----------------------------------------------------------------


def _instability(ratio: float) -> list[dict]:
    """Rows of C5 in which a KAN's errors spread so many times as wide as an MLP's."""
    rng = np.random.default_rng(0)
    rows = []
    for optimiser in ("lm", "lbfgs", "adam"):
        for seed, z in enumerate(rng.normal(size=20)):
            mlp, kan = 0.01 * 10 ** (0.1 * z), 0.01 * 10 ** (0.1 * ratio * z)
            error = {"kan-3": kan, "kan-1": kan, "tanh": mlp, "relu": mlp}
            rows.append(
                {"problem": "p", "optimiser": optimiser, "seed": seed, "steps": 1, "error": error}
            )
    return rows


def test_instability_is_judged_by_the_ratio_of_spreads():
    assert c5_stability.CLAIM.judge(_instability(3.0)).verdict is Verdict.HOLDS
    assert c5_stability.CLAIM.judge(_instability(1.0)).verdict is Verdict.DOES_NOT_HOLD
    mixed = [row for row in _instability(3.0) if row["optimiser"] == "adam"]
    mixed += [row for row in _instability(0.5) if row["optimiser"] != "adam"]
    judgement = c5_stability.CLAIM.judge(mixed)
    assert judgement.verdict is Verdict.ONLY_IF
    assert "Adam" in judgement.condition
    assert "Levenberg" not in judgement.condition


def _scaling(right: float, generic: float) -> list[dict]:
    """Rows of C7 with given slopes, an MLP's being -1."""
    sizes = np.array([30.0, 60.0, 120.0])

    def curve(power: float, seed: int) -> list[list[float]]:
        return np.stack([sizes, (1 + 0.01 * seed) * sizes ** (power + 0.01 * seed)], 1).tolist()

    return [
        {
            "problem": "p",
            "seed": seed,
            "right": curve(right, seed),
            "generic": curve(generic, -seed),
            "tanh": curve(-1.0, 2 * seed),
            "relu": curve(-1.0, seed),
        }
        for seed in range(4)
    ]


def test_scaling_is_judged_by_differences_of_slopes():
    judge = c7_scaling.CLAIM.judge
    assert judge(_scaling(-4.0, -3.0)).verdict is Verdict.HOLDS
    assert judge(_scaling(-0.5, -0.2)).verdict is Verdict.DOES_NOT_HOLD
    only = judge(_scaling(-4.0, -0.5))
    assert only.verdict is Verdict.ONLY_IF
    assert "shape of the formula" in only.condition


def _recovery(kan: bool, rewritten: bool, mlp: bool, known: bool) -> list[dict]:
    """Runs in which the KAN knows its formula, and each network shows its own or not."""

    def run(shown: bool, knows: bool) -> dict:
        figures = {
            "network error": 0.1, "formula error": 0.1, "complexity": 9.0, "formula": "x1",
            "training (s)": 1.0, "reading (s)": 1.0,
        }  # fmt: skip
        return {
            "weights": {"recovered": shown, **figures},
            "function": {"recovered": knows, **figures},
        }

    found = {
        "kan-dense": run(kan, True),
        "kan-dense-as-mlp": run(rewritten, True),
        "mlp-tanh": run(mlp, known),
        "mlp-relu": run(mlp, known),
    }
    return [{"problem": f"p{i}", "seed": 0, "found": found} for i in range(12)]


def test_interpretability_is_judged_by_paired_recovery():
    judge = c9_interpretability.CLAIM.judge
    assert judge(_recovery(True, False, False, False)).verdict is Verdict.HOLDS
    trained = judge(_recovery(True, True, False, False))
    assert trained.verdict is Verdict.ONLY_IF
    assert trained.condition.startswith("KAN means how")
    assert "asked for what it computes" not in trained.condition
    known = judge(_recovery(True, False, False, True))
    assert known.verdict is Verdict.ONLY_IF
    assert known.condition.startswith("interpretable means that the formula is seen")
    assert "; and interpretable" in judge(_recovery(True, True, False, True)).condition
    assert judge(_recovery(True, True, True, True)).verdict is Verdict.DOES_NOT_HOLD


def _readings(problems: int, seeds: int, **kinds: dict[str, object]) -> list[dict]:
    """Runs that all give the same figures, of each kind and reading as asked."""
    usual = {
        "network error": 0.1, "formula error": 0.1, "complexity": 9.0, "formula": "x1",
        "form": "c*x1", "training (s)": 1.0, "reading (s)": 1.0, "size": 10, "recovered": True,
    }  # fmt: skip
    found = {
        kind.replace("_", "-"): dict.fromkeys(("weights", "function"), usual | own)
        for kind, own in kinds.items()
    }
    return [
        {"problem": f"p{i}", "seed": seed, "found": found}
        for i in range(problems)
        for seed in range(seeds)
    ]


def test_knowledge_needs_enough_problems_to_call_it_equal():
    judge = CLAIMS["C11"].judge
    yes, no = {"recovered": True}, {"recovered": False}
    alike = _readings(60, 1, kan_dense=yes, mlp_tanh=yes, mlp_silu=no)
    assert judge(alike).verdict is Verdict.HOLDS
    assert judge(alike[:10]).verdict is Verdict.UNDECIDED
    more = _readings(10, 1, kan_dense=yes, mlp_tanh=no, mlp_silu=no)
    assert judge(more).verdict is Verdict.DOES_NOT_HOLD
    less = _readings(10, 1, kan_dense=no, mlp_tanh=yes, mlp_silu=yes)
    assert judge(less).verdict is Verdict.HOLDS


def test_formulas_are_stable_where_seeds_agree():
    judge = CLAIMS["C12"].judge
    same = _readings(10, 2, kan_dense={}, mlp_tanh={})
    assert judge(same).verdict is Verdict.HOLDS
    assert judge(_readings(10, 1, kan_dense={})).verdict is Verdict.UNDECIDED
    other = [json.loads(json.dumps(row)) for row in same]
    for row in other:
        row["found"]["kan-dense"]["weights"]["form"] = f"c*x1**{row['seed'] + 2}"
    assert judge(other).verdict is Verdict.DOES_NOT_HOLD
    assert "steadier" in judge(other).remarks[0]
    for row in other:
        row["found"]["kan-dense"]["weights"]["form"] = None
    assert judge(other).verdict is Verdict.DOES_NOT_HOLD, "no formula agrees with no formula"


def test_the_cost_of_a_law_counts_the_runs_that_found_none():
    judge = CLAIMS["C13"].judge
    slow, lost = {"training (s)": 9.0}, {"recovered": False}
    assert judge(_readings(9, 1, kan_dense={}, mlp_tanh=slow)).verdict is Verdict.HOLDS
    assert judge(_readings(9, 1, kan_dense=slow, mlp_tanh={})).verdict is Verdict.DOES_NOT_HOLD
    assert judge(_readings(9, 1, kan_dense={}, mlp_tanh=lost)).verdict is Verdict.HOLDS
    assert judge(_readings(9, 1, kan_dense=lost, mlp_tanh=lost)).verdict is Verdict.UNDECIDED
    half = _readings(8, 1, kan_dense={}, mlp_tanh={})
    for row in half[::2]:
        read = {one: own | lost for one, own in row["found"]["kan-dense"].items()}
        row["found"] = row["found"] | {"kan-dense": read}
    spent = {one.name: one.value for one in judge(half).figures if "Seconds" in one.group}
    assert spent["KAN, by weights"] == 2 * spent["tanh MLP of its size, by weights"]


def test_claims_on_the_same_runs_share_them():
    chosen = chosen_claims(["C9", "C11", "C12", "C13"])
    assert len({json.dumps(claim.plan(Effort.TRIAL)) for claim in chosen}) == 1
    assert len({key_of(claim, {"seed": 0}) for claim in chosen}) == 1


# Plots ------------------------------------------------------------------------------------------


def _points(line: Line2D) -> np.ndarray:
    return np.asarray(line.get_xydata())


def _dots(drawn: Axes) -> list[Line2D]:
    """Lines of dots alone; those of the legend have none."""
    return [line for line in drawn.get_lines() if line.get_marker() == "o" and _points(line).size]


def _axes(plot: Plot) -> Axes:
    assert isinstance(plot.axes, Axes)
    return plot.axes


def test_every_run_of_the_stability_is_a_dot():
    (plot,) = c5_stability.CLAIM.judge(_instability(3.0)).plots
    lines = _dots(_axes(plot))
    dots = np.concatenate([_points(line) for line in lines])
    assert len(dots) == 3 * 4 * 20
    assert len(np.unique(dots, axis=0)) == len(dots)
    assert {line.get_color() for line in lines} == {SYMBOL, MLP_COLOUR}

    def reach(colour: str) -> float:
        return float(
            np.std([np.log(line.get_xdata()) for line in lines if line.get_color() == colour])
        )

    assert reach(SYMBOL) == pytest.approx(3 * reach(MLP_COLOUR))


@pytest.mark.parametrize("value", [0.0, math.inf, math.nan, 1e300])
def test_runs_that_overflowed_are_drawn_at_the_end(value):
    drawn = strips_plot([("Adam", [Strip("KAN", [0.1, value], True)])], "error", 0.5)
    (line,) = _dots(drawn)
    (left, right), (below, above) = drawn.get_xlim(), drawn.get_ylim()
    assert len(_points(line)) == 2
    assert all(left < x < right and above < y < below for x, y in _points(line))
    assert "nan" not in Picture(drawn).svg("")


def test_a_power_law_lies_on_its_line():
    (plot,) = c7_scaling.CLAIM.judge([_scaling(-4.0, -3.0)[0]]).plots
    drawn = _axes(plot)
    fitted = [line for line in drawn.get_lines() if line.get_marker() == "None"]
    assert [line.get_linestyle() for line in fitted] == ["-", "--", "-", "--"]
    dots = np.log(np.concatenate([_points(line) for line in _dots(drawn)]))
    for line in fitted:
        for end in np.log(_points(line)):
            assert np.hypot(*(dots - end).T).min() < 1e-9
    legend = drawn.get_legend()
    assert legend is not None
    assert [text.get_text().splitlines()[1] for text in legend.get_texts()] == [
        "slope −4", "slope −3", "slope −1", "slope −1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ending", "sign"), [("html", "<svg "), ("md", "data:image/svg"), ("tex", "pgfpicture")]
)
def test_plots_stand_on_the_page_in_every_format(tmp_path, ending, sign):
    claim = c7_scaling.CLAIM
    result = ClaimResult(claim, claim.judge(_scaling(-4.0, -3.0)), 4, (), 1.0)
    report = ClaimsReport((result,), Effort.QUICK, 1.0, 0, {"kansym": "0"})
    text = write_document(claims_document(report), tmp_path / f"p.{ending}").read_text()
    assert sign in text
    assert "a dot per seed and size" in text


# The runner ------------------------------------------------------------------------------------


CALLS: list[int] = []


def _toy(measure) -> Claim:
    """A claim with three pieces."""
    return Claim(
        "C0", "Toy", "Numbers are small.", "a test", "Three numbers.", "Holds if below 3.",
        plan=lambda effort: [{"n": n} for n in range(3)],
        measure=measure,
        judge=lambda rows: Ruling(
            Verdict.HOLDS if all(row["n"] < 3 for row in rows) else Verdict.DOES_NOT_HOLD,
            (mean("n", [row["double"] for row in rows]),),
        ),
    )  # fmt: skip


def _double(settings: dict) -> dict:
    CALLS.append(settings["n"])
    return {"double": 2 * settings["n"]}


@pytest.fixture
def toy(monkeypatch):
    CALLS.clear()
    claim = _toy(_double)
    monkeypatch.setitem(runner.CLAIMS, "C0", claim)
    return claim


def test_finished_pieces_are_not_done_again(toy, tmp_path):
    place = tmp_path / "r.jsonl"
    first = run_claims([toy], results=place, jobs=1, progress=False)
    again = run_claims([toy], results=place, jobs=1, progress=False)
    assert len(CALLS) == 3
    assert (first.reused, again.reused) == (0, 3)
    assert first["C0"].ruling == again["C0"].ruling


def test_an_interrupted_run_goes_on(toy, tmp_path):
    place = tmp_path / "r.jsonl"

    def stop(fraction: float, message: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_claims([toy], results=place, jobs=1, progress=stop)
    report = run_claims([toy], results=place, jobs=1, progress=False)
    assert (len(CALLS), report.reused) == (3, 1)


def test_a_line_cut_short_is_done_again(toy, tmp_path):
    place = tmp_path / "r.jsonl"
    run_claims([toy], results=place, jobs=1, progress=False)
    whole = place.read_text()
    place.write_text(whole[:-20])
    assert run_claims([toy], results=place, jobs=1, progress=False).reused == 2
    assert len([json.loads(line) for line in place.read_text().splitlines()]) == 4


def test_pieces_of_another_version_are_done_again(toy, tmp_path):
    place = tmp_path / "r.jsonl"
    run_claims([toy], results=place, jobs=1, progress=False)
    place.write_text(place.read_text().replace('"kansym": "', '"kansym": "9'))
    assert run_claims([toy], results=place, jobs=1, progress=False).reused == 0


def test_a_foreign_file_is_refused(tmp_path):
    place = tmp_path / "r.jsonl"
    for text in (
        '{"format": "other"}\n',
        "[1, 2]\n",
        "words\nmore\n",
        "words, no end of line",
    ):
        place.write_text(text)
        with pytest.raises(InputError, match="no results file of kansym claims"):
            FinishedPieces(place)
        assert place.read_text() == text


def test_a_failing_piece_stops_no_other(monkeypatch, tmp_path):
    def fails(settings: dict) -> dict:
        if settings["n"] == 1:
            raise ValueError("too odd")
        return {"double": 0}

    claim = _toy(fails)
    monkeypatch.setitem(runner.CLAIMS, "C0", claim)
    report = run_claims([claim], results=tmp_path / "r.jsonl", jobs=1, progress=False)
    assert report["C0"].ruling.verdict is Verdict.HOLDS
    assert len(report["C0"].failures) == 1
    assert "too odd" in report["C0"].failures[0]
    # A failure is tried again, the rest is not.
    assert run_claims([claim], results=tmp_path / "r.jsonl", jobs=1, progress=False).reused == 2
    page = tmp_path / "page.md"
    write_document(claims_document(report), page)
    assert "1 pieces gave no figures" in page.read_text()


def test_nothing_finished_is_not_decided(monkeypatch):
    def fails(settings: dict) -> dict:
        raise ValueError

    claim = _toy(fails)
    monkeypatch.setitem(runner.CLAIMS, "C0", claim)
    report = run_claims([claim], jobs=1, progress=False)
    assert report["C0"].ruling.verdict is Verdict.UNDECIDED


def test_progress_reaches_the_end(toy):
    seen = []
    run_claims([toy], jobs=1, progress=lambda fraction, message: seen.append((fraction, message)))
    assert [fraction for fraction, _ in seen] == pytest.approx([1 / 3, 2 / 3, 1])


# The command -------------------------------------------------------------------------------------


def test_the_command_writes_the_page_and_keeps_the_pieces(tmp_path, capsys):
    page = tmp_path / "claims.html"
    words = ["claims", "--quick", "--only", "C1, c6", "--out", str(page), "--quiet", "--jobs", "1"]
    assert main(words) == 0
    assert "C1 Lines and ReLUs: holds\nC6 Maxout: holds only if" in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert "relu(x - 1)" in text
    assert "95 % interval" in text
    assert len((tmp_path / "claims.jsonl").read_text().splitlines()) == 5


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--only", "C99"], "no claim 'C99'"),
        (["--out", "claims.docx"], ".html, .md or .tex"),
        (["--out", "no/such/folder/claims.html"], "does not exist"),
        (["--results", "no/such/folder/r.jsonl"], "does not exist"),
    ],
)
def test_bad_options(tmp_path, monkeypatch, capsys, words, complaint):
    monkeypatch.chdir(tmp_path)
    assert main(["claims", "--quick", *words]) == 2
    found = capsys.readouterr().err
    assert complaint in found
    assert len(found.splitlines()) == 1


@pytest.mark.parametrize("ending", ["html", "md", "tex"])
def test_the_page_in_every_format(tmp_path, ending):
    report = run_claims(chosen_claims(["C2"]), effort=Effort.TRIAL, jobs=1, progress=False)
    text = write_document(claims_document(report), tmp_path / f"p.{ending}").read_text()
    assert "KAN and MLP, claim by claim" in text
    assert "olds only if the splines are of degree 1" in text


def test_jobs_below_one():
    with pytest.raises(InputError, match="jobs=0"):
        run_claims([], jobs=0)


# Intervals ---------------------------------------------------------------------------------------


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(400):
        figure = mean("x", rng.normal(3.0, 2.0, 6).tolist())
        assert figure.low is not None
        assert figure.high is not None
        hits += figure.low <= 3.0 <= figure.high
    assert 0.92 <= hits / 400 <= 0.98


def test_intervals_of_one_run_are_absent():
    for figure in (
        mean("x", [1.0]),
        geometric_mean("x", [0.1]),
        bootstrap("x", 1, lambda r: r.mean(-1)),
    ):
        assert (figure.low, figure.high) == (None, None)


def test_wilson_never_leaves_the_range():
    none, all_of_them = proportion("p", 0, 5), proportion("p", 5, 5)
    assert none.low == pytest.approx(0, abs=1e-9)
    assert all_of_them.high == pytest.approx(100)
    assert 0 < (none.high or 0) < 60


def test_ratios_are_paired():
    figure = times("r", [2.0, 20.0, 200.0], [1.0, 10.0, 100.0])
    assert (figure.value, figure.low, figure.high) == pytest.approx((2.0, 2.0, 2.0))
    assert slope([10.0, 100.0], [1e-2, 1e-6]) == pytest.approx(-4)


def test_a_figure_says_its_interval():
    assert str(Estimate("x", 1.0, 0.5, 1.5, 3)) == "x: 1 (0.5 to 1.5, 3 runs)"
    assert str(Estimate("x", 1.0)) == "x: 1"


# Knots -------------------------------------------------------------------------------------------


def test_mirror_images_stay_on_the_same_side():
    parts = knots_split(1)
    rows = [{tuple(np.abs(row).round(9)) for row in part.raw} for part in parts]
    sizes = [len(part.label) for part in parts]
    assert sum(sizes) == 5940
    # A knot and its mirror image have the same numbers up to signs.
    assert not rows[0] & rows[2]
    assert not rows[1] & rows[2]
    for part in parts:
        assert abs(float(part.signature.sum())) == 0
        assert int(part.label.min()) >= 0
        assert int(part.label.max()) < 14


# MLPs in the form of a KAN ------------------------------------------------------------------------


@pytest.fixture
def kan():
    return KAN([3, 2, 1], grid=4, degree=1, seed=5)


def test_layouts_have_the_same_widths(kan):
    def widths(model: nn.Sequential) -> list[int]:
        return [layer.out_features for layer in model if isinstance(layer, nn.Linear)]

    form = widths(to_mlp(kan))
    assert widths(same_layout(kan, 1)) == form
    assert widths(widened(kan, 1)) == form


def test_the_layout_from_random_weights_is_another_function(kan):
    x = torch.linspace(-1, 1, 30, dtype=torch.float64).reshape(10, 3)
    with torch.no_grad():
        assert float((same_layout(kan, 1)(x) - kan(x)).abs().max()) > 0.01


def test_groups_of_copies_are_found_after_shuffling_and_scaling(kan):
    form = to_mlp(kan)
    first = next(layer for layer in form if isinstance(layer, nn.Linear))
    order = torch.tensor(np.random.default_rng(0).permutation(first.out_features))
    with torch.no_grad():
        first.weight.copy_(first.weight[order] * torch.linspace(-2, 2, len(order) + 1)[1:, None])
    groups = direction_groups(form, [3, 2])[0]
    sources = first.weight.abs().argmax(1)
    assert sorted(len(group) for group in groups) == [4, 4, 4]
    for group in groups:
        assert len(torch.unique(sources[group])) == 1


def test_the_penalty_is_the_squared_sine():
    first = nn.Linear(2, 2).double()
    model = nn.Sequential(first, nn.ReLU(), nn.Linear(2, 1).double())
    angle = 0.3
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[1.0, 0.0], [-5 * math.cos(angle), -5 * math.sin(angle)]]))
    found = direction_penalty(model, [[[0, 1]]])
    assert float(found.detach()) == pytest.approx(math.sin(angle / 2) ** 2)


def test_the_penalty_pulls_copies_together(kan):
    form = to_mlp(kan)
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for layer in form:
            if isinstance(layer, nn.Linear):
                noise = torch.randn(layer.weight.shape, generator=rng, dtype=torch.float64)
                layer.weight.add_(0.1 * noise)
    groups = direction_groups(form, [3, 2])
    optimiser = torch.optim.SGD(form.parameters(), lr=1.0)
    before = float(direction_penalty(form, groups).detach())
    for _ in range(100):
        optimiser.zero_grad()
        direction_penalty(form, groups).backward()
        optimiser.step()
    assert float(direction_penalty(form, groups).detach()) < 0.1 * before


def test_groups_need_a_size_per_hidden_layer(kan):
    with pytest.raises(InputError, match="2 hidden layers"):
        direction_groups(to_mlp(kan), [3])


def test_dense_networks_have_about_as_many_parameters():
    for grid in (3, 8, 20):
        kan = KAN([2, 4, 1], grid=grid, degree=1)
        mlp = dense(2, kan.n_parameters(), "relu", seed=0)
        size = sum(parameter.numel() for parameter in mlp.parameters())
        assert abs(size - kan.n_parameters()) < 0.15 * kan.n_parameters()
