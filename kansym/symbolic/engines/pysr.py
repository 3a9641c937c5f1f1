"""PySR, evolutionary search in Julia, through the package pysr (extra ``pysr``).

PySR runs in Julia and would download it when it is first imported; here it is imported only where
a Julia is installed already.

References
----------
Cranmer, arXiv:2305.01582.
"""

import os
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, final

import numpy as np
import sympy
from numpy.typing import NDArray

from kansym.shared.errors import MissingPackageError, require
from kansym.symbolic.engines.engine import Engine, read_formulas

__all__ = ["PySR", "julia_is_installed"]

Array = NDArray[np.floating]


def julia_is_installed() -> bool:
    """Whether a Julia program is on the path, or named by PYTHON_JULIAPKG_EXE."""
    named = os.environ.get("PYTHON_JULIAPKG_EXE") or os.environ.get("PYTHON_JULIACALL_EXE")
    return shutil.which(named or "julia") is not None


@final
@dataclass(frozen=True)
class PySR(Engine):
    """Search with PySR, in one process.

    Parameters
    ----------
    binary, unary : PySR's names of the operators.
    most_nodes : largest complexity of an expression, in PySR's count.

    Examples
    --------
    >>> PySR().arguments(seconds=5.0, seed=0)["timeout_in_seconds"]
    5.0
    """

    binary: tuple[str, ...] = ("+", "-", "*", "/", "^")
    unary: tuple[str, ...] = ("exp", "log", "sin", "cos", "tanh", "sqrt")
    most_nodes: int = 20

    @property
    def name(self) -> str:
        """Name of the program."""
        return "pysr"

    @property
    def reference(self) -> str:
        """Publication of the program."""
        return "M. Cranmer (2023), doi:10.48550/arXiv.2305.01582"

    def check(self) -> None:
        """Make sure that pysr and Julia are installed, without starting Julia."""
        if not julia_is_installed():
            raise MissingPackageError(
                "PySR needs Julia, which is not installed here: install Julia from "
                "https://julialang.org, or use kansym.symbolic.engines.Operon."
            )
        if find_spec("pysr") is None:
            require("pysr", "pysr")

    def arguments(self, *, seconds: float, seed: int) -> dict[str, Any]:
        """Arguments of ``pysr.PySRRegressor``: silent, reproducible, leaving no files."""
        return {
            "binary_operators": list(self.binary),
            "unary_operators": list(self.unary),
            "constraints": {"^": (-1, 1)},
            "maxsize": self.most_nodes,
            "niterations": 10**6,
            "timeout_in_seconds": float(seconds),
            "early_stop_condition": "stop_if(loss, complexity) = loss < 1e-14",
            "precision": 64,
            "random_state": seed,
            "deterministic": True,
            "parallelism": "serial",
            "progress": False,
            "verbosity": 0,
            "temp_equation_file": True,
            "delete_tempfiles": True,
        }

    def expressions(
        self, inputs: Array, target: Array, weights: Array, *, seconds: float, seed: int
    ) -> list[sympy.Expr]:
        """PySR's hall of fame."""
        self.check()
        model = require("pysr", "pysr").PySRRegressor(**self.arguments(seconds=seconds, seed=seed))
        names = [symbol.name for symbol in self.symbols(inputs.shape[1])]
        model.fit(inputs, target, weights=weights * weights.size, variable_names=names)
        return read_formulas(model.equations_["equation"], names)
