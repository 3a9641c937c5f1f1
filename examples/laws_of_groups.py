"""
One law on three worlds
=======================

Pendulums on the Earth, on Mars and on the Moon: one form, and a constant that each world has of
its own.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import kansym

# %%
# Eight lengths on each world, periods to 0.03 s.
rng = np.random.default_rng(0)
gravity = {"Earth": 9.81, "Mars": 3.71, "Moon": 1.62}
table = pd.DataFrame(
    {"L [m]": np.tile(np.linspace(0.2, 2.0, 8), 3), "world": np.repeat(list(gravity), 8)}
)
exact = 2 * np.pi * np.sqrt(table["L [m]"] / table["world"].map(gravity))
period = pd.Series(exact + 0.03 * rng.normal(size=24), name="T [s]")

# %%
# The form is sought in the largest groups and held against all of them; tests tell which constants
# the worlds share.
found = kansym.discover(table, period, groups="world", seconds=8)
print(found.grouped)

# %%
# A form that is known gives g on each world, with its error.
fit = kansym.fit_formula("2*pi*sqrt(L/g)", table, period, groups="world")
print(fit)

# %%
# The rows with the law of each world.
figure, axes = plt.subplots()
lengths = np.linspace(0.1, 2.1, 200)
for world, rows in table.assign(T=period).groupby("world"):
    (dots,) = axes.plot(rows["L [m]"], rows["T"], "o", label=world)
    own = fit.values[f"g[{world}]"]
    axes.plot(lengths, 2 * np.pi * np.sqrt(lengths / own), color=dots.get_color())
axes.set(xlabel="L (m)", ylabel="T (s)")
axes.legend()

# %%
# What the common form leaves over.
found.result.plot_residuals()
plt.show()
