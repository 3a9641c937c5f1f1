"""A KAN as an MLP and back, exactly."""
