"""Published protocols: their rows and noise, their rules, and the page beside published figures."""

import numpy as np
import pytest
import sympy

from kansym.cli import main
from kansym.documents.formats import FORMATS
from kansym.problems import load_problem
from kansym.shared.errors import InputError
from kansym.studies.bench import Budget, Record
from kansym.studies.bench.judging import judge
from kansym.studies.bench.protocols import load_protocol, rows_of
from kansym.studies.bench.runs import Run
from kansym.studies.comparison.protocol_page import protocol_document
from kansym.symbolic.formulas.parsing import parse

NAMES = ("srbench", "fastsrb", "srsd")


@pytest.mark.parametrize(("name", "problems"), [("srbench", 130), ("fastsrb", 117), ("srsd", 120)])
def test_problems_are_those_that_are_judged(name, problems):
    assert len(load_protocol(name).problems()) == problems


def test_an_unknown_protocol_gets_the_nearest_name():
    with pytest.raises(InputError, match="did you mean 'srbench'"):
        load_protocol("srbnech")


def test_noise_of_srbench_is_of_the_root_mean_square_of_the_targets_to_learn_from():
    protocol, problem = load_protocol("srbench"), load_problem("I.12.1")
    clean, noisy = (protocol.draw(problem, 5000, 0, noise) for noise in (0.0, 0.1))
    found = np.std(noisy.y - clean.y) / np.sqrt(np.mean(clean.y**2))
    np.testing.assert_allclose(found, 0.1, rtol=0.05)
    np.testing.assert_array_equal(clean.y_unused, noisy.y_unused)


def test_rows_are_as_published_or_fewer():
    few, many = (Budget(1.0, rows, protocol="fastsrb") for rows in (50, 10_000))
    problem = load_problem("fastsrb-I.12.1")
    drawn = [
        rows_of(Run(problem, "discover", 0, 0.0, each, reading="data")) for each in (few, many)
    ]
    assert [(len(rows.X), len(rows.X_unused)) for rows in drawn] == [(50, 200), (200, 200)]


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_accepts_the_truth_and_nothing_else(name):
    protocol = load_protocol(name)
    for problem in protocol.problems()[::25]:
        rows = protocol.draw(problem, 50, 0, 0.0)
        truth = problem.truth
        assert truth is not None
        first = sympy.Symbol(problem.inputs[0])
        assert judge(problem, truth, rows, rule=protocol.rule).strict
        assert not judge(problem, truth * (1.5 + first), rows, rule=protocol.rule).strict


@pytest.mark.parametrize(
    ("text", "solved"),
    [
        ("1.0004*mu*Nn", True),  # 1.00 after rounding
        ("1.01*mu*Nn", True),  # a constant factor
        ("mu*Nn + 2", True),  # a constant apart
        ("mu*Nn + 0.00005*mu", True),  # below 1e-4
        ("mu*Nn + 0.02*mu", False),
        ("mu**1.01*Nn", False),
        ("-mu*Nn", False),  # a constant factor, but R² below 0.5
    ],
)
def test_the_rule_of_srbench_is_as_published(text, solved):
    problem = load_problem("I.12.1")
    rows = load_protocol("srbench").draw(problem, 50, 0, 0.0)
    assert judge(problem, parse(text), rows).strict is solved


@pytest.mark.parametrize(
    ("text", "solved"),
    [
        ("v2*v1", True),
        ("v1*v2 + 1e-13", False),  # a constant too many
        ("1.000001*v1*v2", False),  # beyond 1e-8
        ("v1*v2*(sin(v1)**2 + cos(v1)**2)", False),  # the same value, too long
    ],
)
def test_the_rule_of_fastsrb_is_by_value_and_size(text, solved):
    problem = load_problem("fastsrb-I.12.1")
    rows = load_protocol("fastsrb").draw(problem, 200, 0, 0.0)
    assert judge(problem, parse(text), rows, rule="fastsrb").strict is solved


def test_noise_is_refitted_by_our_rule_and_not_by_the_published_one():
    problem, protocol = load_problem("I.12.1"), load_protocol("srbench")
    rows = protocol.draw(problem, 50, 0, 0.1)
    found = judge(problem, parse("mu**1.01*Nn"), rows, 0.1)
    assert (found.recovered, found.strict) == (True, False)


def test_the_page_sets_both_rules_beside_published_figures_and_says_what_differs():
    names = [problem.name for problem in load_protocol("srbench").problems()[:4]]
    records = [
        Record(
            name, "feynman", "discover", 0, 0.0, "ok", recovered=True, strict=i < 2, reading="data"
        )
        for i, name in enumerate(names)
    ]
    page = protocol_document(load_protocol("srbench"), records, Budget(60.0, 500), 2)
    text = FORMATS["md"](page)
    assert "| PySR | 4800 s, 6 processes | no | 63.2 % |" in text
    assert "50 %" in text
    assert "100 %" in text
    assert "500 rows to learn from, where the protocol has 10000" in text
    assert "4 of the 130 problems were run" in text


@pytest.mark.slow
def test_the_command_runs_a_part_of_a_protocol(tmp_path, capsys):
    out, page = tmp_path / "r.jsonl", tmp_path / "page.html"
    words = ["bench", "--protocol", "fastsrb", "--problems", "fastsrb-I.12.1,I.12.11"]
    words += ["--limit", "5", "--out", str(out), "--page", str(page), "--quiet"]
    assert main(words) == 0
    assert "1 runs done" in capsys.readouterr().out  # the other problem is not of the protocol
    assert "TiSR" in page.read_text()
    assert main(["bench", "--problems", "I.12.11", "--page", str(page)]) == 2
    assert "--protocol" in capsys.readouterr().err
    assert main([*words[:1], "--protocol", "srbench", "--out", str(out)]) == 2
    assert "made with" in capsys.readouterr().err
