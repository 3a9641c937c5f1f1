"""Objects of pykan's MultKAN: their numbers are taken out; pykan itself is not called."""

from typing import Any

import numpy as np
import torch
from torch import nn

from kansym.network.stages import Function, Inputs
from kansym.neural.readers.kan_layers import as_numpy
from kansym.neural.readers.pykan_models import PykanModel, knows
from kansym.neural.readers.torch_layers import layer_reader
from kansym.shared.errors import UnsupportedModelError

__all__ = ["is_pykan", "pykan_model"]


def is_pykan(module: nn.Module) -> bool:
    """Whether a module is a KAN of pykan."""
    return any(
        kind.__module__.split(".")[0] == "kan" and kind.__name__ == "MultKAN"
        for kind in type(module).__mro__
    )


def pykan_model(module: Any) -> PykanModel:
    """The numbers of a KAN of pykan."""
    functions = {
        (layer, target, source): _InNumpy(symbols.funs[target][source])
        for layer, symbols in enumerate(module.symbolic_fun)
        for target, row in enumerate(symbols.funs_name)
        for source, name in enumerate(row)
        if not knows(name)
    }
    return PykanModel(
        width=tuple((int(pair[0]), int(pair[1])) for pair in module.width),
        arity=module.mult_arity,
        degrees=tuple(int(layer.k) for layer in module.act_fun),
        base=_base(module.base_fun_name),
        symbolic=bool(module.symbolic_enabled),
        names=tuple(symbols.funs_name for symbols in module.symbolic_fun),
        state={name: as_numpy(tensor) for name, tensor in module.state_dict().items()},
        inputs=tuple(int(column) for column in module.input_id),
        functions=functions,
    )


def _base(base: object) -> str | Function:
    """The base function: a name, or an activation of torch."""
    if isinstance(base, str):
        return base
    reader = layer_reader(base) if isinstance(base, nn.Module) else None
    if reader is None:
        raise UnsupportedModelError(
            f"The base function {base!r} of this pykan model is not known: use a name of pykan or "
            "an activation of torch.nn."
        )
    (units,) = reader(base, Inputs(1)).units  # pyright: ignore[reportAttributeAccessIssue]
    return units.function


class _InNumpy:
    """A function of torch tensors, in numpy and double precision."""

    def __init__(self, function: Any):
        self.function = function

    def __call__(self, x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return self.function(torch.as_tensor(x)).numpy()
