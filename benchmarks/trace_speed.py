"""Time and memory of opening a model: a [17, 8, 14] KAN, its MLP, and a large ReLU MLP.

Run with ``python benchmarks/trace_speed.py``; every case has 100,000 sample rows. Time is that of
the processor, so that other programs on the machine do not count.
"""

import resource
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch

import kansym
from kansym.neural.readers.tracing import trace


def large_mlp() -> torch.nn.Module:
    generator = torch.Generator().manual_seed(0)
    widths = (20, 256, 256, 256, 1)
    layers: list[torch.nn.Module] = []
    for n_in, n_out in pairwise(widths):
        linear = torch.nn.Linear(n_in, n_out)
        with torch.no_grad():
            for parameter in linear.parameters():
                drawn = torch.rand(parameter.shape, generator=generator)
                parameter.copy_((2 * drawn - 1) / n_in**0.5)
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def measure(title: str, model: torch.nn.Module, n_inputs: int) -> None:
    X = np.random.default_rng(0).uniform(-1, 1, (100_000, n_inputs))
    clock: Callable[[], float] = time.process_time
    start = clock()
    network = trace(model, X)
    seconds = clock() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{title}: {seconds:.1f} s, peak memory {peak:.2f} GiB so far; {network}")
    for finding in network.findings:
        print(f"    {finding}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    kan = kansym.KAN([17, 8, 14], seed=0)
    measure("KAN [17, 8, 14] (to reach: 5 s)", kan, 17)
    measure("the same KAN as an MLP", kansym.to_mlp(kan), 17)
    measure("ReLU MLP 256 x 256 x 256 (to reach: 60 s, 4 GiB)", large_mlp(), 20)
