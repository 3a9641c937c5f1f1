"""The MLP form of a KAN: the same function, as many weights, and the same network when read back.

First random KANs of degrees 1 to 3 and depths 1 to 4, with and without product nodes, are compared
with their MLP form inside the grid and ten times outside. Then an MLP form with hidden units
shuffled and rescaled is traced and read.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from itertools import pairwise

import numpy as np
import torch
from torch import nn

import kansym
from kansym.neural.models.kan import Width
from kansym.neural.models.parameter_counts import parameter_counts
from kansym.neural.readers.tracing import trace

MOST_DIFFERENCE = 1e-9


def random_kan(depth: int, degree: int, products: bool, seed: int) -> kansym.KAN:
    """A KAN of wild splines, whose hidden grids span what its nodes take on the domain."""
    rng = np.random.default_rng(seed)
    widths: list[Width] = [int(n) for n in rng.integers(1, 5, depth + 1)]
    if products:
        widths[1:] = [(int(rng.integers(1, 3)), int(rng.integers(1, 3))) for _ in widths[1:]]
    model = kansym.KAN(widths, grid=int(rng.integers(1, 9)), degree=degree, seed=seed)
    with torch.no_grad():
        for layer in model.kan_layers:
            layer.coef.add_(0.3 * torch.as_tensor(rng.normal(size=tuple(layer.coef.shape))))
    model.refit_grids(torch.as_tensor(rng.uniform(-1, 1, (200, model.kan_layers[0].n_in))))
    return model


def difference(model: nn.Module, form: nn.Module, x: torch.Tensor) -> float:
    """Largest difference over the scale of the output."""
    with torch.no_grad():
        expected, found = model(x), form(x)
    return float((found - expected).abs().max() / expected.abs().max())


def compare_functions(each: int) -> None:
    """Figure 3: the two forms on random rows."""
    for products in (False, True):
        for reach in (1.0, 10.0):
            worst = 0.0
            for degree in (1, 2, 3):
                for depth in (1, 2, 3, 4):
                    for seed in range(each):
                        model = random_kan(depth, degree, products, seed)
                        x = np.random.default_rng(seed).uniform(
                            -reach, reach, (200, model.kan_layers[0].n_in)
                        )
                        form = kansym.to_mlp(model)
                        worst = max(worst, difference(model, form, torch.as_tensor(x)))
            where = "inside" if reach == 1 else "10 times outside"
            kind = "with products" if products else "sums only"
            print(
                f"{12 * each} KANs, {kind}, {where}: largest difference {worst:.1e} "
                f"(target <= {MOST_DIFFERENCE:.0e})"
            )


def count_weights() -> None:
    """Figure 3: n m k weights for n inputs, m outputs, k pieces."""
    for n, m, k in ((2, 5, 5), (10, 20, 8)):
        form = kansym.to_mlp(kansym.KAN([n, m], degree=1, grid=k))
        readout = form[-1]
        assert isinstance(readout, nn.Linear)
        print(
            f"{n} inputs, {m} outputs, {k} pieces: {readout.weight.numel()} weights "
            f"(target {n * m * k}); {parameter_counts(form)}"
        )


def shuffled(form: nn.Sequential, seed: int) -> nn.Sequential:
    """Hidden units in another order, each rescaled by a positive number: the same function."""
    rng = np.random.default_rng(seed)
    linear = [module for module in form if isinstance(module, nn.Linear)]
    with torch.no_grad():
        for first, second in pairwise(linear):
            order = torch.as_tensor(rng.permutation(len(first.weight)))
            scale = torch.as_tensor(rng.uniform(0.1, 10.0, len(order)))
            first.weight.copy_(first.weight[order] * scale[:, None])
            first.bias.copy_(first.bias[order] * scale)
            second.weight.copy_(second.weight[:, order] / scale)
    return form


def read_back(seeds: range) -> None:
    """Figure 4: a shuffled and rescaled ReLU form gives the KAN's network and formula."""
    same_network = same_formula = 0
    for seed in seeds:
        X = np.random.default_rng(seed).uniform(-1, 1, (1000, 2))
        y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
        model = kansym.KAN([2, 3, 1], grid=20, degree=1, seed=seed)
        kansym.train(model, X, y, progress=False, seconds=20)
        form = shuffled(kansym.to_mlp(model), seed)
        gap = trace(form, X).difference(trace(model, X))
        same_network += gap < 1e-6
        formulas = [kansym.extract(each, X, progress=False).expr for each in (model, form)]
        same_formula += formulas[0] == formulas[1]
        print(f"seed {seed}: networks differ by {gap:.1e}; {formulas[0]} | {formulas[1]}")
    print(f"same network for {same_network} of {len(seeds)} (target: all)")
    print(f"same formula for {same_formula} of {len(seeds)} (target: all)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer KANs, one seed")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    compare_functions(3 if quick else 40)
    count_weights()
    read_back(range(1 if quick else 3))


if __name__ == "__main__":
    main()
