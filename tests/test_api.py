"""The public surface: complete, sorted, lazy and quick."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import kansym
from tests.clock import children

HEAVY = ["torch", "sympy", "matplotlib", "pysr", "sklearn", "scipy", "pandas", "networkx", "numpy"]


def _python(code: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return run.stdout


def _sort_key(name: str) -> tuple[int, str]:
    """Constants, classes, then functions: the order that ruff (RUF022) keeps."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def test_all_is_sorted_and_free_of_repeats():
    assert kansym.__all__ == sorted(set(kansym.__all__), key=_sort_key)


@pytest.mark.parametrize("name", kansym.__all__)
def test_every_public_name_resolves_to_a_documented_object(name: str):
    value = getattr(kansym, name)
    assert value.__doc__


def test_the_table_of_modules_and_the_imports_for_type_checkers_agree():
    tree = ast.parse(Path(kansym.__file__).read_text(encoding="utf-8"))
    block = next(
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    seen = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {name: f"kansym.{module}" for name, module in kansym._MODULE_OF.items()}
    assert {*seen, "__version__"} == set(kansym.__all__)


@pytest.mark.parametrize("module", sorted(kansym._MODULES))
def test_public_names_are_in_the_public_list_of_their_module(module: str):
    assert set(kansym._MODULES[module]) <= set(import_module(f"kansym.{module}").__all__)


def test_no_module_hides_a_public_name():
    """A file named as a public function would take its place once it is imported."""
    package = Path(kansym.__file__).parent
    modules = {path.stem for path in package.iterdir()}
    assert not modules & set(kansym.__all__)


def test_import_loads_no_heavy_package():
    code = f"import sys, kansym; print([n for n in {HEAVY} if n in sys.modules])"
    assert _python(code).strip() == "[]"


def test_matplotlib_is_loaded_when_something_is_drawn():
    code = (
        "import sys, kansym; from kansym.documents.pictures import new_axes; "
        "kansym.extract, kansym.report; print('matplotlib' in sys.modules); "
        "new_axes(10, 10); print('matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    assert _python(code).split() == ["False", "True", "False"]


def _seconds(code: str) -> float:
    """Processor time of a program, the best of three."""
    times = []
    for _ in range(3):
        start = children()
        _python(code)
        times.append(children() - start)
    return min(times)


def test_import_takes_a_fraction_of_a_second():
    assert _seconds("import kansym") < _seconds("pass") + 0.3


def test_an_unknown_name_is_an_error_that_names_the_nearest():
    with pytest.raises(AttributeError, match="'to_mpl': did you mean 'to_mlp'"):
        kansym.to_mpl  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue]


def test_dir_lists_the_public_names():
    assert set(kansym.__all__) <= set(dir(kansym))


def test_version_is_that_of_the_distribution():
    assert _python("import kansym; print(kansym.__version__)").strip() == kansym.__version__
    assert kansym.__version__[0].isdigit()
