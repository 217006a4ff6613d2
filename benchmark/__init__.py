"""The harness: plans cells, runs them, keeps their results and prints them."""

__version__ = "0.1.0"
