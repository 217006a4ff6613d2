"""Numbers that a fit recorded are read from its model's folder, whatever else it recorded."""

import json

import pytest

from benchmark.store.measurements import measurements_of


def test_numbers_alone_are_measurements(tmp_path):
    measured = {
        "mse": 0.5,
        "steps": 3,
        "usage": None,
        "flag": True,
        "bad": float("inf"),
        "large": 10**400,
        "by_scale": [1.0],
    }
    (tmp_path / "generator.json").write_text(json.dumps({"fitted": {"best_step": 7, "measurements": measured}}))
    assert measurements_of(tmp_path) == {"best_step": 7.0, "mse": 0.5, "steps": 3.0}


@pytest.mark.parametrize("text", [None, "{", "[]", "{}", '{"fitted": null}', '{"fitted": {"measurements": null}}'])
def test_a_model_that_records_none_has_none(tmp_path, text):
    if text is not None:
        (tmp_path / "generator.json").write_text(text)
    assert measurements_of(tmp_path) == {}
