import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kansym.shared.csv_files import read_table
from kansym.shared.errors import InputError


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
