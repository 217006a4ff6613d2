"""The harness: plans cells, runs them, keeps their results and prints them. `benchmark.api` is its Python API."""

__version__ = "0.1.0"
