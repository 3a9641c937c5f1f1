"""Multilayer perceptrons: trained as such, or as the other form of a KAN."""

import itertools
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kansym.neural.models.saving import save
from kansym.neural.models.sizes import check_size
from kansym.neural.models.state_dicts import LoadedWhole
from kansym.neural.models.torch_functions import TORCH
from kansym.programs.program import Program, evaluate
from kansym.shared.errors import InputError
from kansym.shared.printable_text import shortened
from kansym.shared.whole_numbers import checked_seed

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "Maxout",
    "PerUnit",
    "PowerReLU",
    "ProgramActivation",
    "Sine",
]


class Sine(nn.Module):
    """The activation sin(x)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(x)


class PowerReLU(nn.Module):
    """Truncated powers, one per unit: ``min(relu(x), cap) ** power``.

    Splines of degree p are sums of such units; the cap keeps the numbers small far outside
    the grid, where a spline goes on as a straight line.

    Parameters
    ----------
    power : exponent of each unit, at least 1.
    cap : upper end of each unit's range; infinite for a plain ReLU to a power.

    Examples
    --------
    >>> unit = PowerReLU(torch.tensor([2.0]), torch.tensor([3.0]))
    >>> unit(torch.tensor([[-1.0], [2.0], [5.0]])).flatten().tolist()
    [0.0, 4.0, 9.0]
    """

    power: Tensor
    cap: Tensor

    def __init__(self, power: Float[Tensor, " units"], cap: Float[Tensor, " units"] | None = None):
        super().__init__()
        self.register_buffer("power", power)
        self.register_buffer("cap", torch.full_like(power, torch.inf) if cap is None else cap)

    def forward(self, x: Float[Tensor, "*batch units"]) -> Float[Tensor, "*batch units"]:
        return torch.minimum(torch.relu(x), self.cap) ** self.power


class PerUnit(nn.Module):
    """Different activations for consecutive blocks of units.

    Examples
    --------
    >>> layer = PerUnit([nn.ReLU(), nn.Identity()], [1, 1])
    >>> layer(torch.tensor([[-1.0, -1.0]])).tolist()
    [[0.0, -1.0]]
    """

    def __init__(self, modules: Sequence[nn.Module], widths: Sequence[int]):
        super().__init__()
        self.blocks = nn.ModuleList(modules)
        self.widths = tuple(widths)

    def forward(self, x: Float[Tensor, "*batch units"]) -> Float[Tensor, "*batch units"]:
        parts = x.split(self.widths, dim=-1)
        return torch.cat([f(part) for f, part in zip(self.blocks, parts, strict=True)], dim=-1)


class ProgramActivation(nn.Module):
    """A function given as data, such as a library function on a fixed edge.

    Examples
    --------
    >>> ProgramActivation(("mul", 2.0, "x"))(torch.ones(1)).tolist()
    [2.0]
    """

    def __init__(self, program: Program):
        super().__init__()
        self.program = program

    def forward(self, x: Tensor) -> Tensor:
        value = evaluate(self.program, {"x": x}, TORCH)
        return torch.as_tensor(value, dtype=x.dtype, device=x.device).expand_as(x)


class Maxout(nn.Module):
    """Maxout layer: every unit is the maximum of several affine maps of its inputs.

    References
    ----------
    I. Goodfellow et al., Maxout Networks, 2013, arXiv:1302.4389.

    Examples
    --------
    >>> absolute = Maxout(torch.tensor([[[1.0], [-1.0]]]), torch.zeros(1, 2))
    >>> absolute(torch.tensor([[-3.0]])).tolist()
    [[3.0]]
    """

    def __init__(
        self, weight: Float[Tensor, "units pieces inputs"], bias: Float[Tensor, "units pieces"]
    ):
        super().__init__()
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(bias)

    def forward(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch units"]:
        return (torch.einsum("upi,...i->...up", self.weight, x) + self.bias).amax(-1)


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "sigmoid": nn.Sigmoid,
    "softplus": nn.Softplus,
    "elu": nn.ELU,
    "sin": Sine,
}


class MLP(LoadedWhole, nn.Sequential):
    """Multilayer perceptron: Linear, activation, Linear, ..., Linear.

    Parameters
    ----------
    widths : units per layer, inputs first.
    activation : one of ``relu tanh silu gelu sigmoid softplus elu sin``.
    seed : of the initial weights (uniform, Glorot and Bengio 2010); the global generator is
        left alone.
    dtype, device : of the weights.

    Examples
    --------
    >>> model = MLP([2, 8, 1], activation="tanh", seed=0)
    >>> model(torch.zeros(3, 2, dtype=torch.float64)).shape
    torch.Size([3, 1])
    """

    domain: Tensor
    sample: Tensor

    def __init__(
        self,
        widths: Sequence[int],
        *,
        activation: str = "tanh",
        seed: int = 0,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str | None = None,
    ):
        if activation not in ACTIVATIONS:
            raise InputError(
                f"activation={activation!r} is not known: use one of {', '.join(ACTIVATIONS)}."
            )
        if len(widths) < 2 or not all(isinstance(w, Integral) and w >= 1 for w in widths):
            raise InputError(
                f"widths={shortened(str(list(widths)))} is not a network: give at least inputs "
                "and outputs, whole numbers of at least 1."
            )
        check_size([a * (b + 1) for a, b in itertools.pairwise(map(int, widths))])
        layers: list[nn.Module] = []
        for n_in, n_out in itertools.pairwise(widths):
            linear = torch.nn.utils.skip_init(
                nn.Linear, n_in, n_out, dtype=dtype, device=device or torch.get_default_device()
            )
            layers += [linear, ACTIVATIONS[activation]()]
        super().__init__(*layers[:-1])
        self.widths = tuple(int(width) for width in widths)
        self.activation = activation
        self.seed = checked_seed(seed)
        self.input_names: tuple[str, ...] = tuple(f"x{i + 1}" for i in range(widths[0]))
        self.output_names: tuple[str, ...] = ()
        self.register_buffer(
            "domain", torch.tensor([[-1.0, 1.0]] * widths[0], dtype=dtype, device=device)
        )
        self.register_buffer("sample", torch.empty(0, widths[0], dtype=dtype, device=device))
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Draw new weights from a seed."""
        generator = torch.Generator().manual_seed(int(seed))
        with torch.no_grad():
            for layer in self:
                if isinstance(layer, nn.Linear):
                    n_out, n_in = layer.weight.shape
                    bound = (6 / (n_in + n_out)) ** 0.5
                    uniform = torch.rand(n_out, n_in + 1, generator=generator, dtype=torch.float64)
                    uniform = (2 * uniform - 1) * bound
                    layer.weight.copy_(uniform[:, :-1])
                    layer.bias.copy_(uniform[:, -1])

    def save(self, path: str | Path) -> None:
        """Write the model to a safetensors file (no pickle); `kansym.load` reads it."""
        save(self, {"kind": "MLP", "widths": self.widths, "activation": self.activation}, path)
