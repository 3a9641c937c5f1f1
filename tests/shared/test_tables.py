"""Tables: every kind of input gives the same numbers, every bad one a sentence."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from kansym.shared.class_labels import as_labels
from kansym.shared.errors import InputError
from kansym.shared.tables import as_table, as_targets, split_unit

NUMBERS = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=5),
    elements=st.one_of(st.just(0.0), st.floats(1e-9, 1e9), st.floats(-1e9, -1e-9)),
)


@given(NUMBERS)
def test_numpy_pandas_torch_and_lists_give_the_same_table(array):
    names = [f"c{i}" for i in range(array.shape[1])]
    for data in (
        pd.DataFrame(array, columns=pd.Index(names)),
        torch.as_tensor(array),
        array.tolist(),
    ):
        table = as_table(data)
        np.testing.assert_array_equal(table.values, array)
        assert table.values.dtype == np.float64
        assert len(table) == len(array)


def test_names_of_a_data_frame_are_kept_and_others_are_numbered():
    frame = pd.DataFrame({"energy": [1, 2], "mass per person": [0.5, 1]})
    assert as_table(frame).names == ("energy", "mass per person")
    assert as_table(frame.to_numpy()).names == ("x1", "x2")
    assert as_table(pd.Series([1.0, 2.0], name="t")).names == ("t",)
    assert as_table(pd.Series([1.0, 2.0])).names == ("x1",)
    assert as_table({"L [m]": [1, 2]}).units == {"L": "m"}
    with pytest.raises(InputError, match="columns of equal lengths"):
        as_table({"a": [1, 2], "b": [1]})
    assert as_table(frame, names=("a", "b")).names == ("a", "b")


def test_the_callers_array_is_not_changed_through_the_table():
    array = np.ones((3, 2))
    as_targets(np.arange(3.0), 3)
    np.testing.assert_array_equal(as_table(array).values, np.ones((3, 2)))


@pytest.mark.parametrize(
    "data",
    [
        np.ones((3, 1), dtype=np.float32),
        np.ones((3, 1), dtype=np.int64),
        np.ones((3, 1), dtype=bool),
        pd.DataFrame({"a": pd.array([1, 1, 1], dtype="Int64")}),
        torch.ones(3, 1, dtype=torch.float16),
        torch.ones(3, 1, dtype=torch.bfloat16),
        torch.ones(3, 1, requires_grad=True),
    ],
)
def test_every_precision_becomes_float64(data):
    np.testing.assert_array_equal(as_table(data).values, np.ones((3, 1)))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (np.array([[1.0, np.nan]]), r"1 cells .* row 0 of column 'x2' \(nan\): remove or fill"),
        (np.array([[1.0], [np.inf]]), r"row 1 of column 'x1' \(inf\)"),
        (pd.DataFrame({"a": [1.0], "b": [-np.inf]}), r"row 0 of column 'b' \(-inf\)"),
        (pd.DataFrame({"a": [1.0, 2.0], "b": ["red", "blue"]}), r"'b' of X .*'red'.*convert"),
        (pd.DataFrame([[1, 2]], columns=pd.Index(["a", "a"])), r"several columns named 'a'"),
        (pd.DataFrame({"t": pd.to_datetime(["2020-01-01"])}), r"'t' of X is not numeric"),
        (pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}), r"row 1 of column 'a'"),
        (np.ma.array([[1.0], [2.0]], mask=[[0], [1]]), r"row 1 of column 'x1' \(nan\)"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "dates or durations"),
        (np.array([1, 2], dtype="timedelta64[s]"), "dates or durations"),
        (pd.Series(pd.to_datetime(["2020-01-01"]), name="t"), r"'t' of X is not numeric"),
        (pd.DataFrame(), r"X is empty \(0 rows"),
        (np.zeros((0, 3)), r"X is empty \(0 rows, 3 columns\)"),
        ([], r"X is empty"),
        (np.zeros((2, 2, 2)), r"X has 3 dimensions, expected 2"),
        (3.0, r"X has 0 dimensions"),
        ([["red"]], r"X is not a table of numbers"),
        ([[1.0], [1.0, 2.0]], r"X is not a table of numbers"),
        (np.array([[1 + 2j]]), r"complex"),
        (torch.ones(2, 1, dtype=torch.complex128), r"complex"),
    ],
)
def test_bad_inputs_get_a_sentence(data, sentence):
    with pytest.raises(InputError, match=sentence):
        as_table(data)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [(("a",), "1 names were given for the 2 columns"), (("a", "a"), "several columns named 'a'")],
)
def test_bad_names_get_a_sentence(names, sentence):
    with pytest.raises(InputError, match=sentence):
        as_table(np.zeros((1, 2)), names=names)


def test_targets_are_named_y_or_numbered_or_by_their_column():
    assert as_targets([1.0, 2.0], 2).names == ("y",)
    assert as_targets(np.eye(2), 2).names == ("y1", "y2")
    assert as_targets(pd.Series([1.0, 2.0], name="energy"), 2).names == ("energy",)
    assert as_targets(torch.tensor([1.0, 2.0]), 2).values.shape == (2, 1)


@pytest.mark.parametrize(
    ("y", "rows", "outputs", "sentence"),
    [
        ([1.0, 2.0], 3, 1, "X has 3 rows but y has 2"),
        ([1.0, 2.0], 2, 2, "y has 1 columns but the model has 2 outputs"),
        ([1.0], 1, 1, "One row was given"),
        ([2.5, 2.5], 2, 1, r"target 'y' is constant \(2\.5 in every row\)"),
        ([[1.0, 7.0], [2.0, 7.0]], 2, 2, r"target 'y2' is constant \(7 in every row\)"),
        ([1.0, np.nan], 2, 1, "y has 1 cells that are not finite"),
        (["a", "b"], 2, 1, "y is not a table of numbers"),
        (None, 2, 1, "y"),
    ],
)
def test_bad_targets_get_a_sentence(y, rows, outputs, sentence):
    with pytest.raises(InputError, match=sentence):
        as_targets(y, rows, outputs)


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_targets_in_any_ordinary_unit_are_accepted(size):
    table = as_targets(np.array([1.0, 2.0]) * size, 2)
    assert np.isfinite(table.values / table.values.std()).all()


def test_units_in_names_are_kept_beside_them():
    frame = pd.DataFrame({"v [m/s]": [1.0, 2.0], "L (m)": [1.0, 2.0], "f(x)": [0.0, 1.0]})
    table = as_table(frame)
    assert table.names == ("v", "L", "f(x)")
    assert table.units == {"v": "m/s", "L": "m"}
    both = pd.DataFrame({"v [m/s]": [1.0], "v [km/h]": [3.6]})
    assert as_table(both).names == ("v [m/s]", "v [km/h]")
    assert as_targets(frame["L (m)"], 2).units == {"L": "m"}


@pytest.mark.parametrize(
    "labels",
    [
        ["a", None, "b", "b", "a"],
        ["a", float("nan"), "b", "b", "a"],
        pd.Series(["a", pd.NA, "b", "b", "a"], dtype="string"),
        np.array(["a", np.nan, "b", "b", "a"], dtype=object),
        np.ma.array([1, 2, 1, 2, 1], mask=[0, 1, 0, 0, 0]),
        pd.Series([1, None, 2, 2, 1], dtype="Int64"),
        pd.to_datetime(pd.Series(["2020-01-01", None, "2021-01-01", "2020-01-01", "2021-01-01"])),
    ],
)
def test_missing_labels_are_no_class(labels):
    with pytest.raises(InputError, match="1 labels are missing, the first in row 1"):
        as_labels(labels, 5)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("t / s", ("t", "s")),
        ("c / (mol/L)", ("c", "mol/L")),
        ("E/lx", ("E", "lx")),
        ("U_0/mV", ("U_0", "mV")),
        ("T/K", ("T", "K")),
        ("m/s", ("m/s", "")),  # a unit itself, not m in s
        ("x/L", ("x/L", "")),
        ("miles/gallon", ("miles/gallon", "")),
        ("price / day of week", ("price / day of week", "")),
    ],
)
def test_a_quotient_of_quantity_and_unit_is_taken_apart(name, parts):
    assert split_unit(name) == parts
