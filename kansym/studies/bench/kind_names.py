"""Names of the kinds of network, known without loading what trains them."""

from collections.abc import Sequence

from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint

__all__ = ["KAN_KIND", "KIND_NAMES", "REWRITTEN", "checked_kinds"]

KAN_KIND, REWRITTEN = "kan", "kan-as-mlp"
KIND_NAMES = (KAN_KIND, REWRITTEN, "mlp-form", "mlp-relu", "mlp-tanh", "mlp-silu")


def checked_kinds(names: Sequence[str]) -> list[str]:
    """The names, if all are known.

    Raises
    ------
    InputError
        With the nearest names.

    Examples
    --------
    >>> checked_kinds(["kan", "mlp-silu"])
    ['kan', 'mlp-silu']
    """
    for name in names:
        if name not in KIND_NAMES:
            raise InputError(f"There is no kind of network {name!r}: {hint(name, KIND_NAMES)}.")
    return list(names)
