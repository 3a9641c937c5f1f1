"""The measurement that kansym was built for: is a KAN easier to read than an MLP?"""
