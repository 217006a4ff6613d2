"""Samples that other programs made: scored beside the controls, or entered into a store as a row of its tables."""

UNITS = ("scaled", "data")
"""What the values of samples may be in: [0, 1] as the harness scales a data set, or the data's own units."""
