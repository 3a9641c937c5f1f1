"""What can go wrong, as exceptions whose one sentence says what to do.

::

    KansymError
    ├── InputError             bad data, names, shapes or settings (also a ValueError)
    ├── ModelFileError         a damaged, foreign or unsafe model file (also a ValueError)
    ├── UnsupportedModelError  a network that no reader opens (also a TypeError)
    └── MissingPackageError    an optional package is absent (also an ImportError)
"""

import importlib
from types import ModuleType

__all__ = [
    "InputError",
    "KansymError",
    "MissingPackageError",
    "ModelFileError",
    "UnsupportedModelError",
    "require",
]


class KansymError(Exception):
    """Base of every error that kansym raises on purpose."""


class InputError(KansymError, ValueError):
    """Data, names, shapes or settings that cannot be used."""


class ModelFileError(KansymError, ValueError):
    """A model file that is damaged, foreign or unsafe to open."""


class UnsupportedModelError(KansymError, TypeError):
    """A model, or a part of one, that no reader opens."""


class MissingPackageError(KansymError, ImportError):
    """An optional package that a feature needs is not installed."""


def require(package: str, extra: str) -> ModuleType:
    """Import an optional package, or say which extra brings it.

    Parameters
    ----------
    package : importable name, such as ``"sklearn"``.
    extra : name of the extra of kansym that installs it.

    Raises
    ------
    MissingPackageError
        With the install line, if the package is absent.

    Examples
    --------
    >>> require("math", "none").sqrt(4.0)
    2.0
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != package.split(".")[0]:
            raise
        raise MissingPackageError(
            f"This needs the package {package!r}, which is not installed: "
            f"run pip install 'kansym[{extra}]'."
        ) from error
