import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from kansym.cli import main
from kansym.cli.arguments import widths
from kansym.cli.command_line import COMMANDS
from kansym.neural.models.kan import KAN
from kansym.shared.errors import InputError
from tests.clock import children

HEAVY = ("torch", "sympy", "pandas", "scipy", "numpy", "networkx")


def kansym(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "kansym", *words], capture_output=True, text=True, check=False
    )


@pytest.fixture
def data(tmp_path) -> Path:
    """A table with y = sin(pi a) + b**2."""
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-1, 1, (2, 300))
    y = np.sin(np.pi * a) + b**2
    place = tmp_path / "data.csv"
    np.savetxt(place, np.stack([a, b, y], 1), "%.17g", ",", header="# made up\na,b,y", comments="")
    return place


# Help and version ----------------------------------------------------------------------------


def test_help_loads_nothing_heavy():
    script = f"""
import sys
from kansym.cli import main
try:
    main(["--help"])
except SystemExit as end:
    assert end.code == 0
loaded = [name for name in {HEAVY!r} if name in sys.modules]
assert not loaded, loaded
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "kansym demo" in done.stdout


def test_help_answers_at_once():
    times = []
    for _ in range(3):
        started = children()
        assert kansym("--help").returncode == 0
        times.append(children() - started)
    assert min(times) < 1.0


def test_version():
    done = kansym("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("kansym 0.")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.NAME)
def test_help_of_each_command_has_an_example(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command.NAME, "--help"])
    assert end.value.code == 0
    assert command.EXAMPLE in capsys.readouterr().out


def test_no_command_is_an_error(capsys):
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


# Errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("a,y\n", "no rows"),
        ("a,b\n1,2\n3,4\n", "no column 'y'"),
        ("a,a,y\n1,2,3\n4,5,6\n", "several columns named 'a'"),
        ("a,y\n1,2\nnan,3\n", "line 3, column 'a'"),
        ("a,y\n1,2\ninf,3\n", "infinite"),
        ("a,y\nred,2\nblue,3\n", "'red' is not a number"),
        ("a,y\n1,2\n2,2\n3,2\n", "constant"),
        ("a,y\n1,2\n", "One row"),
    ],
)
def test_bad_data_end_with_one_sentence(tmp_path, capsys, text, words):
    place = tmp_path / "bad.csv"
    place.write_text(text)
    out = tmp_path / "report.html"
    assert main(["fit", str(place), "--target", "y", "--out", str(out)]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert words in found.err
    assert len(found.err.splitlines()) == 1
    assert "Traceback" not in found.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--width", "3,2,1"], "begins with 3"),
        (["--width", "2,2"], "end with 1"),
        (["--width", "2"], "at least inputs and outputs"),
        (["--width", "2,x,1"], "whole numbers"),
        (["--inputs", "a,c"], "no column 'c'"),
        (["--units", "c=m"], "units= names 'c'"),
        (["--required", "c"], "required= names 'c'"),
        (["--costs", "sine=2"], "no function by itself"),
        (["--costs", "sin=-2"], "give a number from 0.001 to 1000"),
        (["--width", "2,1", "--units", "a=m"], "--units is for a search"),
        (["--inputs", "a,y"], "is the target and an input"),
        (["--out", "report.docx"], ".html, .md or .tex"),
        (["--out", "no/such/folder/report.html"], "does not exist"),
        (["--json", "no/such/folder/result.json"], "does not exist"),
        (["--save", "no/such/folder/model.safetensors"], "does not exist"),
    ],
)
def test_bad_options_of_fit(data, capsys, words, complaint):
    assert main(["fit", str(data), "--target", "y", *words]) == 2
    found = capsys.readouterr().err
    assert complaint in found
    assert len(found.splitlines()) == 1


def test_bad_numbers_are_refused_by_the_parser(data, capsys):
    for words in (["--grid", "0"], ["--degree", "x"], ["--budget", "-1"], ["--budget", "nan"]):
        with pytest.raises(SystemExit) as end:
            main(["fit", str(data), "--target", "y", *words])
        assert end.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "does not exist"), (b"", ""), (b"\x80\x02}q\x00.", ""), (b"PK\x03\x04abc", "")],
)
def test_bad_model_files(tmp_path, capsys, content, words):
    place = tmp_path / "model.safetensors"
    if content is not None:
        place.write_bytes(content)
    assert main(["extract", str(place)]) == 2
    found = capsys.readouterr().err
    assert words in found
    assert str(place) in found
    assert len(found.splitlines()) == 1


@pytest.mark.parametrize("content", [None, b"{", b"[1, 2]", b"\xff\xfe", b'{"format": "other"}'])
def test_bad_results(tmp_path, capsys, content):
    place = tmp_path / "result.json"
    if content is not None:
        place.write_bytes(content)
    assert main(["report", str(place), "--out", str(tmp_path / "r.html")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "r.html").exists()


def test_target_needs_data(capsys):
    assert main(["extract", "model.safetensors", "--target", "y"]) == 2
    assert "give --data" in capsys.readouterr().err


def test_a_model_without_rows_needs_data(tmp_path, capsys):
    place = tmp_path / "model.safetensors"
    KAN([2, 1]).save(place)
    assert main(["extract", str(place)]) == 2
    assert "holds no rows" in (found := capsys.readouterr().err)
    assert "--data" in found


def test_data_of_another_width_are_refused(tmp_path, data, capsys):
    place = tmp_path / "model.safetensors"
    KAN([2, 1]).save(place)
    assert main(["extract", str(place), "--data", str(data)]) == 2
    assert "X has 3 columns but the model" in (found := capsys.readouterr().err)
    assert len(found.splitlines()) == 1


def test_extract_opens_files_of_other_makers(tmp_path, data, capsys):
    layer = helper.make_node("Gemm", ["x", "w", "b"], ["y"])
    numbers = {"w": np.array([[2.0], [-3.0]]), "b": np.array([0.5])}
    graph = helper.make_graph(
        [layer],
        "line",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, [None, 2])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, [None, 1])],
        [numpy_helper.from_array(value, name) for name, value in numbers.items()],
    )
    onnx.save(helper.make_model(graph), tmp_path / "line.onnx")
    words = ["extract", str(tmp_path / "line.onnx"), "--data", str(data), "--inputs", "a,b"]
    assert main([*words, "--quiet"]) == 0
    assert "y = 2*a - 3*b + 1/2" in capsys.readouterr().out


def test_an_interrupt_says_what_was_kept(tmp_path, data, capsys, monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    model = tmp_path / "model.safetensors"
    monkeypatch.setattr("kansym.extraction.extract", interrupted)
    words = ["fit", str(data), "--target", "y", "--width", "2,1", "--save", str(model)]
    assert main(words) == 130
    assert f"kept: the network in {model}" in capsys.readouterr().err
    assert model.is_file()


@pytest.mark.parametrize("foreign", [False, True])
def test_an_interrupt_while_the_report_is_written_leaves_a_report(
    foreign, tmp_path, data, capsys, monkeypatch
):
    from kansym.results import report as module

    write, calls = module.report, []

    def slow(*given: object, brief: bool, **more: object) -> None:
        calls.append(brief)
        if not brief:
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                if foreign:  # as matplotlib's converters of arrays do
                    raise ValueError("Invalid affine transformation matrix") from None
                raise
        write(*given, brief=brief, **more)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(module, "report", slow)
    place = tmp_path / "report.md"
    words = ["fit", str(data), "--target", "y", "--budget", "1", "--out", str(place)]
    assert main(words) == 130
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler
    assert calls == [False, True]
    assert "y =" in capsys.readouterr().out
    assert place.read_text().startswith("# ")


def test_an_interrupt_during_training_keeps_the_best_network(tmp_path, data, capsys, monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    model = tmp_path / "model.safetensors"
    monkeypatch.setattr("kansym.neural.training.training._work", interrupted)
    words = ["fit", str(data), "--target", "y", "--width", "2,1", "--save", str(model)]
    assert main(words) == 130
    told = capsys.readouterr()
    assert "kept: the network in" in told.err
    assert "y = " in told.out
    assert main([*words[:-2]]) == 130
    assert "with --save" in capsys.readouterr().err


def test_a_full_disk_is_no_traceback(tmp_path, capsys, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kansym.shared.whole_files.os.fsync", full)
    data, out = tmp_path / "data.csv", tmp_path / "report.md"
    data.write_text("x,y\n" + "\n".join(f"{n},{3 * n}" for n in range(1, 30)))
    assert main(["fit", str(data), "--target", "y", "--out", str(out)]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert not list(tmp_path.glob("*report*"))


# Words ---------------------------------------------------------------------------------------


def test_widths():
    assert widths("2, 3+1 ,1") == [2, (3, 1), 1]
    for wrong in ("", "2", "2,-1,1", "2,1.5,1", "2,1+1+1,1", "²,1"):
        with pytest.raises(InputError):
            widths(wrong)


# From end to end -----------------------------------------------------------------------------


def test_fit_then_extract_then_report(tmp_path, data, capsys):
    model, result = tmp_path / "model.safetensors", tmp_path / "result.json"
    page, again, third = (tmp_path / name for name in ("a.html", "b.md", "c.tex"))
    words = ["fit", str(data), "--target", "y", "--width", "2,1", "--save", str(model)]
    assert main([*words, "--out", str(page), "--quiet"]) == 0
    assert "y = b**2 + sin(pi*a)" in capsys.readouterr().out
    assert "<math" in page.read_text()

    words = ["extract", str(model), "--data", str(data), "--target", "y", "--json", str(result)]
    assert main([*words, "--out", str(again)]) == 0
    assert "y = b**2 + sin(pi*a)" in capsys.readouterr().out
    assert json.loads(result.read_text())

    assert main(["report", str(result), "--out", str(third), "--title", "Again"]) == 0
    assert r"\title{Again}" in third.read_text()


@pytest.fixture
def model(tmp_path) -> Path:
    """A network for sin(pi a) + b**2, found by hand."""
    from kansym.neural.models.kan import KAN, EdgeKind
    from tests.planted_models import know, plant, rows

    found = KAN([2, 1, 1], grid=40)
    plant(found, 0, 0, 0, lambda u: (np.pi * u).sin())
    plant(found, 0, 0, 1, lambda u: u**2)
    found.set_edge(1, 0, 0, EdgeKind.STRAIGHT, slope=1.0)
    know(found, rows(), ("a", "b"))
    found.save(tmp_path / "known.safetensors")
    return tmp_path / "known.safetensors"


def test_functions_are_fixed_and_forbidden_edge_by_edge(model, capsys):
    weights = ["extract", str(model), "--edges", "--reading", "weights"]
    weights += ["--library", "x,x^2,sin,cosh,tanh"]
    assert main(weights) == 0
    plain = capsys.readouterr().out
    assert "a -> y = sin" in plain
    assert "b -> y = x^2" in plain

    words = ["--fix", "b -> y=cosh", "--forbid", "a->y=sin"]
    assert main([*weights, *words]) == 0
    changed = capsys.readouterr().out
    assert "b -> y = cosh" in changed
    assert "a -> y = sin" not in changed


def test_fit_takes_a_known_start(tmp_path, data, capsys):
    saved = tmp_path / "model.safetensors"
    words = ["fit", str(data), "--target", "y", "--start", "c*sin(w*a) + ?(b)", "--quiet"]
    assert main([*words, "--constants", "w=3", "--save", str(saved)]) == 0
    found = capsys.readouterr().out
    assert "c = 1; w = 3.14159" in found
    assert "y = b**2 + sin(pi*a)" in found
    assert saved.is_file()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["extract", "--fix", "a -> h=sin"], "did you mean 'a -> y'"),
        (["extract", "--fix", "a -> y=sine"], "did you mean 'sin'"),
        (["extract", "--forbid", "a -> y"], "expected an edge and a function"),
        (["extract", "--forbid", "=sin"], "--forbid was given '=sin'"),
        (["fit", "--start", "c*sin(a)", "--width", "2,1"], "--start and --width"),
        (["fit", "--constants", "c=1"], "give --start as well"),
        (["fit", "--start", "c*sin(a)", "--constants", "d=1"], "no constant of --start"),
        (["fit", "--start", "c*sin(a"], "is expected where"),
        (["fit", "--start", "sqrt(a)"], "not finite on"),
        (["fit", "--fix", "a -> y=sine"], "did you mean 'sin'"),
    ],
)
def test_bad_choices_and_starts_get_one_sentence(model, data, capsys, words, complaint):
    command, *rest = words
    given = [str(model)] if command == "extract" else [str(data), "--target", "y"]
    assert main([command, *given, "--quiet", *rest]) == 2
    found = capsys.readouterr()
    assert complaint in found.err
    assert len(found.err.splitlines()) == 1


@pytest.mark.parametrize("command", ["extract", "fit"])
def test_a_missing_engine_is_told_before_the_work(model, data, capsys, monkeypatch, command):
    monkeypatch.setitem(sys.modules, "pyoperon", None)
    monkeypatch.delitem(sys.modules, "pyoperon.sklearn", raising=False)
    given = [str(model)] if command == "extract" else [str(data), "--target", "y"]
    assert main([command, *given, "--engine", "operon", "--budget", "1000"]) == 2
    found = capsys.readouterr()
    assert "pip install 'kansym[operon]'" in found.err
    assert len(found.err.splitlines()) == 1
    with pytest.raises(SystemExit):
        main([command, *given, "--engine", "opern"])


def test_an_engine_is_asked_for_by_name(model, capsys, monkeypatch):
    from kansym import extraction

    asked = []
    real = extraction.extract
    monkeypatch.setattr(
        extraction, "extract", lambda *a, **k: (asked.append(k.get("engine")), real(*a, **k))[1]
    )
    pytest.importorskip("pyoperon")
    assert main(["extract", str(model), "--engine", "operon", "--quiet"]) == 0
    assert [engine.name for engine in asked] == ["operon"]
    assert "sin(pi*a)" in capsys.readouterr().out


def test_constants_are_names_with_numbers(data, capsys):
    with pytest.raises(SystemExit):
        main(["fit", str(data), "--target", "y", "--start", "c*a", "--constants", "c"])
    assert "no name with a number" in capsys.readouterr().err


def test_demo_finds_the_rydberg_formula_twice(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 0
    found = capsys.readouterr()
    assert "the same formula:             yes" in found.out
    assert "Rydberg constant:             1.0967" in found.out
    assert "100%" in found.err
    page = (tmp_path / "demo" / "report.html").read_text()
    assert "The same network as an MLP" in page
    assert "The Rydberg constant" in page


@pytest.mark.parametrize("separator", [";", "\t", " "])
def test_discover_is_fit_and_reads_the_standard_input(tmp_path, monkeypatch, capsys, separator):
    rows = ["x (m)" + separator + "y", *(f"{n},5{separator}{2 * n + 1},0" for n in range(20))]
    data = io.TextIOWrapper(io.BytesIO("\n".join(rows).encode()))
    monkeypatch.setattr("sys.stdin", data)
    words = ["discover", "-", "--target", "y", "--width", "1,1", "--quiet", "--budget", "60"]
    assert main(words) == 0
    assert "y = 2*x" in capsys.readouterr().out.replace("1*x", "x")


def test_help_is_grouped_by_purpose(capsys):
    with pytest.raises(SystemExit):
        main(["fit", "--help"])
    found = capsys.readouterr().out
    for title in ("the table:", "the network:", "the formula:", "what is written:", "example:"):
        assert f"\n{title}\n" in found


def test_a_column_of_errors_is_asked_about_and_used(tmp_path, capsys):
    x = np.linspace(1, 2, 30)
    sigma = np.full(30, 0.01)
    y = 3 * x + sigma * np.random.default_rng(0).normal(size=30)
    path = tmp_path / "measured.csv"
    path.write_text(
        "x,y,sigma\n" + "\n".join(f"{a},{b},{c}" for a, b, c in zip(x, y, sigma, strict=True))
    )
    assert main(["fit", str(path), "--target", "y", "--quiet"]) == 2
    assert "looks like standard errors of 'y': give --sigma 'sigma'" in capsys.readouterr().err
    words = ["fit", str(path), "--target", "y", "--sigma", "sigma", "--start", "a*x", "--quiet"]
    assert main(words) == 0
    assert "a = 2.9992(12)" in capsys.readouterr().out


def test_errors_of_an_input_are_no_input(tmp_path, capsys):
    path = tmp_path / "fall.csv"
    path.write_text("h [m],t / s,u(t)\n1,2,0.1\n2,3,0.1\n3,4,0.2\n")
    assert main(["fit", str(path), "--target", "h", "--quiet"]) == 2
    said = capsys.readouterr().err
    assert "'u(t)' looks like standard errors of 't': leave it out" in said
    assert "--inputs 't'" in said


def test_a_new_table_gets_its_values_by_the_formula(tmp_path, capsys):
    rows, new, out = (tmp_path / name for name in ("rows.csv", "new.csv", "predicted.csv"))
    rows.write_text("x,y\n" + "\n".join(f"{n},{3 * n}" for n in range(1, 30)))
    new.write_text("name;x [m]\na;1,5\nb;100\n")
    words = ["fit", str(rows), "--target", "y", "--quiet", "--predict", str(new), "--budget", "60"]
    assert main([*words, "--seeds", "2", "--out", str(out)]) == 0
    assert "2 of 2 seeds: y = 3*x" in (said := capsys.readouterr().out)
    assert f"predictions written to {out}" in said
    assert out.read_text() == "name,x,y\na,1.5,4.5\nb,100.0,300.0\n"
    for place, complaint in (("report.html", "give --out predicted.csv"), (str(new), "is read")):
        assert main([*words, "--out", place]) == 2
        assert complaint in capsys.readouterr().err


def test_functions_and_length_are_limited(tmp_path, capsys):
    path = tmp_path / "rows.csv"
    x = np.linspace(0.1, 2, 30)
    path.write_text("x,y\n" + "\n".join(f"{a},{b}" for a, b in zip(x, np.exp(x), strict=True)))
    words = ["fit", str(path), "--target", "y", "--quiet", "--budget", "1"]
    assert main([*words, "--library", "sqrt,x^2", "--max-complexity", "60"]) == 0
    assert "exp" not in capsys.readouterr().out.split("\n")[2]
    assert main([*words, "--library", "sqr"]) == 2
    assert "'sqr': did you mean 'sqrt'" in capsys.readouterr().err
    assert main([*words, "--width", "1,1", "--max-complexity", "9"]) == 2
    assert "leave --start and --width out" in capsys.readouterr().err


def test_a_known_form_has_constants_for_every_group(tmp_path, capsys):
    path = tmp_path / "planets.csv"
    rows = zip([20, 40, 60, 20, 40, 60], "EEEMMM", [0.9, 1.27, 1.55, 1.46, 2.06, 2.53], strict=True)
    path.write_text("L (cm),planet,T (s)\n" + "\n".join(f"{a},{b},{c}" for a, b, c in rows))
    words = ["fit", str(path), "--target", "T", "--groups", "planet", "--quiet", "--start"]
    assert main([*words, "2*pi*sqrt(L/g)", "--constants", "g=900"]) == 0
    found = capsys.readouterr().out
    assert "not the same, p = " in found
    assert " cm s^-2 " in found
    assert main([*words, "?(L)"]) == 2
    assert "leave --save and the unknown parts ?(...) out" in capsys.readouterr().err
    assert main([*words[:-1], "--width", "1,1"]) == 2
    assert "--groups goes with neither --width nor --classes" in capsys.readouterr().err


@pytest.mark.slow
def test_groups_have_one_form_and_their_own_constants(tmp_path, capsys):
    length = np.tile(np.linspace(0.1, 2, 10), 2)
    planet = np.repeat(["Earth", "Mars"], 10)
    noise = 1 + 0.005 * np.random.default_rng(0).normal(size=20)
    period = 2 * np.pi * np.sqrt(length / np.where(planet == "Earth", 9.81, 3.71)) * noise
    path = tmp_path / "planets.csv"
    rows = zip(length, planet, period, strict=True)
    path.write_text("L,planet,T\n" + "\n".join(f"{a},{b},{c}" for a, b, c in rows))
    words = ["fit", str(path), "--target", "T", "--groups", "planet", "--quiet", "--budget", "8"]
    assert main(words) == 0
    found = capsys.readouterr().out
    assert "not the same, p = " in found
    assert "Earth" in found
