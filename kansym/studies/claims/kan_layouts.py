"""MLPs in the form of a KAN: the layout, its rivals of equal size, and what keeps it readable.

A KAN of degree 1 is an MLP whose hidden units come in groups of copies: all units of a group have
the same direction and differ by their shifts. Trained with all weights free, the copies drift
apart. Their distance is the share of a unit's weights that is not along its group's direction u,

    d(w) = 1 - (w . u)^2 / (w . w) = sin^2(angle between w and u).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from torch import Tensor, nn

from kansym.neural.models.kan import KAN
from kansym.neural.models.mlp import MLP
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from kansym.shared.errors import InputError

__all__ = ["direction_groups", "direction_penalty", "same_layout", "widened"]

Groups = list[list[list[int]]]
"""Per hidden layer, groups of units."""


def same_layout(kan: KAN, seed: int) -> nn.Sequential:
    """The MLP form of a KAN of the same shape with random splines: the layout, nothing learned.

    Examples
    --------
    >>> kan = KAN([2, 3, 1], grid=4, degree=1)
    >>> [module.out_features for module in same_layout(kan, 1) if isinstance(module, nn.Linear)]
    [8, 12, 1]
    """
    splines = {"grid": kan.grid, "degree": kan.degree, "domain": kan.domain}
    return to_mlp(KAN(kan.widths, seed=seed, **splines, **_like(kan)))


def widened(kan: KAN, seed: int) -> MLP:
    """A dense ReLU MLP with as many hidden units as the MLP form: expand and shift dropped.

    Examples
    --------
    >>> widened(KAN([2, 3, 1], grid=4, degree=1), 0).widths
    (2, 8, 12, 1)
    """
    linear = [module for module in to_mlp(kan) if isinstance(module, nn.Linear)]
    widths = [linear[0].in_features, *(layer.out_features for layer in linear)]
    return MLP(widths, activation="relu", seed=seed, **_like(kan))


def _like(kan: KAN) -> dict[str, Any]:
    """Precision and place of a KAN's numbers."""
    coef = kan.kan_layers[0].coef
    return {"dtype": coef.dtype, "device": coef.device}


def direction_groups(model: nn.Sequential, sizes: Sequence[int]) -> Groups:
    """Hidden units in groups of similar directions, whatever their signs, by average linkage.

    Parameters
    ----------
    model : Linear layers with activations between them.
    sizes : per hidden layer, how many groups; a KAN's widths without its outputs.

    Raises
    ------
    InputError
        If the number of sizes is not that of the hidden layers.

    Examples
    --------
    >>> mlp = to_mlp(KAN([2, 3, 1], grid=4, degree=1))
    >>> [[len(group) for group in layer] for layer in direction_groups(mlp, [2, 3])]
    [[4, 4], [4, 4, 4]]
    """
    hidden = _hidden_weights(model)
    if len(hidden) != len(sizes):
        raise InputError(
            f"{len(sizes)} sizes were given for {len(hidden)} hidden layers: give one each."
        )
    return [_groups_of(weight, size) for weight, size in zip(hidden, sizes, strict=True)]


def _hidden_weights(model: nn.Sequential) -> list[Tensor]:
    """Weights of all Linear layers but the last."""
    return [module.weight for module in model if isinstance(module, nn.Linear)][:-1]


def _groups_of(weight: Float[Tensor, "units inputs"], size: int) -> list[list[int]]:
    """Rows in so many groups at most."""
    if len(weight) == 1:
        return [[0]]
    unit = nn.functional.normalize(weight.detach().double().cpu(), dim=1).numpy()
    distance = np.clip(1 - (unit @ unit.T) ** 2, 0, 1)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    labels = fcluster(tree, size, "maxclust")
    return [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]


def direction_penalty(model: nn.Sequential, groups: Groups) -> Float[Tensor, ""]:
    """Mean distance of units from the directions of their groups, 0 for exact copies, at most 1.

    Added to a loss with a weight, it pulls the units of a group together; the direction of a
    group is the first principal axis of its units, found anew at every call.

    Examples
    --------
    >>> mlp = to_mlp(KAN([2, 3, 1], grid=4, degree=1))
    >>> bool(direction_penalty(mlp, direction_groups(mlp, [2, 3])) < 1e-12)
    True
    """
    parts = []
    for weight, own in zip(_hidden_weights(model), groups, strict=True):
        for members in own:
            unit = nn.functional.normalize(weight[members], dim=1)
            axis = torch.linalg.svd(unit.detach(), full_matrices=False).Vh[0]
            parts.append(1 - (unit @ axis).square())
    return torch.cat(parts).mean()
