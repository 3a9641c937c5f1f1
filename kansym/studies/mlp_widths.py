"""MLPs of a given size."""

__all__ = ["mlp_widths"]


def mlp_widths(inputs: int, parameters: int, hidden: int = 2, outputs: int = 1) -> tuple[int, ...]:
    """Equal hidden layers with as near to so many parameters as there can be.

    Examples
    --------
    >>> mlp_widths(2, 122)
    (2, 9, 9, 1)
    """

    def apart(width: int) -> int:
        inner = (hidden - 1) * (width + 1) * width
        return abs((inputs + 1) * width + inner + (width + 1) * outputs - parameters)

    width = min(range(1, parameters + 2), key=apart)
    return (inputs, *[width] * hidden, outputs)
