"""PySR, as it selects its model; needs Julia.

M. Cranmer, Interpretable Machine Learning for Science with PySR, 2023, arXiv:2305.01582.
"""

import numpy as np
import sympy

from benchmarks.peers.peer import symbols
from kansym.shared.errors import MissingPackageError
from kansym.symbolic.engines.pysr import PySR, julia_is_installed
from kansym.symbolic.formulas.parsing import parse


def solve(X: np.ndarray, y: np.ndarray, seconds: float, seed: int) -> sympy.Expr:
    """The selected equation."""
    if not julia_is_installed():
        raise MissingPackageError("PySR needs Julia, which is not installed here: install Julia.")
    from pysr import PySRRegressor

    names = [symbol.name for symbol in symbols(X.shape[1])]
    model = PySRRegressor(**PySR(most_nodes=30).arguments(seconds=seconds, seed=seed))
    model.fit(X, y, variable_names=names)
    return parse(str(model.get_best()["equation"]), names)
