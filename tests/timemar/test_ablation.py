"""An ablation changes what its name says, and nothing else (paper Table 3)."""

import numpy as np
import pytest
import torch

from benchmark.config.generators import load_spec, resolve
from benchmark.errors import UserError
from benchmark.interface import FitContext
from timemar.architecture import make_tokenizer
from timemar.config import TokenizerSizes
from timemar.generator import TimeMAR

# The parts of stage 1 that each ablation may touch; what stands in has no more numbers than what it replaces.
TOUCHED = {
    "frequency": {"frequency"},
    "decompose": {
        "decomposition", "coarse", "coarse_encoder", "fusion", "split", "coarse_decoder", "guidance"
    },
    "multiscale": {"quantizer"},
    "coarse": {"guidance"},
}  # fmt: skip
PUBLISHED = {
    "frequency": "w/o Frequency",
    "decompose": "w/o Decompose",
    "multiscale": "w/o Multi-Scale Quant",
    "coarse": "w/o Coarse-Guided",
}
TINY = {
    "vocab_size": 16, "z_channels": 8, "ch": 8, "middle_blocks": 0, "patch_nums": (1, 3, 6), "embed_dim": 16, "layers": 1,
    "heads": 2, "stage1_steps": 4, "stage1_batch": 8, "stage2_steps": 3, "stage2_batch": 8,
}  # fmt: skip


def tokenizer(*drop):
    sizes = TokenizerSizes(16, 8, 8, (1, 1, 2), 1, 0, (1, 3, 6), None, 4, 0.25, drop=drop)
    made = make_tokenizer(24, 3, sizes, torch.Generator().manual_seed(7))
    made.fit_scaling(windows())
    return made


def windows(count=40, features=3):
    return torch.rand(count, 24, features, generator=torch.Generator().manual_seed(8))


def values(module, part):
    return {name: value for name, value in module.named_parameters() if name.split(".")[0] == part}


@pytest.mark.parametrize("drop", TOUCHED)
def test_the_other_parts_keep_names_shapes_and_initial_values(drop):
    whole, ablated = tokenizer(), tokenizer(drop)
    assert {name for name, _ in whole.named_children()} == {name for name, _ in ablated.named_children()}
    for part, _ in whole.named_children():
        before, after = values(whole, part), values(ablated, part)
        if part in TOUCHED[drop]:
            assert sum(v.numel() for v in after.values()) <= sum(v.numel() for v in before.values())
            kinds = {type(getattr(model, part)) for model in (whole, ablated)}
            assert len(kinds) == (1 if drop == "multiscale" else 2)
        else:
            assert list(before) == list(after)
            assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("drop", TOUCHED)
def test_latents_or_decoded_windows_differ(drop):
    whole, ablated = tokenizer(), tokenizer(drop)
    with torch.no_grad():
        a, b = whole(windows()), ablated(windows())
        latent = torch.randn(5, 6, 8, generator=torch.Generator().manual_seed(3))
        encoded_alike = torch.equal(whole.encode(a.parts), ablated.encode(b.parts))
        decoded_alike = torch.equal(whole.decode(latent).window, ablated.decode(latent).window)
    # The frequency attention is the encoder's, the guidance the decoder's; scales change tokens, not what nets compute.
    assert (encoded_alike, decoded_alike) == {
        "frequency": (False, True),
        "decompose": (False, False),
        "multiscale": (True, True),
        "coarse": (True, False),
    }[drop]
    assert (a.quantized.tokens.shape, b.quantized.tokens.shape) == ((40, 10), (40, 6 if drop == "multiscale" else 10))


def test_one_path_sees_the_raw_series_and_decodes_it_alone():
    ablated = tokenizer("decompose")
    result = ablated(windows())
    assert torch.equal(result.parts.seasonal, result.window)
    assert not result.parts.trend.any()
    assert not result.parts.coarse.any()
    assert torch.equal(result.decoded.window, result.decoded.seasonal)
    torch.testing.assert_close(ablated.scaling.detail, torch.ones(3), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("drop", [*[(name,) for name in TOUCHED], tuple(TOUCHED)])
def test_every_parameter_left_is_trained(drop):
    made = TimeMAR(**TINY, drop=drop).fit(windows().numpy(), FitContext(seed=1))
    start = TimeMAR(**TINY, drop=drop, stage1_learning_rate=1e-12, stage2_learning_rate=1e-12).fit(
        windows().numpy(), FitContext(seed=1)
    )
    stages = ((made.tokenizer_, start.tokenizer_), (made.transformer_, start.transformer_))
    for ours, first in stages:
        pairs = zip(ours.named_parameters(), first.parameters(), strict=True)
        same = [name for (name, a), b in pairs if torch.equal(a, b)]
        assert not [name for name in same if not name.endswith("attention.key.bias")]
    assert made.transformer_.patch_nums == ((6,) if "multiscale" in drop else (1, 3, 6))


def test_an_unknown_part_is_refused_by_name():
    with pytest.raises(UserError, match=r"'drop.0' is 'guidance'.*'frequency', 'decompose', 'multiscale' or 'coarse'"):
        TimeMAR(drop=("guidance",)).parameter_counts(24, 3)


@pytest.mark.parametrize("size", ["timemar_s", "timemar_l"])
@pytest.mark.parametrize("drop", TOUCHED)
@pytest.mark.parametrize("length", [24, 64])
def test_a_preset_holds_nothing_but_what_it_drops(size, drop, length):
    whole, ablated = load_spec(size), load_spec(f"{size}_no_{drop}")
    assert (ablated.extends, ablated.params, ablated.overlays) == (size, {"drop": [drop]}, ())
    assert ablated.title == f"{whole.title} {PUBLISHED[drop]}"
    for dataset, features in {"stocks": 6, "etth": 7, "fmri": 50}.items():
        for budget in ("smoke", "quick", "fast", "paper"):
            place = {"dataset": dataset, "features": features, "length": length, "budget": budget, "protocol": "paper"}
            before, after = resolve(whole, place, {}).params, resolve(ablated, place, {}).params
            assert after == {**before, "drop": (drop,)}


def test_samples_differ_from_the_whole_models():
    data = windows().numpy()
    samples = [
        TimeMAR(**TINY, drop=drop).fit(data, FitContext(seed=1)).sample(5, 0) for drop in [(), *[(n,) for n in TOUCHED]]
    ]
    assert all(not np.array_equal(samples[0], other) for other in samples[1:])
