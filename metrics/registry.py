"""The metrics by name; listing them imports none of them (and so not PyTorch)."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics.base import Metric


@dataclass(frozen=True)
class Entry:
    """Where a metric lives (`module:Class`) and its one line, which equals its data sheet's."""

    location: str
    summary: str


METRICS: dict[str, Entry] = {
    "discriminative": Entry(
        "metrics.discriminative:Discriminative",
        "how far a small recurrent classifier can tell real from generated windows, |accuracy − ½|",
    ),
    "discriminative_lstm2": Entry(
        "metrics.discriminative_lstm2:DiscriminativeLSTM2",
        "how far a two-layer LSTM classifier can tell real from generated windows, |accuracy − ½|",
    ),
    "predictive": Entry(
        "metrics.predictive:Predictive",
        "error on real windows of a small recurrent predictor trained on generated ones",
    ),
    "context_fid": Entry(
        "metrics.context_fid:ContextFID",
        "Fréchet distance between real and generated windows in a TS2Vec representation",
    ),
    "dcr_ratio": Entry(
        "metrics.dcr_ratio:DCRRatio",
        "distance to the closest training record, relative to that among training windows: 0 for copies, 1 for real",
    ),
    "c2st": Entry(
        "metrics.c2st:C2ST",
        "accuracy − ½ of cross-validated boosted trees, real against generated; below 0 where generated windows copy",
    ),
    "c2st_auc": Entry(
        "metrics.c2st_auc:C2STAUC",
        "area under the ROC curve of cross-validated boosted trees, real against generated; ½ is chance",
    ),
    "memorisation": Entry(
        "metrics.memorisation:Memorisation",
        "share of generated windows nearer to a training than to a hold-out window; ½ is clean, 1 is copying",
    ),
    "authenticity": Entry(
        "metrics.authenticity:Authenticity",
        "share of generated windows further from the nearest training window than that is from any other; 0 is copying",
    ),
    "duplicates": Entry(
        "metrics.duplicates:Duplicates",
        "share of generated windows as near to a training window as the nearest 1 % of training windows are to another",
    ),
    "context_kid": Entry(
        "metrics.context_kid:ContextKID",
        "kernel distance (unbiased MMD²) between real and generated windows in a TS2Vec representation",
    ),
    "context_fid_infinity": Entry(
        "metrics.context_fid_infinity:ContextFIDInfinity",
        "Context-FID extrapolated to endlessly many windows, so that values at different n compare",
    ),
    "spectral": Entry(
        "metrics.spectral:Spectral",
        "root mean square difference of log power spectra over frequencies, averaged over features",
    ),
    "autocorrelation": Entry(
        "metrics.autocorrelation:Autocorrelation",
        "mean |difference| of autocorrelations over all lags and features",
    ),
    "cross_correlation": Entry(
        "metrics.cross_correlation:CrossCorrelation",
        "mean |difference| of cross-correlations over pairs of features and lags up to 24 either way",
    ),
    "correlational": Entry(
        "metrics.correlational:Correlational",
        "|difference| of correlations between features at lag 0, summed over pairs, a tenth of it",
    ),
    "marginal_wasserstein": Entry(
        "metrics.marginal_wasserstein:MarginalWasserstein",
        "Wasserstein-1 distance between the values of a feature, averaged over features",
    ),
    "sliced_wasserstein": Entry(
        "metrics.sliced_wasserstein:SlicedWasserstein",
        "Wasserstein-1 distance between flattened windows on random lines, averaged over 200 lines",
    ),
    "alpha_precision": Entry(
        "metrics.alpha_precision:AlphaPrecision",
        "fidelity: how evenly generated windows fill the real windows' nested supports",
    ),
    "beta_recall": Entry(
        "metrics.beta_recall:BetaRecall",
        "diversity: how evenly real windows fill the generated windows' nested supports",
    ),
    "density": Entry(
        "metrics.density:Density",
        "fidelity: real neighbourhoods that hold a generated window, per generated window, 1 where as many as should",
    ),
    "coverage": Entry(
        "metrics.coverage:Coverage",
        "diversity: share of real windows with a generated one in their neighbourhood",
    ),
    "tstr": Entry(
        "metrics.tstr:TSTR",
        "next-step error on real windows after training on generated ones, over that after training on real ones",
    ),
}

BACKENDS: dict[str, dict[str, str]] = {
    "tensorflow": {
        "discriminative": "metrics.tensorflow_backend.discriminative:TensorFlowDiscriminative",
        "predictive": "metrics.tensorflow_backend.predictive:TensorFlowPredictive",
    },
}
"""Which metrics a second, independent computation exists for; a back end has its module's and its extra's name."""


def names() -> list[str]:
    """The names of all metrics, in the order in which tables show them."""
    return list(METRICS)


def summary(name: str) -> str:
    """One line on the metric `name`; raises ValueError where there is none."""
    return _entry(name).summary


def load(name: str, backend: str = "torch") -> type[Metric]:
    """The class of the metric `name` on a back end, "torch" or one of BACKENDS; raises ValueError where there is none."""
    location = _entry(name).location if backend == "torch" else _location_on(backend, name)
    module, _, attribute = location.partition(":")
    return getattr(import_module(module), attribute)


def _location_on(backend: str, name: str) -> str:
    if backend not in BACKENDS:
        raise ValueError(f"unknown back end '{backend}'; choose one of: torch, {', '.join(BACKENDS)}.")
    _entry(name)
    if name not in BACKENDS[backend]:
        offered = ", ".join(BACKENDS[backend])
        raise ValueError(f"the metric '{name}' has no back end '{backend}', only {offered} have; use 'torch'.")
    if find_spec(backend) is None:
        raise ValueError(
            f"the back end '{backend}' is not installed; install it with: pip install \"timemar-benchmark[{backend}]\"."
        )
    return BACKENDS[backend][name]


def _entry(name: str) -> Entry:
    if name in METRICS:
        return METRICS[name]
    near = get_close_matches(name.casefold(), METRICS, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"choose one of: {', '.join(METRICS)}."
    raise ValueError(f"unknown metric '{name}'; {hint}")
