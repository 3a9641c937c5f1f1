"""Second-order training, and the shape of a network."""
