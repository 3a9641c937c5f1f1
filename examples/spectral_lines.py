"""
Lines of hydrogen
=================

Rydberg's formula from the measured wavelengths of hydrogen.
"""

import numpy as np
import pandas as pd

import kansym

# %%
# Vacuum wavelengths of transitions between the levels n1 < n2, as wave numbers in 1/m.
data = kansym.load_problem("hydrogen-lines").data()
rows = pd.DataFrame(data.X, columns=list(data.inputs))
wave_number = pd.Series(1 / data.y, name="wave_number")
print(len(rows), "lines from", f"{1e9 * data.y.min():.0f} to {1e9 * data.y.max():.0f} nm")

# %%
# The fine structure, averaged in this table, leaves deviations of about 1e-5: no more is asked for.
found = kansym.discover(rows, wave_number, accuracy=1e-5, seconds=10)
print(found.result.expr)

# %%
# Formula against data, over two decades.
axes = found.plot()
axes.set(xscale="log", yscale="log")

# %%
# The network that computes the law: a function of each level, and their difference.
found.result.plot_network()

# %%
# A form that is known: the constant with its error beside the accepted one.
form = "R*(1/n1**2 - 1/n2**2)"
fit = kansym.fit_formula(form, rows, wave_number, weights=np.asarray(wave_number) ** -2.0)
print(f"R = {fit.values['R']:.1f} +- {fit.stderr['R']:.1f} per metre; accepted: 10967758.3")
