"""Names of the kinds of network, known without loading what trains them."""

from collections.abc import Sequence

from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint

__all__ = ["DISCOVER", "KAN_KINDS", "KIND_NAMES", "REWRITES", "checked_kinds", "trained_kind"]

KAN_KINDS = ("kan", "kan-dense")
"""KANs; the first that is there is what MLPs are sized by."""
REWRITES = {"kan-as-mlp": "kan", "kan-dense-as-mlp": "kan-dense"}
"""Kinds that are not trained but rewritten, and from which."""
DISCOVER = "discover"
"""No network at all: `kansym.discover`, from the rows alone."""
DESCRIPTIONS = {
    "kan": "KAN whose shape the rows choose",
    "kan-dense": "KAN [n, n+2, 1], sparsified and pruned by threshold",
    "kan-as-mlp": "the KAN kan, rewritten as an MLP and read as one",
    "kan-dense-as-mlp": "the KAN kan-dense, rewritten as an MLP and read as one",
    "mlp-form": "MLP in the layout of a rewritten KAN, every weight free",
    "mlp-relu": "MLP with two hidden layers, ReLU",
    "mlp-tanh": "MLP with two hidden layers, tanh",
    "mlp-silu": "MLP with two hidden layers, SiLU",
    DISCOVER: "no network: kansym.discover, from the rows alone",
}
KIND_NAMES = tuple(DESCRIPTIONS)


def trained_kind(kind: str) -> str:
    """The kind whose training a kind shares: its own, or that of the KAN it is rewritten from.

    Examples
    --------
    >>> trained_kind("kan-as-mlp"), trained_kind("mlp-silu")
    ('kan', 'mlp-silu')
    """
    return REWRITES.get(kind, kind)


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
