"""A Dask cluster as joblib's backend."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from kansym.shared.errors import InputError, require

__all__ = ["connected"]

_PATIENCE = 10.0


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Have joblib use the cluster behind a scheduler.

    Parameters
    ----------
    address : of the scheduler, such as ``tcp://127.0.0.1:8786``.

    Raises
    ------
    InputError
        If no address is given or no scheduler answers there.
    MissingPackageError
        If Dask is not installed.
    """
    if address is None:
        raise InputError(
            "--backend dask needs the scheduler's --address, such as tcp://127.0.0.1:8786: give it."
        )
    with _without_knots():
        distributed = require("distributed", "cluster")
    try:
        client = distributed.Client(address, timeout=_PATIENCE, set_as_default=True)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"No Dask scheduler answers at {address!r} within {_PATIENCE:g} s "
            f"({str(error).splitlines()[0] if str(error) else type(error).__name__}): start one "
            "with dask scheduler, or mend the address."
        ) from error
    with client:
        if not client.scheduler_info()["workers"]:
            raise InputError(
                f"The Dask scheduler at {address!r} has no workers: start some with dask worker "
                f"{address}."
            )
        from joblib import parallel_config

        with parallel_config(backend="dask"):
            yield


@contextmanager
def _without_knots() -> Iterator[None]:
    """Hide SnapPy, whose module is named like a compression that Dask looks for."""
    spec = None if "snappy" in sys.modules else importlib.util.find_spec("snappy")
    if spec is None or "distributed" in sys.modules:
        yield
        return
    sys.modules["snappy"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["snappy"]
