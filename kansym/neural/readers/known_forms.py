"""The formula that a KAN was drawn from, if it was drawn from one."""

from functools import partial
from typing import Any

import numpy as np
import torch

from kansym.network.known_form import KnownForm
from kansym.neural.models.kan import KAN
from kansym.neural.models.kan_layer import EdgeKind, KANLayer

__all__ = ["known_form"]


def known_form(model: Any) -> KnownForm | None:
    """The known form of a model as plain data; None if it has none.

    Examples
    --------
    >>> known_form(KAN.from_expression("a*x", constants={"a": 2.0})).constants
    {'a': 2.0}
    """
    if not isinstance(model, KAN) or not model.expression:
        return None
    curves = {}
    for name, (position, target, source) in model.unknown_parts.items():
        layer = model.kan_layers[position]
        if layer.kind[target, source] != EdgeKind.SPLINE:
            return None
        curves[name] = partial(_curve, layer, target, source)
    return KnownForm(model.expression, model.input_names, model.constants, curves)


@torch.no_grad()
def _curve(layer: KANLayer, target: int, source: int, u: np.ndarray) -> np.ndarray:
    """Values of one edge."""
    u = np.atleast_1d(np.asarray(u, dtype=float))
    x = torch.zeros(u.size, layer.n_in, dtype=layer.coef.dtype, device=layer.coef.device)
    x[:, source] = torch.as_tensor(u.ravel()).to(x)
    values = layer.edges(x)[:, target, source].double().cpu().numpy()
    return values.reshape(u.shape)
