"""The door: any trained model becomes a `Network`, and nothing after it knows which it was."""

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from kansym.network.condensing.condense import condense
from kansym.network.network import Network
from kansym.neural.readers.opened import Opened, Readable, ReadRows
from kansym.neural.readers.registry import register_reader, registered_reader
from kansym.shared.errors import InputError, UnsupportedModelError
from kansym.shared.tables import Table, as_table, output_names, split_units

__all__ = ["register_reader", "rows_of", "trace"]

MOST_ROWS = 4096
"""Rows on which curves are drawn; of more, this many are chosen, and the extremes of the inputs."""


@np.errstate(all="ignore")
def trace(model: Any, X: Any = None, *, tolerance: float | None = None) -> Network:
    """Open a trained model: a condensed network of univariate curves.

    Parallel hidden units are merged, straight edges folded, dead ones dropped. The model, global
    random numbers and the file system stay as they were.

    Parameters
    ----------
    model : a `KAN` or `MLP`; a ``torch.nn.Module`` of linear layers, activations and skip
        connections, or of layers that are sums of univariate functions; a scikit-learn
        ``MLPRegressor`` or ``MLPClassifier``, also at the end of a ``Pipeline``; a KAN of pykan;
        or the path of a model file (``.safetensors``, ``.onnx``, a checkpoint of pykan).
    X : rows (rows, inputs) on which curves are drawn, in the units of the inputs. Models of
        kansym remember some of their training rows, others need them here.
    tolerance : relative distance within which curves count as constant, straight or parallel;
        by default 1e-9, or 64 times the precision of the model's numbers if that is more, but
        never above 1e-3.

    Raises
    ------
    InputError
        For rows that do not fit the model, or a model that cannot be used as it is.
    UnsupportedModelError
        For a layer that no reader opens; `register_reader` adds one.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    >>> X = np.random.default_rng(0).uniform(-1, 1, (100, 2))
    >>> print(trace(model, X))
    Network of Sequential [2, 3, 1]: 2 inputs, 3 hidden nodes, 1 outputs, 9 edges
    """
    if tolerance is not None and not 0 < tolerance < 1:
        raise InputError(f"tolerance={tolerance} is not usable: give a number between 0 and 1.")
    if isinstance(model, str | PathLike):
        from kansym.neural.readers.files import load_model

        model = load_model(Path(model))
    if isinstance(model, dict):
        raise _unsupported(model)
    rows = rows_of(model, X)
    reading = ReadRows(_fewer(rows.values))
    opened = _opened(model, reading)
    _check_finite(opened, reading)
    outputs = opened.output_names
    if not outputs or set(outputs) & set(rows.names):
        outputs = output_names(opened.stage.width, rows.names)
    return condense(
        opened.stage,
        reading.rows,
        inputs=rows.names,
        outputs=outputs,
        source=opened.source,
        parameters=opened.parameters,
        tolerance=_default_tolerance(opened.precision) if tolerance is None else tolerance,
    )


def _default_tolerance(precision: float) -> float:
    """What rounding may have moved apart; half precision would allow to merge anything."""
    return min(max(1e-9, 64 * precision), 1e-3)


def _check_finite(opened: Opened, reading: ReadRows) -> None:
    """Refuse rows on which the model has no finite value."""
    with np.errstate(all="ignore"):
        values = opened.stage.evaluate(reading.rows)
    bad = ~np.isfinite(values.sum(axis=1))
    if bad.any():
        many, remedy = f"{int(bad.sum())}", "leave these rows out of X"
        if bad.all():
            many, remedy = "any", "X must be in the units and the range that it was trained on"
        raise InputError(
            f"{opened.source} gives no finite value on {many} of {len(bad)} rows, such as "
            f"{reading.rows[int(np.argmax(bad))].tolist()}: {remedy}."
        )


def _packages(model: object) -> set[str]:
    """The packages that a model's class and its bases come from."""
    return {kind.__module__.split(".")[0] for kind in type(model).__mro__}


def _opened(model: Any, reading: ReadRows) -> Opened:
    """A model as stages, by the reader for its kind."""
    packages = _packages(model)
    if isinstance(model, Readable):
        return model.open(reading)
    if "torch" in packages:
        from kansym.neural.readers.torch_modules import open_module

        return open_module(model, reading)
    if "sklearn" in packages:
        from kansym.neural.readers.sklearn_models import open_estimator

        return open_estimator(model, reading)
    if (reader := registered_reader(model)) is not None:
        return Opened(reader(model, reading.inputs), type(model).__name__, (0, 0))
    raise _unsupported(model)


def _unsupported(model: object) -> Exception:
    """The error for something that is no model."""
    if isinstance(model, dict):
        return UnsupportedModelError(
            "A dictionary was given, expected a model: a state dict holds numbers but not the "
            "layers that they belong to, so load it into its model with load_state_dict and give "
            "that."
        )
    return UnsupportedModelError(
        f"No reader opens a {type(model).__module__}.{type(model).__qualname__}: give a torch "
        "module, a scikit-learn MLP, a model file, or register a reader with "
        "kansym.register_reader."
    )


def rows_of(model: Any, X: Any) -> Table:
    """Checked rows with the names of the inputs: those of X, else those of the model."""
    remembered: Float[np.ndarray, "rows inputs"] | None = None
    # Estimators of scikit-learn that were fitted on a data frame, and files, name their inputs.
    # Names are without units, as those of rows are.
    names = tuple(split_units([str(name) for name in getattr(model, "feature_names_in_", ())])[0])
    if "torch" in _packages(model):
        from kansym.neural.readers.torch_modules import memory

        remembered, names = memory(model)
    elif isinstance(model, Readable):
        names = model.input_names
    if X is None and remembered is None:
        what = "This model file" if isinstance(model, Readable) else type(model).__name__
        raise InputError(
            f"{what} remembers no rows to be read on: give X, the inputs that it "
            "was trained on (a KAN or MLP of kansym remembers some once it is trained)."
        )
    return _named(as_table(remembered if X is None else X), X, names)


def _named(table: Table, X: Any, names: tuple[str, ...]) -> Table:
    """Rows under the names that the model or the data give, checked against each other."""
    if not names or len(names) != len(table.names):
        return table
    named_data = type(X).__module__.split(".")[0] == "pandas"
    default = tuple(f"x{i + 1}" for i in range(len(names)))
    if not named_data:
        return Table(table.values, names)
    if names in (default, table.names):
        return table
    if set(names) == set(table.names):
        raise InputError(
            f"The columns of X are in another order than the model's inputs: give X[{list(names)}]."
        )
    missing = [name for name in names if name not in table.names]
    raise InputError(
        f"X has no column {missing[0]!r}, an input of the model: its inputs are {list(names)}."
    )


def _fewer(rows: Float[np.ndarray, "rows inputs"]) -> Float[np.ndarray, "fewer inputs"]:
    """At most MOST_ROWS rows, drawn with a fixed seed, and those with the extremes of an input."""
    if len(rows) <= MOST_ROWS:
        return rows
    chosen = np.random.default_rng(0).choice(len(rows), MOST_ROWS, replace=False)
    ends = np.concatenate([rows.argmin(axis=0), rows.argmax(axis=0)])
    return rows[np.union1d(chosen, ends)]
