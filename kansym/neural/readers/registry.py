"""Readers that users add for their own layers."""

from collections.abc import Callable
from typing import Any

from kansym.network.stages import Stage

__all__ = ["LayerReader", "register_reader", "registered_reader"]

LayerReader = Callable[[Any, Stage], Stage]
"""From a layer and the stage that enters it to the stage that leaves it."""

_READERS: dict[type, LayerReader] = {}


def register_reader(kind: type) -> Callable[[LayerReader], LayerReader]:
    """Teach `trace` a kind of layer or model.

    Parameters
    ----------
    kind : the class; its subclasses are read the same way.

    Returns
    -------
    A decorator for a function from the layer and the `kansym.network.stages.Stage` that enters it
    to the
    stage that leaves it.

    Examples
    --------
    >>> import numpy as np, torch
    >>> class Doubling(torch.nn.Module):
    ...     def forward(self, x):
    ...         return 2 * torch.exp(x)
    >>> @register_reader(Doubling)
    ... def read_doubling(layer, stage):
    ...     return stage.elementwise(np.exp).scale(2.0)
    """

    def register(reader: LayerReader) -> LayerReader:
        _READERS[kind] = reader
        return reader

    return register


def registered_reader(model: object) -> LayerReader | None:
    """The reader registered for a model's class or the nearest of its bases."""
    for kind in type(model).__mro__:
        if kind in _READERS:
            return _READERS[kind]
    return None
