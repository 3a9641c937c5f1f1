"""Every file of the package is on one side of the door, and says so in the contracts."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "kansym"
MEETING_PLACES = {
    "__init__", "__main__", "bench", "claims", "cli", "demo", "discovery", "evidence",
    "extraction", "known_start", "readers", "reporting", "result_files", "tracing",
}  # fmt: skip


def _contracts() -> list[dict]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["tool"]["importlinter"]["contracts"]


def _files() -> set[str]:
    """Modules and packages directly in kansym."""
    modules = {path.stem for path in PACKAGE.glob("*.py")}
    return modules | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def _sided() -> list[str]:
    return [
        name.removeprefix("kansym.")
        for contract in _contracts()
        if contract["type"] == "forbidden"
        for name in contract["source_modules"]
    ]


def test_every_file_is_in_exactly_one_contract_or_a_meeting_place():
    sided = _sided()
    assert len(sided) == len(set(sided))
    assert not set(sided) & MEETING_PLACES
    assert _files() - set(sided) - MEETING_PLACES == set()


def test_the_contracts_name_only_files_that_exist():
    assert set(_sided()) <= _files()


def test_each_list_of_a_contract_is_sorted():
    for contract in _contracts():
        names = contract.get("source_modules", [])
        assert names == sorted(names)


def test_no_file_is_named_for_what_it_is_not():
    """Files are named by their noun; these names say nothing."""
    assert not _files() & {"base", "common", "core", "helpers", "misc", "utils"}
