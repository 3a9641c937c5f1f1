"""Tables that were damaged or never were one: read as they stand, or refused."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from kansym.shared.errors import KansymError
from kansym.shared.table_files import read_table
from kansym.shared.tables import as_table

CELLS = (
    "1", "-2.5", "1e308", "-1e-308", "1e400", "", " ", "NaN", "nan", "NA", "#N/A", "None", "inf",
    "-inf", "0x1F", "1_000", "1,5", '"3"', "'3'", "a", "é", "\u202e", "\x00", "٣", "½", "1 2",
    "True", "2020-01-01", "9" * 400, "1e", "+-1", "=1+1", "<b>", "$", "1.2.3",
)  # fmt: skip
NAMES = ("x", "y", "x", "", "1", "a b", "a [m]", "a (kg)", "#c", '"q"', "é", "n" * 400, "pi", "I")
SEPARATORS = (",", ";", "\t", " ", "|")


def any_text(rng: np.random.Generator) -> str:
    """A table in text, mostly of plain numbers."""
    columns, separator = int(rng.integers(1, 5)), str(rng.choice(SEPARATORS))
    plain = [f"c{k}" for k in range(columns)]
    names = [str(rng.choice(NAMES)) if rng.random() < 0.2 else name for name in plain]
    lines = [separator.join(names)] if rng.random() < 0.9 else []
    for _ in range(int(rng.integers(0, 12))):
        cells = [f"{value:.4g}" for value in rng.normal(size=columns)]
        if rng.random() < 0.2:
            cells[int(rng.integers(columns))] = str(rng.choice(CELLS))
        if rng.random() < 0.05:
            cells = cells[1:] or [""]
        lines.append(separator.join(cells))
    if rng.random() < 0.1:
        lines.insert(int(rng.integers(len(lines) + 1)), "# a comment")
    return str(rng.choice(("\n", "\r\n"))).join(lines) + "\n"


@pytest.mark.parametrize("number", [250, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_table_in_text_is_read_as_it_stands_or_refused(number, tmp_path):
    rng = np.random.default_rng(number)
    said: list[str] = []
    path, read = tmp_path / "any.csv", 0
    for _ in range(number):
        text = any_text(rng)
        content = text.encode("utf-8", "surrogatepass")
        path.write_bytes(content)
        try:
            table = read_table(path)
            inputs, target = table.split(table.names[-1])
        except KansymError as error:
            said.append(str(error))
            continue
        finally:
            assert path.read_bytes() == content
        read += 1
        assert np.isfinite(inputs.to_numpy()).all()
        assert np.isfinite(target.to_numpy()).all()
        rows = [line for line in text.split("\n") if line.strip() and not line.startswith("# ")]
        assert len(rows) - 1 <= len(inputs) + 1  # a header and at most a row of units
    assert read
    assert max(map(len, said)) < 1500


@pytest.mark.parametrize("number", [100, pytest.param(3000, marks=pytest.mark.slow)])
def test_a_plain_table_is_read_to_the_last_digit(number, tmp_path):
    rng = np.random.default_rng(number)
    path = tmp_path / "any.csv"
    for _ in range(number):
        X = rng.normal(size=(int(rng.integers(2, 9)), int(rng.integers(2, 5))))
        X *= 10.0 ** rng.integers(-30, 30, X.shape)
        names = [f"c{k}" for k in range(X.shape[1])]
        separator = str(rng.choice(SEPARATORS[:4]))
        text = pd.DataFrame(X, columns=names).to_csv(index=False, sep=separator)
        path.write_text(text, encoding="utf-8")
        inputs, target = read_table(path).split(names[-1])
        found = np.column_stack([inputs.to_numpy(), target.to_numpy()])
        np.testing.assert_array_equal(found, X)


@pytest.mark.parametrize("number", [200, pytest.param(5000, marks=pytest.mark.slow)])
def test_any_bytes_are_no_table_or_one(number, tmp_path):
    rng = np.random.default_rng(number)
    for kind in ("csv", "xlsx", "parquet", "csv.gz"):
        path = tmp_path / f"any.{kind}"
        for _ in range(number // 4):
            path.write_bytes(rng.bytes(int(rng.integers(0, 200))))
            try:
                read_table(path)
            except KansymError:
                continue


def any_data(rng: np.random.Generator) -> object:
    """Something that might be handed over as X."""
    values = rng.normal(size=(4, 2))
    sparse = csr_matrix(values)
    odd = (None, "a", 1 + 1j, np.datetime64("2020"), 10**400, np.nan, b"1", [1], {"a": 1}, sparse)
    match int(rng.integers(8)):
        case 0:
            return np.ma.masked_greater(values, 0)
        case 1:
            found = values.astype(object)
            found[1, 1] = odd[int(rng.integers(len(odd)))]
            return found
        case 2:
            return pd.DataFrame({"a": [odd[int(rng.integers(len(odd)))], 1.0], "b": [1, 2]})
        case 3:
            return values * 10.0 ** int(rng.integers(-320, 308))
        case 4:
            return values.reshape(*rng.choice([(2, 2, 2), (8, 1, 1)]))
        case 5:
            return pd.DataFrame(values, columns=[str(rng.choice(NAMES)), "b"])
        case 6:
            return odd[int(rng.integers(len(odd)))]
        case _:
            return [[1.0, 2.0], [3.0]]


@pytest.mark.parametrize("number", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_any_object_is_a_table_of_finite_numbers_or_refused(number):
    rng = np.random.default_rng(number)
    said: list[str] = []
    for _ in range(number):
        try:
            table = as_table(any_data(rng))
        except KansymError as error:
            said.append(str(error))
            continue
        assert np.isfinite(np.square(table.values)).all()
    assert max(map(len, said)) < 1500
