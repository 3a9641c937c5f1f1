"""Problem sets from files: TOML tables ``[[problem]]``, or one CSV table.

::

    set = "mine"
    source = "notebook 7"

    [[problem]]
    name = "pendulum"
    formula = "2*pi*sqrt(L/g)"
    output = "T"
    ranges = { L = [0.1, 2], g = { low = 1, high = 25, distribution = "log-uniform" } }
    units = { L = "m", g = "m s^-2", T = "s" }

Formulas are parsed, never run.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from kansym.problems.problem import Problem
from kansym.problems.problem_tables import COMPUTED_TABLES, DATA_FOLDER
from kansym.problems.ranges import Range
from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.shared.table_files import read_table

__all__ = ["load_problem_file", "read_problems"]

_KEYS = {field.name for field in fields(Problem)}
_FILE_KEYS = {"set", "source", "note", "problem"}
_OUTPUTS = ("y", "f", "output", "target", "result")
_TEXT_KEYS = [field.name for field in fields(Problem) if field.type in (str, str | None)]


def load_problem_file(path: str | os.PathLike[str], *, output: str | None = None) -> list[Problem]:
    """Problems of a TOML file, or the one problem that a CSV table is.

    Everything is checked here: keys, names, ranges, formulas and their symbols, tables and units.

    Parameters
    ----------
    path : file that ends in ``.toml``, ``.csv`` or ``.csv.gz``.
    output : column of a CSV table to predict; by default the one that a comment line
        ``# output: name`` names, else the last.

    Raises
    ------
    InputError
        If the file cannot be read or a problem in it cannot be used, with the problem's name.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "mine.toml")
    ...     _ = path.write_text('''[[problem]]
    ... name = "line"
    ... formula = "2*x + 1"
    ... ranges = { x = [0, 1] }
    ... ''')
    ...     print(*load_problem_file(path))
    line (mine): y = 2*x + 1
    """
    path = Path(path)
    if path.suffix == ".toml":
        problems = read_problems(path)
    elif path.name.endswith((".csv", ".csv.gz")):
        problems = [_of_csv(path, output)]
    else:
        raise InputError(f"{path.name} is neither .toml nor .csv: give a problem file of those.")
    for problem in problems:
        _check_deeply(problem)
    return problems


def read_problems(path: Path) -> list[Problem]:
    """Problems of a TOML file; formulas are not parsed yet."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"There is no file {path}: give the path of a TOML file.") from None
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML file ({error}): mend it there.") from error
    tables = content.get("problem")
    if not isinstance(tables, list) or not tables or not all(isinstance(t, dict) for t in tables):
        raise InputError(f"{path} has no problems: write one [[problem]] table for each.")
    _refuse_unknown(content, _FILE_KEYS, f"{path.name}, outside its [[problem]] tables,")
    shared = {"set": content.get("set", path.stem), "source": content.get("source", "")}
    problems = [_of_toml(shared | table, path, n) for n, table in enumerate(tables, 1)]
    names = [problem.name for problem in problems]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{path} has two problems named {twice[0]!r}: rename one of them.")
    return problems


def _of_toml(table: dict[str, Any], path: Path, number: int) -> Problem:
    name = table.get("name")
    if not isinstance(name, str) or not name.strip():
        raise InputError(f'Problem number {number} of {path} has no name: add name = "...".')
    where = f"problem {name!r} of {path.name}"
    _refuse_unknown(table, _KEYS, where)
    for key in _TEXT_KEYS:
        if not isinstance(table.get(key, ""), str):
            raise _unfit(f"The {key} of {where} is", table[key], "it as a text")
    ranges = _ranges(table.get("ranges", {}), where)
    relations = _texts(table, "relations", where)
    inputs = _inputs(table, ranges, relations, where)
    output = table.get("output") or next((o for o in _OUTPUTS if o not in inputs), "the output")
    if output in inputs:
        raise InputError(f"The output of {where} is {output!r}, which is an input too: rename it.")
    checked = {
        "inputs": inputs,
        "output": output,
        "ranges": ranges,
        "test_ranges": _ranges(table.get("test_ranges", {}), where),
        "units": _texts(table, "units", where),
        "relations": relations,
        "constants": _constants(table.get("constants", {}), where),
        "table": _place(table.get("table"), path, where),
    }
    return Problem(**table | checked)


def _unfit(what: str, value: Any, write: str) -> InputError:
    """The error about a value of another shape."""
    return InputError(f"{what} {value!r}: write {write}.")


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise InputError(f"The key {key!r} of {where} is unknown: {hint(key, sorted(known))}.")


def _ranges(table: Any, where: str) -> dict[str, Range]:
    if not isinstance(table, dict):
        raise _unfit(f"The ranges of {where} are", table, "{ x = [low, high] }")
    return {name: _range(value, f"{name!r} in {where}") for name, value in table.items()}


def _range(value: Any, where: str) -> Range:
    if isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)):
        found = Range(float(value[0]), float(value[1]))
    elif isinstance(value, dict) and _is_number(value.get("low")) and _is_number(value.get("high")):
        _refuse_unknown(value, {"low", "high", "distribution", "points"}, f"the range of {where}")
        default = "grid" if "points" in value else "uniform"
        ends = float(value["low"]), float(value["high"])
        found = Range(*ends, value.get("distribution", default), value.get("points"))
    else:
        raise _unfit(f"The range of {where} is", value, "[low, high] with two numbers")
    found.check(where)
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _texts(table: Mapping[str, Any], key: str, where: str) -> dict[str, str]:
    found = table.get(key, {})
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise _unfit(f"The {key} of {where} are", found, '{ x = "..." }')
    return found


def _constants(table: Any, where: str) -> dict[str, tuple[float, str]]:
    good = isinstance(table, dict) and all(
        isinstance(c, list) and len(c) == 2 and _is_number(c[0]) and isinstance(c[1], str)
        for c in table.values()
    )
    if not good:
        raise _unfit(f"The constants of {where} are", table, '{ g = [9.81, "m s^-2"] }')
    return {name: (float(value), unit) for name, (value, unit) in table.items()}


def _inputs(
    table: Mapping[str, Any], ranges: Mapping[str, Range], relations: Mapping[str, str], where: str
) -> tuple[str, ...]:
    """Names of the inputs, after checking that the rows have exactly one source."""
    # A formula beside a table is the law that its rows follow.
    kinds = ("table",) if "table" in table else ("formula", "function", "relations")
    sources = [key for key in kinds if key in table]
    if len(sources) != 1:
        raise InputError(
            f"{where.capitalize()} has {' and '.join(sources) or 'no formula'}: "
            "give one of formula, function, table or relations."
        )
    given = table.get("inputs")
    listed = isinstance(given, list) and given and all(isinstance(name, str) for name in given)
    if given is not None and not listed:
        raise _unfit(f"The inputs of {where} are", given, '["x1", "x2"]')
    if "table" in table:
        if given is None:
            raise InputError(f"{where.capitalize()} is a table: add inputs = [...].")
        return tuple(given)
    if not ranges:
        raise InputError(f"{where.capitalize()} has no ranges: add {{ x = [low, high], ... }}.")
    names = (*ranges, *(name for name in relations if name not in ranges))
    if given is not None and set(given) != set(names):
        raise InputError(
            f"The inputs of {where} are {given}, but ranges are given for {list(names)}: "
            "give each input one range."
        )
    return tuple(given or names)


def _place(table: str | None, path: Path, where: str) -> str | None:
    """Built-in tables keep their name; those of outside files become absolute paths."""
    if table is None or table in COMPUTED_TABLES or path.parent == DATA_FOLDER:
        return table
    place = (path.parent / table).resolve()
    if not place.exists():
        raise InputError(f"The table of {where} is not there: {place}.")
    return str(place)


def _of_csv(path: Path, output: str | None) -> Problem:
    table = read_table(path)
    columns = list(table.columns)
    output = output or table.comments.get("output") or (columns[-1] if columns else "")
    if output not in columns:
        raise InputError(
            f"The output column {output!r} is not among the numeric columns of {path.name}, "
            f"{', '.join(columns) or 'which has none'}: name one of them."
        )
    if len(columns) < 2:
        raise InputError(f"{path.name} has one numeric column: give inputs and an output.")
    uncertainty = table.comments.get("uncertainty")
    return Problem(
        path.name.split(".")[0],
        "file",
        tuple(name for name in columns if name not in (output, uncertainty)),
        output,
        table=str(path.resolve()),
        units={name: table.units[name] for name in columns if name in table.units},
        uncertainty=uncertainty,
        source=table.comments.get("source", ""),
    )


def _check_deeply(problem: Problem) -> None:
    """Parse the formula, find its function, its table and its units."""
    from kansym.problems.special_functions import SPECIAL_FUNCTIONS

    if problem.function is not None and problem.function not in SPECIAL_FUNCTIONS:
        raise InputError(
            f"Problem {problem.name!r} has the unknown function {problem.function!r}: "
            f"{hint(problem.function, SPECIAL_FUNCTIONS)}."
        )
    _ = problem.template
    if problem.table is not None:
        problem.data()
    else:
        problem.sample(10)
    problem.check_units()
