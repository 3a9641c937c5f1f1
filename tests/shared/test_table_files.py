"""Tables from files: every kind gives the same rows, every bad one a sentence."""

import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kansym.shared.errors import InputError, MissingPackageError
from kansym.shared.table_files import read_table
from kansym.shared.tables import as_table


@pytest.fixture
def table(tmp_path):
    """Write a text as a file and read it back as a table."""

    def make(text: str | bytes):
        place = tmp_path / "data.csv"
        place.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return read_table(place)

    return make


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_delimiters_and_line_ends(table, delimiter, newline):
    rows = [["x", "y"], ["1", "2.5"], ["-3", "4e2"]]
    X, y = table(newline.join(delimiter.join(cells) for cells in rows)).split("y")
    assert X["x"].tolist() == [1.0, -3.0]
    assert y["y"].tolist() == [2.5, 400.0]


def test_comments_blank_lines_and_a_byte_order_mark_are_skipped(table):
    found = table("\ufeff# source: me\n\nx,y\n# inside\n1,2\n\n3,4\n")
    assert found.names == ("x", "y")
    assert found.lines == (5, 7)


def test_quoted_names_may_hold_anything(table):
    found = table('"a, b",<script>,#c\n1,2,3\n4,5,6\n')
    assert found.names == ("a, b", "<script>", "#c")


def test_inputs_are_chosen_by_name_and_in_order(table):
    X, _ = table("a,b,c,y\n1,2,3,4\n5,6,7,9\n").split("y", ["c", "a"])
    assert list(X.columns) == ["c", "a"]
    assert X.to_numpy().tolist() == [[3.0, 1.0], [7.0, 5.0]]


def test_columns_that_are_not_used_may_hold_words(table):
    X, _ = table("name,x,y\nfoo,1,2\nbar,3,5\n").split("y", ["x"])
    assert X["x"].tolist() == [1.0, 3.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("x,y\n", "no rows"),
        ("1,2\n3,4\n", "holds numbers where the column names should be"),
        ("x,x,y\n1,2,3\n", "several columns named 'x'"),
        ("x,,y\n1,2,3\n", "Column 2 .* has no name"),
        ("x,y\n1,2\n3,4,5\n", "line 3: 3 cells, but the header names 2 columns"),
        ("x,y\n1,2,3\n3,4,5\n", "line 2: 3 cells"),
        (b"\xff\xfe\x00\x01", "not a text file in UTF-8"),
        ("x\n1\n2\n", "no column 'y'"),
        ("y\n1\n2\n", "no column besides the target"),
        ("x,y\n1,2\n,4\n", r"line 3, column 'x': the cell is empty \(1 such"),
        ("# c\nx,y\n1,2\n3,nan\n", "line 4, column 'y': the cell is empty"),
        ("x,y\n1,2\ninf,4\n", "line 3, column 'x': the cell is infinite"),
        ("x,y\n1,2\n1e999,4\n", "line 3, column 'x'"),
        ("x,y\nred,2\nblue,4\n", "line 2, column 'x': 'red' is not a number"),
        ("x,y\n1,2\n3\n", "line 3, column 'y': the cell is empty"),
        ("x,y\n__import__('os'),1\n2,3\n", "is not a number"),
    ],
)
def test_bad_files_are_named_in_one_sentence(table, text, words):
    with pytest.raises(InputError, match=words) as caught:
        table(text).split("y")
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="There is no file"):
        read_table(tmp_path / "no.csv")
    with pytest.raises(InputError, match="is a directory"):
        read_table(tmp_path)


@pytest.mark.parametrize(
    ("target", "inputs", "words"),
    [
        ("speeed", None, "did you mean 'speed'"),
        ("speed", ["mas"], "did you mean 'mass'"),
        ("speed", ["speed"], "is the target and an input"),
        ("speed", ["mass", "mass"], "named twice"),
        ("speed", [], "no column besides"),
    ],
)
def test_wrong_names_get_the_nearest_ones(table, target, inputs, words):
    found = table("mass,speed\n1,2\n3,4\n")
    with pytest.raises(InputError, match=words):
        found.split(target, inputs)


@given(
    st.lists(
        st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2), min_size=1, max_size=20
    )
)
def test_numbers_are_read_as_written(tmp_path_factory, rows):
    place = tmp_path_factory.mktemp("csv") / "data.csv"
    place.write_text("x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in rows))
    X, y = read_table(place).split("y")
    expected = np.array(rows)
    np.testing.assert_allclose(X["x"], expected[:, 0], rtol=1e-15)
    np.testing.assert_allclose(y["y"], expected[:, 1], rtol=1e-15)


# -- other kinds of files, units, commas ---------------------------------------------------------

FRAME = pd.DataFrame({"v [m/s]": [1.0, 2.5, -3.0], "n": [1, 2, 3], "y": [0.5, 1e-3, 4e2]})


@pytest.fixture(params=["csv", "csv.gz", "tsv", "dat", "xlsx", "parquet", "-"])
def same_table(request, tmp_path, monkeypatch):
    """One table in every kind of file."""
    place = tmp_path / f"data.{request.param}"
    if request.param == "xlsx":
        FRAME.to_excel(place, index=False)
    elif request.param == "parquet":
        FRAME.to_parquet(place)
    elif request.param == "dat":
        np.savetxt(place, FRAME.to_numpy(), header="v [m/s] n  y")
    elif request.param == "-":
        data = io.TextIOWrapper(io.BytesIO(FRAME.to_csv(index=False).encode()))
        monkeypatch.setattr("sys.stdin", data)
        return read_table("-")
    else:
        FRAME.to_csv(place, index=False, sep="\t" if request.param == "tsv" else ",")
    return read_table(place)


def test_every_kind_of_file_gives_the_same_table(same_table):
    assert same_table.names == ("v", "n", "y")
    assert same_table.units == {"v": "m/s"}
    X, y = same_table.split("y")
    np.testing.assert_array_equal(X.to_numpy(), FRAME.to_numpy()[:, :2])
    np.testing.assert_array_equal(y["y"], FRAME["y"])
    assert as_table(X).units == {"v": "m/s"}


@pytest.mark.parametrize("begin", [b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0"])
def test_damaged_files_get_one_sentence(table, begin):
    with pytest.raises(InputError, match=r"cannot be read|old spreadsheet") as caught:
        table(begin + b"not such a file at all")
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(("name", "begin"), [("pyarrow", b"PAR1"), ("openpyxl", b"PK\x03\x04")])
def test_a_missing_engine_is_named_with_its_install_line(table, monkeypatch, name, begin):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingPackageError, match=rf"{name}.*pip install 'kansym\[tables\]'"):
        table(begin)


@pytest.mark.parametrize(
    "text",
    ["x;y\n1,5;-2\n3;4,25e1\n", "x\ty\n1,5\t-2\n3\t4,25e1\n", "x y\n 1,5 -2\n3 4,25e1\n"],
)
def test_decimal_commas_are_seen_where_something_else_separates(table, text):
    X, y = table(text).split("y")
    assert X["x"].tolist() == [1.5, 3.0]
    assert y["y"].tolist() == [-2.0, 42.5]


def test_a_comma_that_means_two_things_is_asked_about(tmp_path):
    place = tmp_path / "data.csv"
    place.write_text("x;y\n1,234;5\n2,345;6\n")
    with pytest.raises(InputError, match=r"line 2: '1,234' may be 1.234 or 1234.*decimal="):
        read_table(place)
    assert read_table(place, decimal=",").columns["x"].tolist() == [1.234, 2.345]
    assert read_table(place, decimal=".").columns["x"].tolist() == [1234.0, 2345.0]


def test_commas_as_separators_and_decimals_at_once_are_asked_about(table):
    with pytest.raises(InputError, match=r"line 2: 4 cells.*semicolons"):
        table("x,y\n1,5,2,5\n3,5,4,5\n")


@pytest.mark.parametrize("units", ["m,s", "[m],[s]", "(m),-", "km/h,kg m^2"])
def test_a_line_of_units_is_no_row(table, units):
    found = table(f"x,y\n{units}\n1,2\n3,4\n")
    assert found.lines == (3, 4)
    assert found.units["x"] == units.split(",")[0].strip("[]()")
    assert found.columns["x"].tolist() == [1.0, 3.0]


def test_a_line_of_words_is_a_row(table):
    with pytest.raises(InputError, match="line 2, column 'x': 'broken' is not a number"):
        table("x,y\nbroken,sensor\n1,2\n").split("y")


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#VALUE!"])
def test_error_values_of_spreadsheets_are_no_comments(table, error):
    with pytest.raises(InputError, match="line 3, column 'x'"):
        table(f"x,y\n1,2\n{error},4\n").split("y")


def test_dates_are_no_numbers(tmp_path):
    frame = pd.DataFrame({"t": pd.to_datetime(["2020-01-01", "2021-01-01"]), "y": [1.0, 2.0]})
    for kind, write in (("xlsx", frame.to_excel), ("parquet", frame.to_parquet)):
        write(tmp_path / f"t.{kind}", index=False)
        with pytest.raises(InputError, match=r"column 't': '2020-01-01.*is not a number"):
            read_table(tmp_path / f"t.{kind}").split("y")


def test_comments_give_units_and_sheets_keep_their_row_numbers(tmp_path, table):
    assert table("# unit x: nm\nx,y\n1,2\n").units == {"x": "nm"}
    rows = [["# a note", None], [None, None], ["x (m)", "y"], [1, 2], ["three", 4]]
    pd.DataFrame(rows).to_excel(tmp_path / "s.xlsx", header=False, index=False)
    found = read_table(tmp_path / "s.xlsx")
    assert (found.names, found.units) == (("x", "y"), {"x": "m"})
    with pytest.raises(InputError, match="line 5, column 'x': 'three' is not a number"):
        found.split("y")


def test_a_device_is_not_read():
    if not Path("/dev/zero").exists():
        pytest.skip("no /dev/zero here")
    with pytest.raises(InputError, match="is a device"):
        read_table("/dev/zero")


@given(text=st.text(max_size=80), seed=st.integers(0, 3))
def test_any_text_is_a_table_or_one_sentence(tmp_path_factory, text, seed):
    place = tmp_path_factory.mktemp("any") / "t.csv"
    place.write_bytes((["x,y\n", "x;y\n", "x y\n", ""][seed] + text).encode())
    try:
        found = read_table(place)
    except InputError:
        return
    assert len(found) == len(found.lines)
    for name in found.names:
        assert (name in found.columns) != (name in found.labels)


def test_yes_and_no_are_one_and_zero(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("lid,on,y\nyes,TRUE,1\nno,false,2\n")
    X, _ = read_table(path).split("y")
    assert X.to_numpy().tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert list(read_table(path).labelled("lid", ["y"])[1]) == ["yes", "no"]
