"""Settings of training, and what can be trained at all, checked before any work begins."""

from math import inf, isnan
from numbers import Real
from typing import Any

import numpy as np
from torch import nn

from kansym.neural.models.kan import KAN
from kansym.shared.errors import InputError
from kansym.shared.printable_text import shortened
from kansym.shared.whole_numbers import LARGEST_SEED, checked_seed, checked_whole

__all__ = ["check_settings", "check_trainable"]

MOST_TRAINED, MOST_VALUES = 10**7, 5 * 10**8
"""Most parameters, and most values that the splines of a layer may take on all rows, 4 GB."""

FINEST, FINEST_PER_ROW = 1000, 10
"""A grid may have so many intervals, and so many more for every row."""


def check_settings(
    *,
    optimiser: Any,
    validation: Any,
    starts: Any,
    prune: Any,
    steps: Any,
    sparsity: Any,
    seed: Any,
    seconds: Any,
) -> None:
    """Refuse settings that describe no training."""
    checked_seed(seed)
    checked_whole("starts", starts, 1, LARGEST_SEED)
    if steps is not None:
        checked_whole("steps", steps, 1, LARGEST_SEED)
    known = isinstance(optimiser, str) and optimiser in ("lm", "lbfgs", "adam")
    if optimiser is not None and not known:
        raise InputError(f"optimiser={optimiser!r} is not known: use 'lm', 'lbfgs' or 'adam'.")
    if not isinstance(prune, bool | np.bool_):
        raise InputError(f"prune={prune!r} is not usable: give True or False.")
    if not _is_number(validation) or not 0 <= validation <= 0.5:
        raise InputError(f"validation={validation!r} is not a share of rows: give 0 to 0.5.")
    if not _is_number(sparsity) or not 0 <= sparsity < inf:
        raise InputError(f"sparsity={sparsity!r} is not usable: give a number of at least 0.")
    if not _is_number(seconds):
        raise InputError(f"seconds={shortened(repr(seconds))} is no time: give a number.")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and not isnan(value)


def check_trainable(model: nn.Module, rows: int) -> None:
    """Refuse a model that is far too large for its rows or for the memory.

    Raises
    ------
    InputError
        With the size.
    """
    size = sum(parameter.numel() for parameter in model.parameters())
    values = 0
    if isinstance(model, KAN):
        finest = max(layer.grid for layer in model.kan_layers)
        if finest > FINEST + FINEST_PER_ROW * rows:
            raise InputError(
                f"A grid of {finest} intervals was given for {rows} rows, most of them empty: "
                "give a coarser grid, 5 to begin with."
            )
        widest = max(layer.n_in * (layer.grid + layer.degree) for layer in model.kan_layers)
        values = rows * widest
    if size > MOST_TRAINED or values > MOST_VALUES:
        raise InputError(
            f"A model of {size} parameters and {rows} rows are too much to be trained here: "
            "give smaller widths or a coarser grid."
        )
