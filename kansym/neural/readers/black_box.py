"""A model as a black box: asked for its answers and their gradients, whatever it is made of."""

import contextlib
import copy
import io
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from kansym.neural.readers.class_scores import ClassScores
from kansym.neural.readers.files import load_model
from kansym.neural.readers.opened import Readable, ReadRows
from kansym.shared.errors import InputError, KansymError, UnsupportedModelError, require
from kansym.shared.printable_text import shortened

__all__ = ["BlackBox", "TorchBox", "black_box"]

Array = np.ndarray
STEP = 1e-3
"""Of differences, over the spread of an input: truncation costs about 1e-6, and answers that are
rounded to ten digits a little less."""
STRIDE = 0.1
"""A step, over the spread of an input, in which the gradient of a curved function changes."""
STILL, ROUGH, SMALL = 1e-6, 1e-3, 1e-3
"""Relative changes of a gradient: none, and too much for so short a step as three of STEP; and a
gradient, over the median of all rows, whose own changes say little."""
DECADE = 10.0
"""Ratio of its largest value to its least from which on an input is looked at by its logarithm."""
ROUNDED = 1e-7
"""Relative change of answers from call to call that sums in another order may make."""
SINGLE = 5e-7
"""The same over the size of the answers: about what single precision allows."""
PROBES, NOISY_ROWS = 200, 2000
"""Rows on which a model is tried before it is asked in earnest, and those that show its noise to
two per cent."""


class BlackBox(ABC):
    """Answers of a model in float64; the model, and random numbers, stay as they were.

    Attributes
    ----------
    source : what it is, in words.
    learned : whether it was trained, so that no law is exact for it.
    noise : standard deviation of each answer from call to call (outputs,); None if there is none.
    smooth : whether its own gradients are of use, as far as that was looked at.
    classifies : whether its answers are log-odds of classes, so that only near 0 they are exact.
    """

    source: str
    learned: bool = True
    noise: Float[Array, " outputs"] | None = None
    smooth: bool = True
    classifies: bool = False

    @abstractmethod
    def answers(self, X: Float[Array, "rows inputs"]) -> Float[Array, "rows outputs"]:
        """Outputs at rows; not checked."""

    @abstractmethod
    def gradients(self, X: Float[Array, "rows inputs"]) -> Float[Array, "outputs rows inputs"]:
        """Derivatives of every output by the inputs."""

    def finite_answers(self, X: Float[Array, "rows inputs"]) -> Float[Array, "rows outputs"]:
        """Outputs at rows, refused if one of them is not finite."""
        answers = self.answers(X)
        bad = ~np.isfinite(answers).all(axis=1)
        if bad.any():
            row = X[int(np.argmax(bad))].tolist()
            raise InputError(
                f"{self.source} gives no finite answer on {int(bad.sum())} of {len(X)} rows, such "
                f"as {row}: leave such rows out of X."
            )
        return answers

    def is_smooth(self, X: Float[Array, "rows inputs"]) -> bool:
        """Whether gradients say how the answers change nearby.

        They do not for piecewise constant or linear functions, nor for answers with noise.
        """
        rows, unit = X[:PROBES], _units(X)[:PROBES]
        here = self.gradients(rows)
        size = np.sqrt(np.mean(here**2, axis=(1, 2)))[:, None]
        # Over decades every row counts by its own gradient; where there is none, nothing changes.
        own = np.sqrt(np.mean(here**2, axis=2))
        own = own + SMALL * np.median(own, axis=1, keepdims=True) + np.finfo(float).tiny

        def change(step: float) -> Array:
            """Of the gradient over a step, relative to its size."""
            return np.abs(self.gradients(rows + step * unit) - here).max(axis=2) / own

        with np.errstate(divide="ignore", invalid="ignore"):
            near, further, far = (change(step) for step in (3 * STEP, 10 * STEP, STRIDE))
        if (size == 0).any():  # constant, or constant by pieces
            return bool(self.answers(rows).std() == 0)
        still = (far < STILL).mean()
        erratic = (near > ROUGH + 0.6 * further).mean()  # a smooth change would be 0.3 of it
        return bool(still < 0.02 or still > 0.999) and bool(erratic < 0.1)


class TorchBox(BlackBox):
    """A torch module; its gradients are exact."""

    def __init__(self, model: nn.Module):
        self.source = type(model).__name__
        self.model = _copied(model)
        first = next((p for p in self.model.parameters() if p.is_floating_point()), None)
        self.like = torch.zeros(1, dtype=torch.float64) if first is None else first.detach()

    def _asked(self, rows: torch.Tensor) -> torch.Tensor:
        try:
            answers = self.model(rows.to(self.like))
        except Exception as error:
            raise InputError(
                f"{self.source} raised {type(error).__name__} on rows of shape "
                f"{tuple(rows.shape)} ({shortened(str(error), 100)}): wrap it in a module that "
                "takes rows (rows, inputs)."
            ) from error
        if not isinstance(answers, torch.Tensor):
            raise InputError(
                f"{self.source} returns a {type(answers).__name__}, expected a tensor of shape "
                "(rows, outputs): wrap it in a module that returns one."
            )
        if answers.is_complex() or not answers.numel():
            raise InputError(
                f"{self.source} answers with {'complex numbers' if answers.numel() else 'nothing'},"
                " expected real ones: wrap it in a module that returns some."
            )
        if answers.ndim == 0 or len(answers) != len(rows):
            raise _wrong_shape(self.source, len(rows), tuple(answers.shape))
        return answers.reshape(len(rows), -1) if answers.ndim != 2 else answers

    def differentiates(self, X: Array) -> bool:
        """Whether its answers have a gradient."""
        with _unchanged_random_numbers(), torch.enable_grad():
            return self._asked(torch.tensor(X, requires_grad=True)).requires_grad

    @torch.no_grad()
    def answers(self, X: Array) -> Array:
        with _unchanged_random_numbers():
            return self._asked(torch.tensor(X)).double().cpu().numpy()

    @torch.enable_grad()
    def gradients(self, X: Array) -> Array:
        rows = torch.tensor(X, requires_grad=True)
        with _unchanged_random_numbers():
            answers = self._asked(rows)
            totals = answers.sum(dim=0)
            found = [
                torch.autograd.grad(total, rows, retain_graph=True, allow_unused=True)[0]
                for total in totals
            ]
        zero = torch.zeros_like(rows)
        return np.stack([(zero if g is None else g).detach().double().numpy() for g in found])


class CallableBox(BlackBox):
    """Any function of rows; gradients by central differences."""

    def __init__(
        self, function: Callable[[Array], Any], source: str, X: Array, learned: bool = True
    ):
        self.function, self.source, self.domain = function, source, X
        self.learned = learned

    def answers(self, X: Array) -> Array:
        silent = contextlib.redirect_stdout(io.StringIO())
        with _unchanged_random_numbers(), silent, _own_failures(self.source):
            answers = self.function(X.copy())
        return _as_answers(answers, len(X), self.source)

    def gradients(self, X: Array) -> Array:
        n_rows, n_inputs = X.shape
        step = STEP * _units(X, self.domain)
        both = np.array([1.0, -1.0])[None, None, :, None]
        moved = X[:, None, None, :] + both * (step[:, :, None] * np.eye(n_inputs))[:, :, None, :]
        values = self.answers(moved.reshape(-1, n_inputs)).reshape(n_rows, n_inputs, 2, -1)
        slopes = (values[:, :, 0] - values[:, :, 1]) / (2 * step[:, :, None])
        return np.moveaxis(slopes, 2, 0)


def black_box(model: Any, X: Float[Array, "rows inputs"]) -> BlackBox:
    """A model of any kind as a black box, tried on some rows.

    Parameters
    ----------
    model : a torch module, an estimator with ``predict`` (classifiers answer with log-odds
        against their first class), a model read from a file, or a callable ``f(X) -> y``.
    X : rows of its domain (rows, inputs), in its own units.

    Raises
    ------
    InputError
        If its answers have the wrong shape, are not finite, or change from call to call.
    UnsupportedModelError
        If it cannot be asked.

    Examples
    --------
    >>> X = np.random.default_rng(0).uniform(1, 2, (50, 2))
    >>> box = black_box(lambda X: X[:, 0] * X[:, 1], X)
    >>> bool(np.allclose(box.gradients(X)[0], X[:, ::-1]))
    True
    """
    box = _box(model, X)
    probes = X[:PROBES]
    # In another order, so that noise from a generator that was set back is another one.
    first, second = box.finite_answers(probes), box.answers(probes[::-1].copy())[::-1]
    change, spread = np.abs(first - second).max(), first.std(axis=0).max()
    if change > 0.5 * spread > 0:
        raise InputError(
            f"{box.source} answers the same rows differently from call to call (by {change:.2g}, "
            f"its spread is {spread:.2g}): fix its random state, or average its answers."
        )
    if change > max(ROUNDED * spread, SINGLE * np.abs(first).max()):
        more = X[:NOISY_ROWS]
        first, second = box.answers(more), box.answers(more[::-1].copy())[::-1]
        box.noise = np.sqrt(np.mean((first - second) ** 2, axis=0) / 2)
    return box


def _box(model: Any, X: Array) -> BlackBox:
    """The black box for a kind of model."""
    if isinstance(model, str | Path):
        model = load_model(Path(model))
    source = type(model).__name__
    if isinstance(model, nn.Module):
        box = TorchBox(model)
        return box if box.differentiates(X) else CallableBox(box.answers, source, X)
    if isinstance(model, Readable):
        return CallableBox(_asked_file(model, X), "The model in the file", X)
    if callable(getattr(model, "predict", None)):
        box = CallableBox(_asked_estimator(_kept_as_it_is(model), X), source, X)
        box.classifies = _is_classifier(model)
        return box
    if callable(model):
        return CallableBox(model, getattr(model, "__name__", source), X, learned=False)
    raise UnsupportedModelError(
        f"A {source} cannot be asked for its answers: give a torch module, an estimator with "
        "predict, a model file, or a function from rows to answers."
    )


def _asked_file(model: Readable, X: Array) -> Callable[[Array], Array]:
    """What a model answers that was read from a file, by its own software if need be."""
    try:
        return model.open(ReadRows(X)).stage.evaluate
    except UnsupportedModelError:
        asked = model.asked()
        if asked is None:
            raise
        return asked


def _asked_estimator(model: Any, X: Array) -> Callable[[Array], Array]:
    """What an estimator predicts; of a classifier, log-odds against its first class."""
    names = getattr(model, "feature_names_in_", None)

    def as_fitted(X: Array) -> Any:
        if names is None:
            return X
        return require("pandas", "sklearn").DataFrame(X, columns=list(names))

    if _is_classifier(model):
        scores = ClassScores(model, as_fitted(X[:PROBES]))
        return lambda X: scores(as_fitted(X))
    return lambda X: model.predict(as_fitted(X))


def _is_classifier(model: Any) -> bool:
    """Whether an estimator predicts classes."""
    return getattr(model, "_estimator_type", "") == "classifier" or hasattr(model, "classes_")


def _copied(model: nn.Module) -> nn.Module:
    """A copy in use rather than in training."""
    try:
        return copy.deepcopy(model).cpu().eval()
    except Exception as error:
        raise UnsupportedModelError(
            f"{type(model).__name__} cannot be copied ({str(error)[:80]}), so asking it could "
            "change it: give a function from rows to answers instead."
        ) from error


def _kept_as_it_is(model: Any) -> Any:
    """A copy of an estimator, so that asking does not change it; itself if it has none."""
    # Locks raise TypeError, pointers ValueError, tensors within a graph and wrappers that pass
    # every attribute on RuntimeError, closed handles AttributeError: such a model has no copy, and
    # predict is asked as its owner would ask it.
    try:
        return copy.deepcopy(model)
    except (AttributeError, RuntimeError, TypeError, ValueError):
        return model


@contextlib.contextmanager
def _own_failures(source: str) -> Iterator[None]:
    """What a model raises, said in one sentence."""
    try:
        yield
    except KansymError:
        raise
    except Exception as error:
        raise InputError(
            f"{source} raised {type(error).__name__} on rows of its own domain "
            f"({str(error)[:100]}): give X on which it is defined, or a function of arrays "
            "(rows, inputs)."
        ) from error


@contextlib.contextmanager
def _unchanged_random_numbers() -> Any:
    """Global random numbers of Python, numpy and torch stay as they were."""
    own, state = random.getstate(), np.random.get_state()  # noqa: NPY002 - foreign code may use it
    with torch.random.fork_rng(devices=[]):
        try:
            yield
        finally:
            random.setstate(own)
            np.random.set_state(state)  # noqa: NPY002 - as above


def _as_answers(answers: Any, n_rows: int, source: str) -> Array:
    """Answers as (rows, outputs)."""
    if np.iscomplexobj(answers):
        raise InputError(
            f"{source} answers with complex numbers: return their real or their imaginary part."
        )
    try:
        values = np.asarray(answers, dtype=np.float64)
    except (TypeError, ValueError) as error:
        first = np.asarray(answers, dtype=object).ravel()[:1]
        raise InputError(
            f"{source} answers with {first[0] if len(first) else answers!r}, expected numbers: a "
            "function from rows (rows, inputs) to y (rows,) is needed."
        ) from error
    if values.ndim == 0 or len(values) != n_rows or values.ndim > 2 or values.size == 0:
        raise _wrong_shape(source, n_rows, values.shape)
    return values.reshape(n_rows, -1)


def _wrong_shape(source: str, n_rows: int, shape: tuple[int, ...]) -> InputError:
    """That there is not one answer per row."""
    return InputError(
        f"{source} answers {n_rows} rows with the shape {shape}, expected ({n_rows},) "
        f"or ({n_rows}, outputs): return one answer per row."
    )


def _units(X: Array, domain: Array | None = None) -> Array:
    """What a step of 1 is in every input of every row: its spread, or over decades its size."""
    known = X if domain is None else domain
    spread, size = known.std(axis=0), np.abs(known)
    one_sign = (known.min(axis=0) > 0) | (known.max(axis=0) < 0)
    decades = one_sign & (size.max(axis=0) > DECADE * size.min(axis=0))
    return np.where(decades, np.abs(X), np.where(spread > 0, spread, 1.0))
