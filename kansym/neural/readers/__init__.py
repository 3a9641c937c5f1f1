"""Readers: one file per kind of model, each turning it into stages in numpy.

A reader imports the package that its models come from; nothing else in kansym does.
"""
