"""
A table of measurements
=======================

Periods of a pendulum from a CSV file, with 1 % of noise: from a first look to a report.
"""

from io import StringIO

import pandas as pd

import kansym

# %%
# In place of ``pd.read_csv("pendulum.csv")``, so that this page stands alone.
table = pd.read_csv(
    StringIO(
        "L,T\n0.10,0.637\n0.15,0.771\n0.20,0.893\n0.30,1.102\n0.40,1.277\n0.50,1.405\n"
        "0.60,1.549\n0.80,1.800\n1.00,2.003\n1.20,2.218\n1.40,2.355\n1.60,2.532\n2.00,2.843\n"
    )
)

# %%
# What law is it? The error of each reading is 1 % of it.
found = kansym.discover(table[["L"]], table["T"], sigma=0.01 * table["T"], seconds=5)
print(found.result)

# %%
# The data with their errors and the curve; then what the formula leaves over.
found.plot()

# %%
found.result.plot_residuals("L")

# %%
# The law is known: T = 2 pi sqrt(L/g). Its constant with the error that the data allow.
fit = kansym.fit_formula("2*pi*sqrt(L/g)", table[["L"]], table["T"], sigma=0.01 * table["T"])
print(fit)

# %%
# Everything on one page, for a colleague.
print("written to", kansym.report(found.result, "pendulum.html", title="A pendulum"))
