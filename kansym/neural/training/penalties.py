"""Quadratic penalties on splines: smoothness and sparsity, as matrices over free parameters."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from kansym.neural.models.kan import KAN, KANLayer
from kansym.neural.training.free_parameters import FreeParameters, free_splines

__all__ = ["penalty_matrix"]


def _roughness(layer: KANLayer) -> Float[Tensor, "coefficients coefficients"]:
    """Matrix of the integrated squared second derivative over a range of length 1 (P-spline).

    P. H. C. Eilers, B. D. Marx, Statistical Science 11 (1996) 89, doi:10.1214/ss/1038425655.
    """
    n = layer.grid + layer.degree
    if n < 3:
        return torch.zeros(n, n, dtype=torch.float64)
    second = torch.diff(torch.eye(n, dtype=torch.float64), n=2, dim=0)
    return second.T @ second * float(layer.grid) ** 3


def _spread(layer: KANLayer, entering: Tensor) -> Float[Tensor, "n_in coefficients coefficients"]:
    """Covariance of every input's basis, so that c' M c is the variance of an edge."""
    basis = layer.basis(entering).double()
    centred = (basis - basis.mean(0)).transpose(0, 1)
    return centred.transpose(1, 2) @ centred / len(entering)


def _spline_starts(model: KAN, free: FreeParameters) -> list[int]:
    """Where the spline coefficients of each layer begin in the vector of free parameters."""
    coefficients = {id(layer.coef) for layer in model.kan_layers}
    starts, position = [], 0
    for (parameter, _), size in zip(free.parts, free.sizes, strict=True):
        if id(parameter) in coefficients:
            starts.append(position)
        position += size
    return starts


@torch.no_grad()
def penalty_matrix(
    model: KAN, x: Float[Tensor, "rows inputs"], *, smoothness: float, sparsity: float
) -> Callable[[], Float[Tensor, "parameters parameters"]]:
    """Penalty smoothness * sum_e int phi_e''^2 + sparsity * sum_e std(phi_e).

    The sum of standard deviations is a group penalty: it drives whole edges to constants. It is
    majorised by a quadratic that is reweighted at every call (iteratively reweighted least
    squares), hence the callable.

    Parameters
    ----------
    x : rows on which the spread of an edge is measured.
    smoothness, sparsity : weights, against a mean squared error of targets of spread 1.
    """
    roughness = [_roughness(layer) for layer in model.kan_layers]
    free = FreeParameters.of(model)
    starts = _spline_starts(model, free)

    splines = [free_splines(layer).nonzero(as_tuple=True) for layer in model.kan_layers]
    smooth = torch.zeros(len(free), len(free), dtype=torch.float64, device=x.device)
    for start, (target, _), own in zip(starts, splines, roughness, strict=True):
        stop = start + len(target) * len(own)
        smooth[start:stop, start:stop] = torch.block_diag(*[smoothness * own] * len(target))

    @torch.no_grad()
    def sparse() -> Tensor:
        result = smooth.clone()
        spreads = model.layer_inputs(x)
        for layer, start, entering, (target, source) in zip(
            model.kan_layers, starts, spreads, splines, strict=True
        ):
            covariance = _spread(layer, entering)[source]
            coef = layer.coef[target, source].double()
            variance = torch.einsum("ek,ekl,el->e", coef, covariance, coef)
            weight = sparsity / (2 * variance.clamp_min(1e-10).sqrt())
            stop = start + coef.numel()
            blocks = weight[:, None, None] * covariance
            result[start:stop, start:stop] += torch.block_diag(*blocks)
        return result

    return sparse if sparsity > 0 else lambda: smooth
