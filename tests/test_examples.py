"""Every example and every program in the README runs, and prints what it says it prints."""

import os
import re
import subprocess
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
        output,
        id=f"{page.stem}-{number}",
        marks=() if name in QUICK else pytest.mark.slow,
    )
    for name in PAGES
    for page in [ROOT / name]
    for number, (code, output) in enumerate(FENCED.findall(page.read_text(encoding="utf-8")), 1)
]


def _run(arguments: list[str], folder: Path) -> str:
    run = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


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
def test_example_runs_and_says_something(path: Path, tmp_path: Path):
    assert _run([str(path)], tmp_path).strip()


@pytest.mark.parametrize(("code", "output"), PROGRAMS)
def test_program_in_the_pages_prints_what_is_shown(code: str, output: str, tmp_path: Path):
    printed = _run(["-c", code], tmp_path)
    if output:
        assert printed.strip() == output.strip()


def test_examples_are_short():
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in EXAMPLES}
    assert lengths
    assert max(lengths.values()) <= 60
