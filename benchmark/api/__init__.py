"""The Python API: data sets as windows, generators, scores, and suites with their results.

It reads like scikit-learn: a constructor stores, `fit` validates and returns the estimator, fitted attributes end in an
underscore. Importing it loads neither PyTorch nor pandas, and a mistake raises `benchmark.errors.UserError` in one sentence.

Example:
    >>> from benchmark.api import generator, load_dataset, score
    >>> stocks = load_dataset("stocks", length=24)
    >>> model = generator("timemar_s", budget="smoke").fit(stocks)
    >>> samples = model.sample(500)
    >>> print(score(stocks, samples, scores=["context_fid"]))

Metrics and generators need none of it: `metrics.context_fid.ContextFID().compute(real, fake)` takes arrays, and every
generator has `fit(windows, context)` and `sample(n, seed)`, described in `benchmark.interface`.
"""

from benchmark.api.dataset import Dataset, load_dataset
from benchmark.api.estimator import Estimator, generator, load_cell, load_generator
from benchmark.api.scores import ScoreResult, Scores, score
from benchmark.api.suite_statistics import statistics
from benchmark.api.suites import plot, results, run, table
from benchmark.api.view import View
from benchmark.errors import UserError

__all__ = [
    "Dataset",
    "Estimator",
    "ScoreResult",
    "Scores",
    "UserError",
    "View",
    "generator",
    "load_cell",
    "load_dataset",
    "load_generator",
    "plot",
    "results",
    "run",
    "score",
    "statistics",
    "table",
]
