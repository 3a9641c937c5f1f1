"""What is known of a model's formula beforehand: its text, its constants, its unknown functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["KnownForm"]


@dataclass(frozen=True, eq=False)
class KnownForm:
    """A formula that a model was drawn from, as the model has it now.

    Attributes
    ----------
    text : such as ``"a*exp(-x**2/b) + ?(y)"``.
    inputs : names of the columns, in order.
    constants : values of the named constants.
    curves : the unknown functions, ``"?1"`` and so on in the order of the text.
    """

    text: str
    inputs: tuple[str, ...]
    constants: Mapping[str, float]
    curves: Mapping[str, Callable[[np.ndarray], np.ndarray]]
