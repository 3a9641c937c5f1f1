"""Studies of many runs: the benchmark, the claims, the comparison of networks."""
