"""
Knots: slope and signature
==========================

The signature of a knot, a whole number of topology, from the geometry of its complement: a KAN and
a perceptron learn it, and both are asked for a formula.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import kansym

# %%
# Hyperbolic knots of up to 12 crossings: both translations along the cusp.
data = kansym.load_problem("knots-translations").data()
knots = pd.DataFrame(data.X, columns=["longitude", "meridian_re", "meridian_im"])[::3]
signature = pd.Series(data.y, name="signature")[::3]

# %%
# How much of the signature each input decides, and the slope that is known to matter.
slope = (knots.longitude * knots.meridian_re) / (knots.meridian_re**2 + knots.meridian_im**2)
print(kansym.fit_formula("a*slope", {"slope": slope}, signature, exact=False))
figure, axes = plt.subplots()
axes.plot(slope, signature, ".", alpha=0.3)
axes.plot(np.sort(slope), np.sort(slope) / 2, "k")
axes.set(xlabel="slope", ylabel="signature")

# %%
# The same rows for both networks, the same reading for both.
models = {"KAN": kansym.KAN([3, 2, 1], seed=0), "MLP": kansym.MLP([3, 8, 8, 1], seed=0)}
results = {}
for name, model in models.items():
    kansym.train(model, knots, signature, seconds=8)
    results[name] = kansym.extract(
        model, knots, signature, library="x,x^2,1/x,1/x^2", budget=8, accuracy=0.1
    )
    even = 2 * np.round(results[name].predict(knots) / 2)
    right = np.mean(even == signature)
    print(f"{name}: {results[name].expr}\n  right: {right:.1%}")
print(f"half the slope: right {np.mean(2 * np.round(slope / 4) == signature):.1%}")

# %%
# The network of the KAN.
results["KAN"].plot_network()
plt.show()
