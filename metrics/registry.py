"""The metrics by name. Every fact about a metric stands at its class; listing loads the metric modules, never PyTorch."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from metrics.base import Metric

METRICS: dict[str, str] = {
    "discriminative": "metrics.discriminative:Discriminative",
    "discriminative_lstm2": "metrics.discriminative_lstm2:DiscriminativeLSTM2",
    "predictive": "metrics.predictive:Predictive",
    "context_fid": "metrics.context_fid:ContextFID",
    "dcr_ratio": "metrics.dcr_ratio:DCRRatio",
    "c2st": "metrics.c2st:C2ST",
    "c2st_auc": "metrics.c2st_auc:C2STAUC",
    "block_c2st": "metrics.block_c2st:BlockC2ST",
    "block_c2st_lstm": "metrics.block_c2st_lstm:BlockC2STLSTM",
    "memorisation": "metrics.memorisation:Memorisation",
    "authenticity": "metrics.authenticity:Authenticity",
    "duplicates": "metrics.duplicates:Duplicates",
    "data_copying": "metrics.data_copying:DataCopying",
    "membership_attack": "metrics.membership_attack:MembershipAttack",
    "context_kid": "metrics.context_kid:ContextKID",
    "context_fid_infinity": "metrics.context_fid_infinity:ContextFIDInfinity",
    "spectral": "metrics.spectral:Spectral",
    "autocorrelation": "metrics.autocorrelation:Autocorrelation",
    "cross_correlation": "metrics.cross_correlation:CrossCorrelation",
    "correlational": "metrics.correlational:Correlational",
    "marginal_wasserstein": "metrics.marginal_wasserstein:MarginalWasserstein",
    "sliced_wasserstein": "metrics.sliced_wasserstein:SlicedWasserstein",
    "alpha_precision": "metrics.alpha_precision:AlphaPrecision",
    "beta_recall": "metrics.beta_recall:BetaRecall",
    "density": "metrics.density:Density",
    "coverage": "metrics.coverage:Coverage",
    "tstr": "metrics.tstr:TSTR",
    "tstr_horizons": "metrics.tstr_horizons:TSTRHorizons",
    "augmentation_gain": "metrics.augmentation_gain:AugmentationGain",
}
"""The class of each metric as `module:Class`, in the order of tables."""

BACKENDS: dict[str, dict[str, str]] = {
    "tensorflow": {
        "discriminative": "metrics.tensorflow_backend.discriminative:TensorFlowDiscriminative",
        "predictive": "metrics.tensorflow_backend.predictive:TensorFlowPredictive",
    },
}
"""The metrics with a second, independent implementation; a back end is named like its module and its extra."""
BACKEND_NAMES = ("torch", *BACKENDS)


def names() -> list[str]:
    """The names of all metrics, in the order of tables."""
    return list(METRICS)


def load(name: str, backend: str = "torch") -> type[Metric]:
    """The class of the metric `name` on a back end, "torch" or one of BACKENDS; raises ValueError where there is none."""
    location = _location(name) if backend == "torch" else _location_on(backend, name)
    module, _, attribute = location.partition(":")
    return cast("type[Metric]", getattr(import_module(module), attribute))


def _location_on(backend: str, name: str) -> str:
    if backend not in BACKENDS:
        raise ValueError(f"unknown back end '{backend}'; choose one of: {', '.join(BACKEND_NAMES)}.")
    _location(name)
    if name not in BACKENDS[backend]:
        offered = ", ".join(BACKENDS[backend])
        raise ValueError(f"the metric '{name}' has no back end '{backend}', only {offered} have; use 'torch'.")
    if find_spec(backend) is None:
        raise ValueError(
            f"the back end '{backend}' is not installed; install it with: pip install \"timemar-benchmark[{backend}]\"."
        )
    return BACKENDS[backend][name]


def _location(name: str) -> str:
    if name in METRICS:
        return METRICS[name]
    near = get_close_matches(name.casefold(), METRICS, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"choose one of: {', '.join(METRICS)}."
    raise ValueError(f"unknown metric '{name}'; {hint}")
