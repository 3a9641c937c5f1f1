"""The pages cover what there is; that they build without warnings is checked by `make docs`."""

import re
from pathlib import Path

import pytest

import kansym
from kansym.problems.catalogue import list_sets

DOCS = Path(__file__).parent.parent / "docs"
REFERENCE = {
    name
    for page in (DOCS / "reference").glob("*.md")
    for name in re.findall(r"automodule:: (kansym\.[\w.]+)", page.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("name", sorted(set(kansym.__all__) - {"__version__"}))
def test_the_home_of_every_public_name_has_a_reference_page(name: str):
    value = getattr(kansym, name)
    home = getattr(value, "__module__", type(value).__module__)
    assert home in REFERENCE or f"kansym.{kansym._MODULE_OF[name]}" in REFERENCE


def test_every_problem_set_has_a_table():
    page = (DOCS / "problems.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\{problem-table\} ([\w-]+)", page)) == set(list_sets())


def test_every_reference_page_is_in_the_index():
    index = (DOCS / "reference" / "index.md").read_text(encoding="utf-8")
    pages = {page.stem for page in (DOCS / "reference").glob("*.md")} - {"index"}
    assert pages <= set(index.split())


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_outside_the_documentation_lead_somewhere(name: str):
    """Those within it are checked when it is built."""
    page = DOCS.parent / name
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (DOCS.parent / target).exists(), target
