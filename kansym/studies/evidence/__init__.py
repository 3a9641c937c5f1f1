"""The measurement that kansym was built for: whether a KAN is easier to read than an MLP."""
