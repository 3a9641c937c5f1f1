"""Whether a state dict fits a model, asked before anything of it is loaded."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from kansym.shared.errors import InputError

__all__ = ["LoadedWhole", "prepare_for"]

_ROWS = "sample"


class LoadedWhole(nn.Module):
    """A module that loads a state dict whole or not at all."""

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Copy the tensors of a state dict, all or none of them.

        Raises
        ------
        InputError
            If it is of another architecture.
        """
        prepare_for(state_dict, self, strict=strict)
        return super().load_state_dict(state_dict, strict=strict, assign=assign)


def prepare_for(state: Any, model: nn.Module, *, strict: bool = True) -> None:
    """Refuse the state dict of another architecture; torch would load the half that fits.

    The rows that a model remembers, its buffer ``sample``, may be of any number: room is made.

    Parameters
    ----------
    state : names to tensors.
    model : what they are meant for.
    strict : whether all names must be there, and no others, as in ``load_state_dict``.

    Raises
    ------
    InputError
        With the first entry that does not fit, and how many more there are.

    Examples
    --------
    >>> prepare_for(nn.Linear(2, 4).state_dict(), nn.Linear(2, 3))
    Traceback (most recent call last):
    ...
    kansym.shared.errors.InputError: The state dict is of another architecture, 'weight' has shape
    [4, 2], expected [3, 2] (and 1 more): build the model with the settings of the saved one, or
    keep models with model.save and kansym.load.
    """
    if not isinstance(state, Mapping):
        given = _described(state)
        raise InputError(
            f"{given[0].upper()}{given[1:]} was given, expected a state dict, names to tensors: "
            "give what the state_dict() of the saved model returned."
        )
    expected = model.state_dict()
    shared = [name for name in expected if name in state]
    misfits = [
        f"{name!r} {_misfit(expected[name], state[name])}"
        for name in shared
        if not _fits(name, expected[name], state[name])
    ]
    way = "build the model with the settings of the saved one, or keep models with model.save and "
    way += "kansym.load"
    if strict:
        others = [f"it lacks {name!r}" for name in expected if name not in state]
        others += [f"{name!r} is none of this model's" for name in state if name not in expected]
        if not misfits and shared:
            way += ", or load the names that fit with strict=False"
        misfits += others
    if misfits:
        more = f" (and {len(misfits) - 1} more)" if len(misfits) > 1 else ""
        raise InputError(f"The state dict is of another architecture, {misfits[0]}{more}: {way}.")
    if _ROWS in shared:
        model.register_buffer(_ROWS, expected[_ROWS].new_empty(state[_ROWS].shape))


def _fits(name: str, expected: torch.Tensor, given: Any) -> bool:
    if not isinstance(given, torch.Tensor) or given.ndim != expected.ndim:
        return False
    first = 1 if name == _ROWS else 0
    return given.shape[first:] == expected.shape[first:]


def _misfit(expected: torch.Tensor, given: Any) -> str:
    """What is given where what is expected."""
    shape = list(expected.shape)
    if not isinstance(given, torch.Tensor):
        return f"is {_described(given)}, expected a tensor of shape {shape}"
    return f"has shape {list(given.shape)}, expected {shape}"


def _described(given: Any) -> str:
    return "None" if given is None else f"a {type(given).__name__}"
