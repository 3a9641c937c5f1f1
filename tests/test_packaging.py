"""What is published: archives that build, pass the checks of the index, and run by themselves."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow

PROGRAM = """
import kansym
from kansym.problems import list_problems, load_problem
assert "site" in kansym.__file__, kansym.__file__
assert len(load_problem("hydrogen-lines").data().y) > 10
x = [[0.5 * n] for n in range(40)]
found = kansym.discover(x, [2 * row[0] for row in x], seconds=5)
print(len(list_problems()) > 300, found.result.expr)
"""


def _run(*arguments: str, folder: Path, **settings: str) -> str:
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", **settings},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def archives(tmp_path_factory) -> Path:
    """The source archive, and the wheel that is built from it."""
    for package in ("build", "hatchling", "twine"):
        pytest.importorskip(package)
    place = tmp_path_factory.mktemp("dist")
    _run("-m", "build", "--no-isolation", "--outdir", str(place), str(ROOT), folder=place)
    return place


def test_the_index_would_take_them(archives: Path):
    names = sorted(map(str, archives.iterdir()))
    assert [name.rsplit(".", 1)[1] for name in names] == ["whl", "gz"]
    assert "WARNING" not in _run("-m", "twine", "check", "--strict", *names, folder=archives)


def test_the_wheel_has_data_and_types_and_nothing_else(archives: Path):
    (wheel,) = archives.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "kansym/py.typed" in names
    assert {Path(name).parts[0].split("-")[0] for name in names} == {"kansym"}
    own = {path.relative_to(ROOT).as_posix() for path in (ROOT / "kansym").rglob("*.toml")}
    assert own <= set(names)


def test_the_wheel_runs_by_itself(archives: Path, tmp_path: Path):
    (wheel,) = archives.glob("*.whl")
    site = tmp_path / "site"
    _run(
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(site),
        str(wheel),
        folder=tmp_path,
    )
    found = _run("-c", PROGRAM, folder=tmp_path, PYTHONPATH=str(site))
    assert found.split() == ["True", "2*x1"]
    version = _run("-m", "kansym", "--version", folder=tmp_path, PYTHONPATH=str(site))
    assert version.startswith("kansym ")
