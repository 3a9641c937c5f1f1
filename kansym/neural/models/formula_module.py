"""A formula as a torch module, its constants trainable."""

from collections.abc import Mapping, Sequence
from typing import final

import torch

from kansym.neural.models.torch_functions import TORCH, curve_function
from kansym.programs.program import Program, evaluate
from kansym.programs.source_code import mangled
from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.shared.errors import InputError

__all__ = ["FormulaModule"]


@final
class FormulaModule(torch.nn.Module):
    """A formula from (rows, inputs) to (rows,).

    Parameters
    ----------
    program : the formula in the inputs and the constants.
    inputs : names of the columns.
    constants : first values of the constants, which become parameters.
    curves : tabulated curves that the program calls.

    Examples
    --------
    >>> module = FormulaModule(("mul", "c", ("sin", "x")), ["x"], {"c": 2.0})
    >>> module(torch.zeros(3, 1, dtype=torch.float64)).shape
    torch.Size([3])
    """

    def __init__(
        self,
        program: Program,
        inputs: Sequence[str],
        constants: Mapping[str, float],
        curves: Sequence[TabulatedCurve] = (),
    ) -> None:
        super().__init__()
        self.program, self.inputs = program, tuple(inputs)
        self.names = mangled(list(constants))
        self.functions = {**TORCH, **{curve.name: curve_function(curve) for curve in curves}}
        self.constants = torch.nn.ParameterDict(
            {
                self.names[name]: torch.nn.Parameter(torch.tensor(value, dtype=torch.float64))
                for name, value in constants.items()
            }
        )

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Values of the formula, ``nan`` where it is undefined."""
        if X.ndim != 2 or X.shape[1] != len(self.inputs):
            raise InputError(
                f"The formula takes (rows, {len(self.inputs)}), {tuple(X.shape)} was given."
            )
        given = dict(zip(self.inputs, X.unbind(1), strict=True))
        given |= {name: self.constants[own].to(X) for name, own in self.names.items()}
        value = evaluate(self.program, given, self.functions)
        if not isinstance(value, torch.Tensor):
            value = X.new_tensor(value)
        return value.expand(len(X))
