"""Samples that other programs made: scored beside the controls, or entered into a store as a row of its tables."""
