"""What cannot be used is refused at once, in one sentence that says what to do."""

import numpy as np
import pytest
import sympy

from kansym import KAN, Candidate, Extraction, Formula, equivalent, extract, fit_edge, train
from kansym import report as write_report
from kansym.cli import main
from kansym.shared.errors import InputError
from tests.planted_models import exp_sin
from tests.planted_results import planted_result

X = np.linspace(-1, 1, 60)[:, None] * [1.0, -0.5]

SETTINGS = {
    "budget": [0, -1.0, float("nan"), float("inf"), "fast", None, True],
    "accuracy": [-1.0, "high", float("nan")],
    "tolerance": ["x", 2.0],
    "held_out": ["x", 1.0],
    "seed": [-1, "a", 0.5],
    "constants": ["c", ["no such constant"]],
    "library": [None, 3, []],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in SETTINGS.items() for v in vs])
def test_settings_of_an_extraction(name, value):
    with pytest.raises(InputError, match=r"^[^\n]+: (give|see) [^\n]+\.$"):
        extract(exp_sin(), progress=False, **{name: value})


REFUSED = {
    "domain of a candidate": lambda: Candidate("f", "x", domain="somewhere"),
    "library of a fit": lambda: fit_edge(X[:, 0], X[:, 0] ** 2, "sin"),
    "text as a template": lambda: Formula("x + 1", ("x",)),
    "formula of no text": lambda: Formula.from_json(None),
    "result of no text": lambda: Extraction.from_json(None),
    "report on a number": lambda: write_report(3, "out.html"),
    "swapped range": lambda: equivalent("x", "x", ranges={"x": (1, 0)}),
    "range of one number": lambda: equivalent("x", "x", ranges={"x": 3}),
    "constants without values": lambda: KAN.from_expression("a*x", constants=["a"]),
    "domain of no numbers": lambda: KAN([1, 1], domain="a"),
    "seed of a training": lambda: train(KAN([2, 1]), X, X[:, 0] ** 2, seed=-1, progress=False),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used(name):
    with pytest.raises(InputError, match=r"^[^\n]+\.$"):
        REFUSED[name]()


@pytest.mark.parametrize("name", ["1 bad", "class", "int", "", None, "a.b", "f()"])
@pytest.mark.parametrize("language", ["python", "c"])
def test_names_of_exported_functions(name, language):
    formula = Formula(sympy.sin(sympy.Symbol("x")), ("x",))
    with pytest.raises(InputError, match="cannot name a function: give letters"):
        getattr(formula, language)(name)
    assert " wave(" in getattr(formula, language)("wave")


@pytest.mark.parametrize("given", [["sin"], "x1 -> y=sin", [("x1 -> y", "sin", 3)]])
def test_choices_that_are_no_pairs(given):
    with pytest.raises(InputError, match="give pairs of an edge and a function"):
        planted_result().choose_again(fix=given)


def test_a_function_both_fixed_and_forbidden():
    result = planted_result()
    pair = [(0, "sin")]
    with pytest.raises(InputError, match="both fixed and forbidden"):
        result.choose_again(fix=pair, forbid=pair)


@pytest.mark.parametrize("words", [["--seed", "-1"], ["--seed", "x"], ["--budget", "inf"]])
def test_the_command_line(words, tmp_path, capsys):
    table = tmp_path / "t.csv"
    table.write_text("a,y\n" + "".join(f"{i},{i * i}\n" for i in range(50)))
    with pytest.raises(SystemExit) as stopped:
        main(["fit", str(table), "--target", "y", *words])
    assert stopped.value.code == 2
    assert f"argument {words[0]}: '{words[1]}' is not a" in capsys.readouterr().err
