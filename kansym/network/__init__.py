"""A model as data: a graph of sum and product nodes with a curve on every edge."""
