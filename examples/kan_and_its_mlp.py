"""
A KAN and its MLP form
======================

A KAN rewritten as a plain ``torch.nn.Sequential`` computes the same function everywhere, and the
same pipeline reads the same formula from it.
"""

import numpy as np
import torch

import kansym

# %%
# The first example of the KAN paper, exp(sin(pi x1) + x2^2).
X = np.random.default_rng(0).uniform(-1, 1, (1000, 2))
y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
model = kansym.KAN([2, 5, 1], grid=5, degree=3, seed=0)
print(kansym.train(model, X, y))

# %%
# The other form: Linear, powers of ReLU, Linear, and so on. Equal inside the grid and outside.
mlp = kansym.to_mlp(model)
print(mlp)
x = torch.from_numpy(np.random.default_rng(1).uniform(-5, 5, (1000, 2)))
with torch.no_grad():
    difference = (mlp(x) - model(x)).abs().max() / model(x).abs().max()
print(f"largest difference: {difference:.1e} of the largest output")

# %%
# One pipeline opens both.
from_kan = kansym.extract(model)
from_mlp = kansym.extract(mlp, X)
print("from the KAN:", from_kan.expr)
print("from the MLP:", from_mlp.expr)
print("equal:", from_kan.expr == from_mlp.expr)

# %%
# The KAN with its curve on every edge, which the perceptron computes as well.
model.plot()
