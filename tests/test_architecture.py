"""The folders of the package are its architecture, and the contracts are rules on folders."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "kansym"
FILES = sorted(PACKAGE.rglob("*.py"))
LAZY = {PACKAGE / "__init__.py"}  # the public names, which load when they are first used


def _contracts() -> list[dict]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["tool"]["importlinter"]["contracts"]


def _folders() -> set[str]:
    """Folders directly in kansym, and the file that starts the program."""
    return {path.parent.name for path in PACKAGE.glob("*/__init__.py")} | {"__main__"}


def test_every_folder_stands_on_one_floor():
    floors = next(c["layers"] for c in _contracts() if c["type"] == "layers")
    named = [name.strip() for floor in floors for name in floor.split(":")]
    assert sorted(named) == sorted(f"kansym.{folder}" for folder in _folders())


def test_the_drawing_of_the_house_has_every_folder():
    page = (ROOT / "docs" / "how-it-works.md").read_text("utf-8")
    house = page.split("## The house")[1].split("### ")[0]
    assert not [name for name in _folders() - {"__main__"} if f" {name} " not in house]


def test_contracts_name_folders_not_files():
    for contract in _contracts():
        for name in contract.get("source_modules", []):
            assert (ROOT / name.replace(".", "/") / "__init__.py").is_file(), name


def test_no_file_is_named_for_what_it_is_not():
    """Files and folders are named by their noun; these names say nothing."""
    nothing = {"base", "common", "core", "helpers", "misc", "utils"}
    assert not {part for path in FILES for part in path.relative_to(PACKAGE).parts} & nothing
    assert not {path.stem for path in FILES} & nothing


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_of_the_package_is_imported_by_a_string(path: Path):
    """What is imported by a string escapes the contracts."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if _imports(node)]
    assert path in LAZY or not calls


def _imports(node: ast.AST) -> bool:
    """Whether a node is import_module of a text that begins with kansym."""
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[-1] in {"import_module", "__import__"}
        and bool(re.match(r"f?['\"]kansym", ast.unparse(node.args[0])))
    )
