import ast
import re
import xml.dom.minidom
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from kansym.documents.blocks import (
    Code,
    Details,
    Document,
    Equation,
    Gallery,
    Illustration,
    Items,
    Link,
    Listing,
    Maths,
    Notice,
    Number,
    Paragraph,
    Section,
    Strong,
    Tabular,
    line,
    row,
)
from kansym.documents.charts import edge_plot, front_plot
from kansym.documents.formats import FORMATS, format_of, write_document
from kansym.documents.html import to_html
from kansym.documents.latex import to_latex
from kansym.documents.layout import arrange, layers_of, spread
from kansym.documents.markdown import to_markdown
from kansym.documents.mathematics import latex, mathml, maths, tidy
from kansym.documents.names import escape_latex, symbol
from kansym.documents.numbers import interval, measured, split_float
from kansym.documents.pictures import Picture, new_axes, shown_name
from kansym.documents.row_charts import curve_plot, parity_plot, residual_plot
from kansym.results.drawing import MOST_EDGES, drawn_edges, network_plot
from kansym.results.page import notebook_html
from kansym.results.report import render, report
from kansym.results.text import summary
from kansym.shared.errors import InputError
from kansym.shared.status import Finding, Status
from kansym.shared.whole_files import write_text
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.library.library import ALL
from tests.planted_results import EVIL, planted_network, planted_result

x, y = sympy.symbols("x y")


@cache
def rendered(format: str = "html") -> str:
    """The page of the usual result."""
    return render(planted_result(), format)


class Tags(HTMLParser):
    """Collects the tags, attributes and text of a page."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def well_formed(fragment: str) -> xml.dom.minidom.Document:
    return xml.dom.minidom.parseString(f"<math>{fragment}</math>")


def balanced(source: str) -> bool:
    """Whether the braces of LaTeX match, escaped ones left out."""
    depth = 0
    for brace in re.findall(r"(?<!\\)(?:\\\\)*([{}])", source):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


# Mathematics ---------------------------------------------------------------------------------


@pytest.mark.parametrize("candidate", list(ALL), ids=lambda candidate: candidate.name)
def test_every_candidate_is_typeset(candidate):
    expr = candidate.expr
    well_formed(mathml(expr))
    assert "mtext" not in mathml(expr)
    assert balanced(latex(expr))


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (x**-2, "<mfrac>"),
        (sympy.sqrt(x), "<msqrt>"),
        (sympy.cbrt(x), "<mroot>"),
        (sympy.sin(x) ** 2, "<msup><mi>sin</mi>"),
        (sympy.exp(x), "<msup><mi>e</mi>"),
        (sympy.Abs(x), "<mo>|</mo>"),
        (sympy.pi * x, "<mi>π</mi>"),
        (sympy.Float(1.5e9) * x, "<mn>10</mn>"),
        (sympy.besselj(0, x), "<mi>J</mi>"),
        (sympy.Piecewise((x, x > 0), (0, True)), "<mtable"),
        (sympy.Symbol("x1") ** 2, "<msubsup>"),
    ],
)
def test_mathml_of_each_kind_of_expression(expr, expected):
    well_formed(mathml(expr))
    assert expected in mathml(expr)


def test_a_sum_as_a_factor_is_bracketed():
    inside = "<mrow><mi>x</mi></mrow><mo>+</mo>"
    assert f'<mo stretchy="false">(</mo>{inside}' in mathml(sympy.Mul(2, x + y, evaluate=False))
    assert f'<mo stretchy="false">(</mo>{inside}' in mathml((x + y) ** 2)
    assert "(" not in mathml(x * y)


def test_a_minus_sign_is_not_put_first():
    assert not mathml(1 / x**2 - 1 / y**2).startswith("<mo>−")
    assert not latex(1 / x**2 - 1 / y**2).startswith("-")


def test_a_common_factor_is_taken_out_when_that_is_shorter():
    assert str(tidy(2.5 * x - 2.5 * y)) == "2.5*(x - y)"
    assert tidy(x + y) == x + y


@given(st.text(min_size=1))
def test_any_name_is_safe_in_every_notation(name):
    shown = symbol(name)
    well_formed(shown.mathml)
    assert balanced(shown.latex)
    well_formed(mathml(sympy.Symbol(name) ** 2 + 1))
    assert balanced(latex(sympy.Symbol(name) ** 2 + 1))


@given(st.text())
def test_escaped_latex_has_no_active_character(text):
    rest = re.sub(r"\\(?:[a-zA-Z]+|[{}$&#_%])", "", escape_latex(text))
    assert not re.search(r"[$&#%_^~\\]", rest.replace("~", ""))
    assert balanced(escape_latex(text))


@given(
    st.floats(-1e12, 1e12, allow_subnormal=False),
    st.floats(1e-9, 1e9),
)
def test_a_measured_value_is_written_to_a_tenth_of_its_error(value, stderr):
    text = str(measured(value, stderr)).replace("−", "-")
    read = float(re.sub(r"\(.*\)", "", text))
    assert abs(read - value) <= 0.05 * stderr + 1e-14 * abs(value)
    found = re.fullmatch(r"-?\d+(?:\.(\d+))?\(([\d.]+)\)(?:e(-?\d+))?", text)
    if found is not None:  # an error beyond the digits of a float is not shown
        decimals, inside, power = found.groups()
        unit = 1.0 if "." in inside else 10.0 ** -len(decimals or "")
        error = float(inside) * unit * 10.0 ** int(power or 0)
        np.testing.assert_allclose(error, stderr, rtol=0.05, atol=1e-14 * abs(value))


@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_a_float_is_written_to_its_digits(value):
    read = float(str(split_float(value, 6)).replace("−", "-"))
    np.testing.assert_allclose(read, value, rtol=5e-6)


def test_constants_without_a_standard_error_have_no_interval():
    assert interval(None, 2.0, 2.0) == (Number("–"),)
    assert str(measured(2.0, float("inf"))) == "2"


# Pictures ------------------------------------------------------------------------------------


def drawing(name: str = "a dot") -> Picture:
    ax = new_axes(80, 60, left=20, below=20)
    ax.plot([1, 2], [1, 3], "o", label="_")
    ax.set_xlabel(shown_name(name))
    return Picture(ax)


@pytest.mark.parametrize("name", [*EVIL, "x_1", "θ", "測定", "50 % & $5"])
def test_a_drawing_is_well_formed_and_described(name):
    picture = drawing(name)
    drawn = xml.dom.minidom.parseString(picture.svg("a & b"))
    (root,) = drawn.getElementsByTagName("svg")
    assert root.getAttribute("aria-label") == "a & b"
    assert not drawn.getElementsByTagName("script")
    assert not drawn.getElementsByTagName("style")
    assert balanced(re.sub(r"\\catcode.*?{\\%}", "", picture.pgf(100)))


def test_a_drawing_is_the_same_when_it_is_made_again():
    assert drawing().svg("a") == drawing().svg("a")
    assert drawing().pgf(100) == drawing().pgf(100)


def test_a_drawing_fits_its_column():
    assert r"\scalebox{0.5}" in Picture(new_axes(96, 96)).pgf(72.27 / 2)
    assert r"\scalebox{1}" in Picture(new_axes(96, 96)).pgf(1000)


@pytest.mark.parametrize(
    "plot", [edge_plot, front_plot, curve_plot, parity_plot, residual_plot, network_plot]
)
def test_a_chart_is_drawn_on_the_axes_that_are_given(plot):
    x = np.linspace(0.1, 1.0, 20)
    arguments = {
        edge_plot: (x, x**2, np.full(20, 0.05), None, "x"),
        front_plot: ([1.0, 2.0], [0.5, 0.0], 1),
        curve_plot: (x, x**2, (x, x**2), ("x", "y")),
        parity_plot: (x, x + 0.1, "y"),
        residual_plot: (x, 0 * x + 0.1, "y"),
        network_plot: planted_network(("a",), 1, ("y",)),
    }[plot]
    ax = Figure().add_subplot()
    assert plot(*arguments, ax=ax) is ax
    assert plot(*arguments).figure is not ax.figure
    assert ax.lines or ax.patches


def test_rows_are_drawn_with_their_errors_and_what_has_no_value_is_left_out():
    x, sigma = np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.4])
    missed = np.array([0.1, np.nan, -0.2])
    ax = residual_plot(x, missed, "x", sigma=sigma)
    (*_, dots) = ax.lines
    assert list(dots.get_xdata()) == [1.0, 3.0]
    (bars,) = [found for found in ax.collections if len(found.get_segments()) == 2]
    assert bars.get_segments()[1][:, 1] == pytest.approx([-0.6, 0.2])
    ax = curve_plot(x, x**2, (x, x**2), ("x", "y"), sigma=sigma, stderr=0.1 * x)
    assert len(ax.collections) == 2  # bars and band


def test_drawing_leaves_the_settings_of_matplotlib():
    before = dict(matplotlib.rcParams)
    drawing().svg("a")
    assert dict(matplotlib.rcParams) == before


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=12), st.data())
def test_spread_keeps_order_and_distance_and_moves_no_more_than_needed(desired, data):
    sizes = data.draw(st.lists(st.floats(1, 10), min_size=len(desired), max_size=len(desired)))
    places = spread(desired, sizes)
    gaps = [(a + b) / 2 for a, b in pairwise(sizes)]
    assert (np.diff(places) >= np.array(gaps) - 1e-9).all()
    np.testing.assert_allclose(places.mean(), np.mean(desired), atol=1e-9)


def test_layers_follow_the_longest_way():
    edges = [("x", "h1"), ("h1", "h2"), ("x", "h2"), ("h2", "y"), ("z", "y"), ("x", "w")]
    assert layers_of(edges, ["y", "w"]) == {"x": 0, "z": 0, "h1": 1, "h2": 2, "y": 3, "w": 3}


def test_nothing_overlaps_in_a_drawing():
    edges = [(f"x{i}", f"h{j}") for i in range(3) for j in range(4)]
    edges += [(f"h{j}", "y") for j in range(4)] + [("x0", "y")]
    order = [*(f"x{i}" for i in range(3)), *(f"h{j}" for j in range(4)), "y"]
    placed = arrange(edges, order, layers_of(edges, ["y"]))
    for points in (placed.panels, tuple(placed.nodes.values())):
        for i, (a, b) in enumerate(points):
            assert all(abs(b - d) >= 40 for c, d in points[:i] if abs(a - c) < 1)
    heights = [placed.nodes[f"x{i}"][1] for i in range(3)]
    assert heights == sorted(heights)
    assert all(0 <= across <= placed.width for across, _ in placed.nodes.values())
    assert all(0 <= down <= placed.height for _, down in placed.panels)


@pytest.mark.parametrize("hidden", [3, 20, 60])
def test_a_large_network_shows_whole_ways_only(hidden):
    network, reports = planted_network(("a", "b", "c"), hidden, ("y",))
    shown = drawn_edges(reports)
    assert len(shown) == min(MOST_EDGES, len(reports))
    leave = {report.edge.source for report in shown}
    arrive = {report.edge.target for report in shown}
    # Ties aside, at most one way is cut by the limit.
    assert len(leave - arrive - set(network.inputs)) <= 1
    assert len(arrive - leave - set(network.outputs)) <= 1
    drawn = Picture(network_plot(network, shown)).svg("network")
    assert drawn.count("<title>") == len(shown) + len(leave | arrive)
    assert drawn.count("→") == len(shown)


def test_an_unexplained_edge_is_drawn_as_such():
    network, reports = planted_network(("a",), 1, ("y",))
    open_edge = replace(reports[0], fit=None, alternatives=())
    drawn = Picture(network_plot(network, (open_edge, reports[1]))).svg("network")
    assert "no symbol" in drawn
    assert "stroke-dasharray" in drawn


# Printers ------------------------------------------------------------------------------------

BLOCKS = (
    Paragraph(
        line("words ", Code("code"), Strong("strong"), Link("here", "https://doi.org/10.1/a_b"))
    ),
    Equation(maths(x**2 + 1)),
    Tabular(
        row("a", "b"), (row(Number("1.5", -3), "two"), row("3", maths(y))), "rl", line("cap"), 1
    ),
    Illustration(drawing(), line("a figure"), "a dot"),
    Gallery((Illustration(drawing(), line("small"), "a dot"),), line("all")),
    Notice("warning", "Careful", line("hot")),
    Listing("a = 1\nb = '''```'''", "python"),
    Items((line("first"), line("second")), numbered=True),
    Details("more", (Paragraph(line("folded")),)),
)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: type(block).__name__)
def test_every_block_is_printed_in_every_format(block):
    document = Document("Title", (Section("Part", (block,)),), line("sub"))
    page = Tags(to_html(document))
    assert page.open == []
    assert "Part" in page.text
    assert "## Part" in to_markdown(document)
    source = to_latex(document)
    assert balanced(source)
    assert r"\section*{Part}" in source


@given(st.text(min_size=1))
def test_any_text_is_shown_and_not_obeyed(text):
    document, plain = (
        Document(words, (Paragraph(line(words)), Tabular(row(words), (row(words),), "l")))
        for words in (text, "a")
    )
    page = to_html(document)
    assert Tags(page).tags == Tags(to_html(plain)).tags
    page.encode("utf-8")
    to_markdown(document).encode("utf-8")
    assert balanced(to_latex(document))
    assert not re.search(r"(?<!\\)<[a-zA-Z!/]", to_markdown(document))


# Reports -------------------------------------------------------------------------------------


def test_the_page_stands_alone():
    page = Tags(rendered())
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert not [value for name, value in page.attributes if name in {"src", "srcset", "data"}]
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    links = [value for name, value in page.attributes if name == "href"]
    assert links == ["https://arxiv.org/abs/2404.19756"]
    policy = [value for name, value in page.attributes if name == "content"]
    assert any("default-src 'none'" in value for value in policy)
    assert not re.search(r"url\((?!#)", rendered())


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_a_report_says_everything(format):
    text = render(planted_result(), format, title="My title")
    for words in [
        "My title", "Constants", "Fidelity", "The network", "Edges", "Accuracy against complexity",
        "How this was made", "References", "Low fidelity", "train longer", "elementary", "0.1.0",
        "2.500(12)", "2.476", "2.524",
    ]:  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_names_from_the_data_never_act(format):
    status = (Finding(Status.LOW_FIDELITY, EVIL[0], EVIL[3]),)
    result = planted_result(EVIL, ("<b>y</b>", "y&2"), hidden=1, status=status)
    text = render(result, format, title=EVIL[0])
    text.encode("utf-8")
    assert "\x00" not in text
    assert "\u202e" not in text
    if format == "html":
        assert not {"script", "b"} & set(Tags(text).tags)
        assert EVIL[0] in Tags(text).text
    elif format == "md":
        body = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        assert not re.search(r"(?<!\\)<(?!sup>|/sup>|https?:)", body)
    else:
        assert balanced(text)


def test_markdown_tables_keep_their_columns():
    result = planted_result(EVIL, hidden=2)
    for block in re.findall(r"(?:^\|.*\|\n)+", render(result, "md"), flags=re.MULTILINE):
        counts = {len(re.findall(r"(?<!\\)\|", text)) for text in block.splitlines()}
        assert len(counts) == 1


def test_the_selected_formula_is_marked():
    assert rendered().count('class="marked"') == 1


def test_the_python_source_in_the_page_is_python():
    page = render(planted_result(EVIL), "md")
    sources = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert sources
    for source in sources:
        ast.parse(source)


def test_a_hundred_edges_make_a_page_of_reasonable_size():
    result = planted_result(("a", "b", "c", "d"), hidden=60)
    page = render(result)
    assert len(page) < 2_000_000
    assert f"Only the {MOST_EDGES} most important of 300 edges" in page


def test_a_formula_undefined_on_all_rows_is_still_reported():
    result = planted_result(constant=Constant("c1", float("nan"), None))
    assert "Fidelity" in render(result)


def test_a_constant_output_is_still_drawn():
    network, (first, second) = planted_network(("a",), 1, ("y",))
    flat = replace(first, edge=replace(first.edge, y=np.zeros_like(first.edge.x)))
    (panel, _) = network_plot(network, (flat, second)).child_axes
    low, high = panel.get_ylim()
    assert low < 0 < high


def test_a_network_that_cannot_be_read_is_still_reported():
    reason = (Finding(Status.NOT_READABLE, "network", "900 edges"),)
    result = replace(planted_result(status=reason), formulas=(), front=())
    assert "900 edges" in render(result)
    assert summary(result).startswith("There is no formula")


@pytest.mark.parametrize(
    ("where", "shown"), [("residual", "Residual pattern. Odd signs."), ("y", "y: odd signs.")]
)
def test_a_notice_says_its_place_once(where, shown):
    status = (Finding(Status.RESIDUAL_PATTERN, where, "odd signs"),)
    text = render(planted_result(status=status), "md")
    assert shown in text.replace("**", "")


def test_summary_is_plain_text():
    text = summary(planted_result())
    assert text.splitlines()[0].startswith("y = ")
    assert "c1 = 2.500(12)   (95 %: [2.476, 2.524])" in text
    assert "LOW_FIDELITY" in text
    assert "<" not in text.replace("<=", "")


def test_a_notebook_cell_is_short():
    cell = notebook_html(planted_result(EVIL))
    assert cell.count("<svg") == 1  # the formula beside the rows, no network
    assert "<math" in cell
    assert "<script" not in cell


# Writing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["r.html", "r.md", "r.tex", "r.HTM"])
def test_a_report_is_written_by_its_ending(tmp_path, name):
    place = report(planted_result(), tmp_path / name)
    assert place.read_text(encoding="utf-8") == rendered(format_of(name))
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["r.docx", "r", "r.html.exe"])
def test_an_unknown_ending_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"\.html, \.md or \.tex"):
        report(planted_result(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        report(planted_result(), tmp_path / "no" / "r.html")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    place = tmp_path / "r.html"
    place.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_text(place, "new")
    assert place.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]


def test_a_failed_report_writes_nothing(tmp_path):
    ragged = Section("bad", (Tabular(row("a"), (row("a", "b"),), "l"),))
    with pytest.raises(ValueError, match="longer"):
        report(planted_result(), tmp_path / "r.html", extra=(ragged,))
    assert not list(tmp_path.iterdir())


def test_permissions_of_a_replaced_file_stay(tmp_path):
    place = tmp_path / "a.md"
    place.write_text("old")
    place.chmod(0o640)
    write_document(Document("T", ()), place)
    assert place.stat().st_mode & 0o777 == 0o640


def test_extra_blocks_are_part_of_the_page():
    extra = (Section("My own part", (Paragraph(line("my words")),)),)
    assert "my words" in render(planted_result(), "md", extra=extra)


def test_style_is_in_the_package():
    assert files("kansym.documents").joinpath("style.css").is_file()


def test_maths_has_three_notations():
    assert maths(x + 1) == Maths(mathml(x + 1), latex(x + 1), "x + 1")


@pytest.mark.parametrize("text", ["# no heading", "- no item", "1. no item", "> no quote", "+ no"])
def test_a_paragraph_of_markdown_stays_a_paragraph(text):
    printed = to_markdown(Document("T", (Paragraph(line(text)),)))
    assert re.search(r"^\\[#>+-]|^&gt;|^1\\\.", printed, flags=re.MULTILINE)


def test_a_curve_that_stays_in_a_formula_is_not_a_factor():
    assert "(</mo>" in mathml(sympy.Function("f1")(sympy.Symbol("x1")))


def test_a_brief_page_has_the_table_of_edges_and_no_drawing_of_them():
    result = planted_result()
    whole, brief = render(result, "md"), render(result, "md", brief=True)
    assert "## The network" in whole
    assert "## The network" not in brief
    assert brief.count("data:image") < whole.count("data:image")
    assert "## Edges" in brief
