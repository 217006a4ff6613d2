"""Scores of generated windows: pure functions of arrays and seeds, each with a data sheet."""
