"""Every score worsens as a corruption grows, or is listed as blind to it with the reason."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from metrics import c2st, c2st_auc, registry
from metrics.base import ScoreContext
from metrics.common import two_sample
from metrics.context_fid import ContextFID
from metrics.nets import ts2vec_encoder
from tests.metrics.conftest import SCORES, independent
from tests.metrics.corruptions import CORRUPTIONS

STRENGTHS = (0.2, 0.4, 0.6, 0.8)
STEPS = 30
SEED = 0

NOT_QUALITY = "it asks whether training windows were copied, not whether windows are good"
HALVES = "it compares whole windows with training windows, and half of a leaked one is its own"
SAME_VALUES = "a leaked segment holds real values of its own steps, so that their distribution stays"
CROSSING = "quantiles of the distance to the mean cross those of real windows on the way"
POOLED = "a briefly trained encoder pools over time, and both halves of a leaked window are real"
ONE_FEATURE = "it looks at one feature at a time, and each keeps its windows"
OWN_PAST = "a feature's own past foretells it, so the others need not belong to it"
BLIND = {
    ("memorisation", "noise"): NOT_QUALITY,
    ("memorisation", "time_shuffle"): NOT_QUALITY,
    ("memorisation", "channel_resample"): NOT_QUALITY,
    ("memorisation", "mode_drop"): NOT_QUALITY,
    ("memorisation", "segment_leak"): HALVES,
    ("memorisation", "rare_event_drop"): NOT_QUALITY,
    ("memorisation", "moving_average"): NOT_QUALITY,
    ("duplicates", "noise"): NOT_QUALITY,
    ("duplicates", "time_shuffle"): NOT_QUALITY,
    ("duplicates", "channel_resample"): NOT_QUALITY,
    ("duplicates", "mode_drop"): NOT_QUALITY,
    ("duplicates", "segment_leak"): HALVES,
    ("duplicates", "rare_event_drop"): NOT_QUALITY,
    ("duplicates", "moving_average"): NOT_QUALITY,
    ("authenticity", "channel_resample"): "it rises through ½ from below, as a set of few dimensions starts there",
    ("authenticity", "mode_drop"): NOT_QUALITY,
    ("data_copying", "mode_drop"): NOT_QUALITY,
    ("data_copying", "rare_event_drop"): NOT_QUALITY,
    ("membership_attack", "noise"): NOT_QUALITY,
    ("membership_attack", "time_shuffle"): NOT_QUALITY,
    ("membership_attack", "channel_resample"): NOT_QUALITY,
    ("membership_attack", "mode_drop"): NOT_QUALITY,
    ("membership_attack", "moving_average"): NOT_QUALITY,
    (
        "membership_attack",
        "segment_leak",
    ): "independent windows share no rows: few leaked segments are one of their halves",
    ("authenticity", "segment_leak"): "it rises through ½ from below, as the seam drives windows away from all others",
    ("authenticity", "rare_event_drop"): NOT_QUALITY,
    ("spectral", "channel_resample"): ONE_FEATURE,
    ("autocorrelation", "channel_resample"): ONE_FEATURE,
    ("marginal_wasserstein", "channel_resample"): ONE_FEATURE,
    ("marginal_wasserstein", "time_shuffle"): "order in time plays no part in the distribution of a value",
    ("marginal_wasserstein", "segment_leak"): SAME_VALUES,
    ("sliced_wasserstein", "segment_leak"): "few directions weigh the seam, and the distribution of single steps stays",
    ("context_kid", "segment_leak"): POOLED,
    ("correlational", "segment_leak"): "it looks at lag 0 only, and whole steps are copied",
    ("correlational", "time_shuffle"): "it looks at lag 0 only, and whole steps are moved",
    ("density", "mode_drop"): "it measures fidelity: what is left of the data is still good",
    ("density", "rare_event_drop"): "it measures fidelity: what is left of the data is still good",
    ("alpha_precision", "rare_event_drop"): CROSSING,
    ("alpha_precision", "moving_average"): CROSSING,
    ("beta_recall", "time_shuffle"): "shuffled windows lie about as far from their own mean as real ones do",
    ("tstr", "channel_resample"): OWN_PAST,
    ("tstr_horizons", "channel_resample"): OWN_PAST,
    ("augmentation_gain", "channel_resample"): OWN_PAST,
    ("augmentation_gain", "mode_drop"): "the training windows beside them hold the dropped modes",
    ("augmentation_gain", "rare_event_drop"): "the training windows beside them hold the rare events",
    ("augmentation_gain", "moving_average"): "the training windows beside them hold what smoothing takes away",
}
"""The table: (score, corruption) to the reason why the score need not worsen. All other pairs must."""


@pytest.fixture(scope="module")
def encoder(waves):
    return ContextFID(steps=STEPS).prepare(waves(300, 0), SEED)


@pytest.fixture(scope="module", autouse=True)
def _computed_once():
    """Scores that share a classifier or an encoder share its answers here, and a quarter of the trees will do."""
    patch = pytest.MonkeyPatch()
    answers: dict[tuple, object] = {}

    def once(function):
        def call(*arguments):
            arrays = (one.tobytes() if isinstance(one, np.ndarray) else repr(one)[:40] for one in arguments)
            key = (function.__name__, *arrays)
            if key not in answers:
                answers[key] = function(*arguments)
            return answers[key]

        return call

    for module in (c2st, c2st_auc):
        patch.setattr(module, "out_of_fold", once(two_sample.out_of_fold))
    patch.setattr(two_sample, "TREES", 15)
    patch.setattr(ts2vec_encoder, "encode", once(ts2vec_encoder.encode))
    yield
    patch.undo()


def distance_from_ideal(name, corruption, strength, waves, encoder):
    """Over real, fresh and training windows, 300 each; light scores are averaged over four draws of all three."""
    metric = registry.load(name)(**({"steps": STEPS} if name.startswith("context") else {}))
    values = []
    for draw in range(4 if metric.info.cost == "light" else 1):
        real, fresh, training = (waves(300, 3 * draw + place) for place in range(3))
        fake = CORRUPTIONS[corruption](fresh, strength, 7 + draw, training)
        prepared = [encoder] if metric.shared else []
        context = ScoreContext(
            seeds=[SEED], prepared=prepared, training=training, blocks=independent(len(real), len(training))
        )
        values.append(metric.compute(real, fake, context).mean)
    return abs(float(np.mean(values)) - metric.info.ideal)


def worsens(distances):
    """Each step away from ideal but for a fiftieth of the whole way, and the end clearly beyond the clean sample."""
    whole = max(distances)
    return (
        min(after - before for before, after in pairwise(distances)) >= -whole / 50 and distances[-1] > 2 * distances[0]
    )


@pytest.fixture(scope="module")
def clean(waves, encoder):
    """The distance of uncorrupted windows by score, which is the same for every corruption."""
    return cache(lambda name: distance_from_ideal(name, "noise", 0, waves, encoder))


@pytest.mark.parametrize("corruption", CORRUPTIONS)
@pytest.mark.parametrize("name", SCORES)
def test_a_score_worsens_with_the_corruption_or_is_listed_as_blind(name, corruption, waves, encoder, clean):
    distances = [distance_from_ideal(name, corruption, strength, waves, encoder) for strength in STRENGTHS]
    distances.insert(0, clean(name))
    assert worsens(distances) != ((name, corruption) in BLIND), distances
