"""Operon, genetic programming with local least squares, through pyoperon (extra ``operon``).

References
----------
Burlacu, Kronberger and Kommenda, GECCO 2020 companion, doi:10.1145/3377929.3398099.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
import sympy
from numpy.typing import NDArray

from kansym.shared.errors import require
from kansym.symbolic.engines.engine import Engine, read_formulas

__all__ = ["Operon"]

Array = NDArray[np.floating]

DIGITS = 15
# 1 - R² at which a search ends before its time.
ENOUGH = 1e-12


@final
@dataclass(frozen=True)
class Operon(Engine):
    """Search with Operon, on one thread.

    Parameters
    ----------
    symbols_allowed : Operon's names of the operations, separated by commas.
    most_nodes : largest length of an expression tree.
    population : number of individuals.

    Examples
    --------
    >>> Operon().name
    'operon'
    """

    symbols_allowed: str = "add,sub,mul,div,constant,variable,exp,log,sin,cos,tanh,sqrt,square"
    most_nodes: int = 20
    population: int = 500

    @property
    def name(self) -> str:
        """Name of the program."""
        return "operon"

    @property
    def reference(self) -> str:
        """Publication of the program."""
        return "Burlacu, Kronberger and Kommenda (2020), doi:10.1145/3377929.3398099"

    def check(self) -> None:
        """Make sure that pyoperon is installed."""
        require("pyoperon.sklearn", "operon")

    def expressions(
        self, inputs: Array, target: Array, weights: Array, *, seconds: float, seed: int
    ) -> list[sympy.Expr]:
        """The Pareto front of error and length."""
        sklearn = require("pyoperon.sklearn", "operon")
        model = sklearn.SymbolicRegressor(
            allowed_symbols=self.symbols_allowed,
            objectives=["r2", "length"],
            optimizer_iterations=10,
            max_length=self.most_nodes,
            population_size=self.population,
            max_time=max(1, int(seconds)),
            max_evaluations=10**9,
            generations=10**6 if seconds > 2.0 else 200,
            epsilon=ENOUGH,
            random_state=seed,
            n_threads=1,
        )
        rows = _resampled(weights)
        model.fit(inputs[rows], target[rows])
        names = [symbol.name for symbol in self.symbols(inputs.shape[1])]
        texts = [
            model.get_model_string(entry["tree"], DIGITS, names)
            for entry in model.pareto_front_
            if entry["variables"]
        ]
        return read_formulas(texts, names)


def _resampled(weights: Array) -> NDArray[np.intp]:
    """Rows, as many as there are, repeated in proportion to their weights."""
    count = weights.size
    places = (np.arange(count) + 0.5) / count
    return np.minimum(np.searchsorted(np.cumsum(weights), places), count - 1)
