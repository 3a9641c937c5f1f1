"""What all tests share: one thread, the same Hypothesis examples everywhere, and the zoo."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: two workers, two cores

import pytest
from hypothesis import HealthCheck, settings

import tests.type_checks  # noqa: F401 - for --jaxtyping-packages, which looks by attribute

settings.register_profile(
    "default",
    deadline=None,  # times vary on shared machines; the tests of speed are in benchmarks/
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a device that is not there."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))
