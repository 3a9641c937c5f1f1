"""Every example and every program in the README runs, and prints what it says it prints."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
FENCED = re.compile(r"```python\n(.*?)```(?:\s*```text\n(.*?)```)?", re.DOTALL)
QUICK = ("README.md", "docs/get-started.md")
"""Pages whose programs run at every change."""
PAGES = (*QUICK, "docs/from-a-table.md", "docs/coming-from.md")
PROGRAMS = [
    pytest.param(
        code,
        shown,
        id=f"{page.stem}-{number}",
        marks=() if name in QUICK else pytest.mark.slow,
    )
    for name in PAGES
    for page in [ROOT / name]
    for number, (code, shown) in enumerate(FENCED.findall(page.read_text(encoding="utf-8")), 1)
]


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    """Runs a program in a folder of its own and gives what it printed.

    In this process, where warnings are errors as well: loading everything anew for each program
    would take longer than most of them.
    """

    def run(code: str, name: str) -> str:
        monkeypatch.chdir(tmp_path)
        exec(compile(code, name, "exec"), {"__name__": "__main__", "__file__": name})  # noqa: S102
        return capsys.readouterr().out.strip()

    yield run
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


QUICK_EXAMPLES = ("formula_from_data", "kan_and_its_mlp", "write_a_report")
"""Examples that run at every change; the case studies take about ten seconds each."""


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path, id=path.stem, marks=() if path.stem in QUICK_EXAMPLES else pytest.mark.slow
        )
        for path in EXAMPLES
    ],
)
def test_example_runs_and_says_something(path: Path, output):
    assert output(path.read_text(encoding="utf-8"), str(path))


@pytest.mark.parametrize(("code", "shown"), PROGRAMS)
def test_program_in_the_pages_prints_what_is_shown(code: str, shown: str, output):
    printed = output(code, "<page>")
    if shown:
        assert printed == shown.strip()


def test_examples_are_short():
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in EXAMPLES}
    assert lengths
    assert max(lengths.values()) <= 60
