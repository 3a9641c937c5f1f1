"""Results in JSON with odd values: refused in one sentence, or usable to the end."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kansym.results.report import report
from kansym.results.result import Extraction
from kansym.shared.errors import KansymError
from tests.planted_results import planted_result

ODD = (
    None, True, -1, 1e308, 3.5, 10**400, "x", "nan", "inf", "a" * 500, [], {}, [[]], {"a": 1},
    ["pow", 9.0, ["pow", 9.0, ["pow", 9.0, 9.0]]], ["sin", "x1"], ["gamma", 1e6], ["zeta", -1e5],
    ["exp", ["exp", ["exp", 9.0]]], [1.0, 2.0],
)  # fmt: skip


def places(value: Any, above: tuple = ()) -> Iterator[tuple]:
    """Ways to the values of nested data; of long lists to the first three."""
    if above:
        yield above
    inner = value.items() if isinstance(value, dict) else []
    inner = list(enumerate(value))[:3] if isinstance(value, list) else inner
    for key, part in inner:
        yield from places(part, (*above, key))


def changed(data: Any, place: tuple, value: Any) -> Any:
    data = copy.deepcopy(data)
    part = data
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    return data


def used(result: Extraction, path) -> None:
    """Everything that is asked of a result that was read."""
    for shown in (str, repr, Extraction.front_frame, Extraction.to_json):
        shown(result)
    if result.formulas:
        result.latex()
        result.predict(np.ones((3, len(result.input_names))))
    report(result, path)


@pytest.mark.filterwarnings("ignore::kansym.symbolic.formulas.formula.OutsideDomainWarning")
@pytest.mark.parametrize("number", [6, pytest.param(3000, marks=pytest.mark.slow)])
def test_a_result_is_refused_or_usable(number, tmp_path):
    rng = np.random.default_rng(number)
    said: list[str] = []
    data = json.loads(planted_result().to_json())
    every = list(places(data))
    for _ in range(number):
        place = every[int(rng.integers(len(every)))]
        text = json.dumps(changed(data, place, ODD[int(rng.integers(len(ODD)))]))
        try:
            result = Extraction.from_json(text)
        except KansymError as error:
            said.append(str(error))
            continue
        used(result, tmp_path / "any.md")
    assert max(map(len, said)) < 1500


@pytest.mark.parametrize("number", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_damaged_text_is_refused_or_a_result(number):
    rng = np.random.default_rng(number)
    whole = planted_result().to_json()
    for _ in range(number):
        letters = list(whole)
        for place in rng.integers(0, len(letters), int(rng.integers(1, 4))):
            letters[place] = str(rng.choice(list('0123456789eE.-+"[]{},:truefalsn \x00é')))
        text = "".join(letters)[: len(letters) if rng.random() < 0.8 else rng.integers(999)]
        try:
            Extraction.from_json(text)
        except KansymError:
            continue
