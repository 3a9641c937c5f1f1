"""An MLP under construction: units that truncated powers of affine maps are, layer by layer."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from kansym.neural.models.kan import KAN
from kansym.neural.models.mlp import PerUnit, PowerReLU, ProgramActivation
from kansym.programs.program import Program
from kansym.shared.errors import InputError

__all__ = ["LayerUnits", "Stack", "check_kan", "linear", "matrix", "numbers"]


def check_kan(model: object) -> None:
    """Refuse what is no KAN."""
    if not isinstance(model, KAN):
        raise InputError(f"A {type(model).__name__} was given, expected a kansym.KAN.")


def numbers(values: Sequence[float], like: Tensor) -> Tensor:
    """Numbers as a tensor of the given precision and place."""
    return torch.tensor(values, dtype=like.dtype, device=like.device)


def linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    """A Linear layer with these weights."""
    n_out, n_in = weight.shape
    layer = nn.Linear(n_in, n_out, device="meta").to_empty(device=weight.device).to(weight.dtype)
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)
    return layer


class LayerUnits:
    """Units min(relu(row . values + shift), cap) ** power of one layer, or programs of the map."""

    def __init__(self, n_values: int, like: Tensor):
        self.n_values, self.like = n_values, like
        self.rows: list[Mapping[int, float]] = []
        self.shift: list[float] = []
        self.power: list[float] = []
        self.cap: list[float] = []
        self.programs: list[Program] = []

    def __len__(self) -> int:
        return len(self.rows)

    def add(
        self,
        row: Mapping[int, float],
        shift: float = 0.0,
        power: float = 1.0,
        cap: float = math.inf,
        program: Program | None = None,
    ) -> int:
        """One more unit, programs last; its number."""
        self.rows.append(row)
        self.shift.append(shift)
        if program is None:
            self.power.append(power)
            self.cap.append(cap)
        else:
            self.programs.append(program)
        return len(self.rows) - 1

    def activation(self) -> nn.Module:
        """The simplest activation that is right for all units."""
        plain = all(power == 1 for power in self.power) and all(map(math.isinf, self.cap))
        relu = PowerReLU(numbers(self.power, self.like), numbers(self.cap, self.like))
        blocks: list[nn.Module] = [nn.ReLU() if plain else relu] if self.power else []
        widths = [len(self.power)] * len(blocks) + [1] * len(self.programs)
        blocks += [ProgramActivation(program) for program in self.programs]
        return blocks[0] if len(blocks) == 1 else PerUnit(blocks, widths)


def matrix(rows: Sequence[Mapping[int, float]], n_columns: int, like: Tensor) -> Tensor:
    """Rows given by their entries that are not zero."""
    found = torch.zeros(len(rows), n_columns).to(like)
    for number, row in enumerate(rows):
        for column, value in row.items():
            found[number, column] = value
    return found


class Stack:
    """An MLP under construction: modules so far, and the values that its last units give."""

    def __init__(self, n_inputs: int, like: Tensor):
        self.modules: list[nn.Module] = []
        self.readout = torch.eye(n_inputs).to(like)
        self.shift = torch.zeros(n_inputs).to(like)

    def activate(self, units: LayerUnits) -> None:
        """Add units on the present values: a Linear and an activation."""
        rows, shift = (
            matrix(units.rows, units.n_values, self.shift),
            numbers(units.shift, self.shift),
        )
        self.modules.append(linear(rows @ self.readout, rows @ self.shift + shift))
        self.modules.append(units.activation())

    def read(self, readout: Tensor, shift: Tensor) -> None:
        """Name the values that the last units give."""
        self.readout, self.shift = readout, shift

    def finished(self) -> nn.Sequential:
        """The MLP, with a Linear that gives the values."""
        return nn.Sequential(*self.modules, linear(self.readout, self.shift))
