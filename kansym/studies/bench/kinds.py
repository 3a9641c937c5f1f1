"""The kinds of network, and how one of each is made and trained.

All are trained by `kansym.train`, with the same optimiser and the same time. One KAN chooses its
shape, one is dense and then pruned; each MLP has as many parameters as the KAN of the same problem,
seed and noise, or is widened until it is as accurate.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import nn

from kansym.neural.models.kan import KAN
from kansym.neural.models.mlp import MLP
from kansym.neural.models.parameter_counts import parameter_counts
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from kansym.neural.training.pruning import prune_edges
from kansym.neural.training.training import train
from kansym.neural.training.trial_shapes import GOOD, Proposal, propose
from kansym.shared.deadline import Deadline
from kansym.studies.bench.runs import AS_ACCURATE, Like
from kansym.studies.mlp_widths import mlp_widths

__all__ = ["KINDS", "Trained", "best_kan", "rewritten"]

_NOMINAL_GRID = 10
_STARTS = 6
"""Random starts of networks that keep their shape."""
_SPARSITY, _WEAK = 1e-3, 3e-2
"""Weight of the penalty on edges, and share of a node's spread below which an edge is cut: what the
authors of KAN do, with their threshold (arXiv:2404.19756, section 2.5)."""


@dataclass(frozen=True)
class Trained:
    """A trained network, its shape, and its relative error on rows held out."""

    model: nn.Module
    network: str
    widths: tuple[int, ...]
    parameters: int
    seconds: float
    validation: float


Training = Callable[[pd.DataFrame, np.ndarray, float, int, Like | None], Trained]
"""Makes and trains a network, given rows, targets, seconds, a seed, and the KAN to be like."""


# -- KANs --------------------------------------------------------------------------------------


def best_kan(X: pd.DataFrame, y: Float[np.ndarray, " rows"], seconds: float, seed: int) -> KAN:
    """A KAN whose shape is chosen by the rows: the first that is surely right, or fits best.

    Parameters
    ----------
    X, y : rows to learn from.
    seconds : time for all of it.
    seed : of the training.
    """
    return _best(X, y, seconds, seed).model


def _best(X: pd.DataFrame, y: np.ndarray, seconds: float, seed: int) -> Proposal:
    tried: list[Proposal] = []
    for proposal in propose(X, y, seconds=seconds, seed=seed):
        tried.append(proposal)
        if proposal.right:
            return proposal
    smallest = min(proposal.error for proposal in tried)
    close = [proposal for proposal in tried if proposal.error <= 1.1 * smallest]
    return min(close, key=lambda proposal: proposal.model.n_edges())


def _train_kan(
    X: pd.DataFrame, y: np.ndarray, seconds: float, seed: int, like: Like | None
) -> Trained:
    """The KAN that fits best; there is nothing to be like."""
    started = time.perf_counter()
    best = _best(X, y, seconds, seed)
    return _kan_trained(best.model, best.error, time.perf_counter() - started)


def _train_dense(
    X: pd.DataFrame, y: np.ndarray, seconds: float, seed: int, like: Like | None
) -> Trained:
    """A KAN [n, n+2, 1] under a penalty on edges; weak edges cut at once, then trained on."""
    started, n = time.perf_counter(), X.shape[1]
    model = KAN([n, n + 2, 1], seed=seed)
    usual = {"seed": seed, "prune": False, "progress": False}
    train(model, X, y, sparsity=_SPARSITY, starts=_STARTS, seconds=seconds / 2, **usual)
    x = torch.tensor(X.to_numpy()).to(model.sample)
    model, _ = prune_edges(model, x, lambda smaller: 0.0, 0.0, most=_WEAK)
    left = seconds - (time.perf_counter() - started)
    history = train(model, X, y, starts=1, seconds=max(left, 0.1 * seconds), **usual)
    return _kan_trained(model, history.validation, time.perf_counter() - started)


def _kan_trained(model: KAN, error: float, seconds: float) -> Trained:
    widths = tuple(sum(w) if isinstance(w, tuple) else int(w) for w in model.widths)
    stored = parameter_counts(model).stored
    return Trained(model, repr(model), widths, stored, seconds, error)


def rewritten(trained: Trained) -> Trained:
    """The same function as an MLP.

    Raises
    ------
    TypeError
        If the network is no KAN.
    """
    if not isinstance(trained.model, KAN):
        raise TypeError(f"{type(trained.model).__name__} is no KAN.")
    started = time.perf_counter()
    model = to_mlp(trained.model)
    seconds = trained.seconds + time.perf_counter() - started
    return _stack_trained(model, "MLP form of " + trained.network, trained.validation, seconds)


# -- MLPs --------------------------------------------------------------------------------------


def _stack_trained(model: nn.Module, name: str, validation: float, seconds: float = 0.0) -> Trained:
    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    widths = (linear[0].in_features, *(module.out_features for module in linear))
    return Trained(model, name, widths, parameter_counts(model).stored, seconds, validation)


def _widened(train_one: Callable[[Like, float], Trained], like: Like, seconds: float) -> Trained:
    """A network of so many parameters; or of twice as many, and so on, until one is as accurate.

    Parameters
    ----------
    train_one : trains one, given what it is to be like and the seconds for it.
    like : a network with or without an error to be reached.
    seconds : for all of them.
    """
    started, deadline = time.perf_counter(), Deadline.after(seconds)
    tried: list[Trained] = []
    while True:
        left = deadline.left()
        tried.append(train_one(like, left if like.error is None else left / 2))
        best = min(tried, key=lambda trained: trained.validation)
        widest = len(tried) > 1 and tried[-1].parameters <= tried[-2].parameters
        enough = like.error is None or best.validation <= AS_ACCURATE * like.error
        if enough or widest or deadline.left() < 0.05 * seconds:
            return replace(best, seconds=time.perf_counter() - started)
        like = replace(like, parameters=2 * max(like.parameters, tried[-1].parameters))


def _nominal(n: int) -> Like:
    """What an MLP is like where no KAN was trained: n inputs, 2 hidden nodes, cubic splines."""
    widths = (n, 2, 1)
    return Like(parameter_counts(KAN(list(widths), grid=_NOMINAL_GRID)).stored, widths)


def _train_mlp(activation: str) -> Training:
    """Training of MLPs with two hidden layers."""

    def trained(
        X: pd.DataFrame, y: np.ndarray, seconds: float, seed: int, like: Like | None
    ) -> Trained:
        def one(like: Like, seconds: float) -> Trained:
            widths = mlp_widths(X.shape[1], like.parameters)
            model = MLP(widths, activation=activation, seed=seed, device="cpu")
            history = train(model, X, y, seed=seed, seconds=seconds, progress=False)
            return _stack_trained(model, f"MLP {list(widths)} {activation}", history.validation)

        return _widened(one, _nominal(X.shape[1]) if like is None else like, seconds)

    return trained


def _train_form(
    X: pd.DataFrame, y: np.ndarray, seconds: float, seed: int, like: Like | None
) -> Trained:
    """Every weight free in the layout of a piecewise-linear KAN as an MLP, the best of starts."""

    def one(like: Like, seconds: float) -> Trained:
        deadline, pieces = Deadline.after(seconds), _pieces(like)
        best, best_error = None, np.inf
        for start in range(_STARTS):
            left = deadline.left()
            if best is not None and left < 0.05 * seconds:
                break
            model = to_mlp(_piecewise(X, like.widths, pieces, seed + 1000 * start))
            share = min(left, 2 * left / (_STARTS - start))
            history = train(model, X, y, seed=seed, seconds=share, progress=False)
            if best is None or history.validation < best_error:
                best, best_error = model, history.validation
            if best_error < GOOD:
                break
        assert best is not None
        linear = [module.out_features for module in best if isinstance(module, nn.Linear)]
        name = f"MLP {[X.shape[1], *linear]} relu, in the layout of a KAN {list(like.widths)}"
        return _stack_trained(best, name, best_error)

    return _widened(one, _nominal(X.shape[1]) if like is None else like, seconds)


def _piecewise(X: pd.DataFrame, widths: tuple[int, ...], pieces: int, seed: int) -> KAN:
    """A random KAN of degree 1 on the ranges of the rows."""
    values = X.to_numpy(dtype=np.float64)
    low, high = values.min(axis=0), values.max(axis=0)
    high = np.where(high > low, high, low + 1.0)
    domain = torch.as_tensor(np.stack([low, high], axis=1))
    return KAN(list(widths), grid=pieces, degree=1, seed=seed, domain=domain)


def _pieces(like: Like) -> int:
    """Pieces per edge with which the layout has about as many parameters; two at least."""
    counts = [
        (parameter_counts(to_mlp(KAN(list(like.widths), grid=pieces, degree=1))).stored, pieces)
        for pieces in range(2, 33)
    ]
    return min(counts, key=lambda pair: abs(pair[0] - like.parameters))[1]


KINDS: dict[str, Training] = {
    "kan": _train_kan,
    "kan-dense": _train_dense,
    "mlp-form": _train_form,
    "mlp-relu": _train_mlp("relu"),
    "mlp-tanh": _train_mlp("tanh"),
    "mlp-silu": _train_mlp("silu"),
}
"""How each kind is trained; `kansym.studies.bench.kind_names` describes them, and adds those that
are rewritten from a KAN."""
