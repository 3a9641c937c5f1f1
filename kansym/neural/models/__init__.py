"""Kolmogorov-Arnold networks and multilayer perceptrons, and their files."""
