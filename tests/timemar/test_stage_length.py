"""The search for the length of stage 2: what is held out, when it ends, and that it resumes."""

import numpy as np
import pytest
import torch

import timemar.stage_length
from benchmark.errors import Interrupted
from benchmark.interface import FitContext
from tests.timemar.test_generator import TINY, equal, waves
from timemar.generator import TimeMAR
from timemar.stage_length import LengthSearch, hold_out


@pytest.mark.parametrize(("count", "length"), [(3661, 24), (12484, 24), (1000, 64)])
def test_held_out_windows_overlap_no_training_window(count, length):
    seen, held = hold_out(count, 0.1, length)
    assert len(held) == pytest.approx(0.1 * count, rel=0.1)
    assert len(seen) > 0.6 * count
    distance = (seen[:, None] - held[None]).abs().min()
    assert distance >= length


@pytest.mark.parametrize(("count", "length"), [(10, 24), (60, 24), (153, 48)])
def test_few_windows_leave_half_of_them_to_train_on(count, length):
    seen, held = hold_out(count, 0.1, length)
    assert len(held) >= 1
    assert len(seen) >= count // 2 - 1
    assert not set(seen.tolist()) & set(held.tolist())


class Memorised:
    """A task whose held-out windows are likeliest after so many steps."""

    def __init__(self, best: int, steps: int = 5000) -> None:
        self.best, self.done = best, 0
        self.schedule = type("Length", (), {"steps": steps})
        self.network = torch.nn.Identity()

    def step(self, step, rng):
        self.done = step + 1
        return {"loss": torch.zeros(())}

    def state(self):
        return {}

    def load_state(self, state):
        assert state == {}


def test_the_search_ends_after_its_best_and_remembers_it(monkeypatch):
    task = Memorised(best=400)
    monkeypatch.setattr(
        "timemar.stage_length.negative_log_likelihood", lambda model, held: 4.0 + abs(task.done - task.best) / 1000
    )
    search = LengthSearch(task, torch.zeros(1, 1))
    step = 0
    while not search.is_over():
        search.step(step, torch.Generator())
        step += 1
    assert search.steps == 400
    assert float(search.best[1]) == 4.0
    assert step == 1.5 * 400 + timemar.stage_length.PATIENCE + 50
    other = LengthSearch(Memorised(best=400), torch.zeros(1, 1))
    other.load_state(search.state())
    assert (other.steps, other.is_over()) == (400, True)


def test_a_fit_trains_stage_2_for_the_length_found_and_resumes():
    params = {**TINY, "stage2_steps": 100, "holdout": 0.2}
    stages = {}
    context = FitContext(seed=5, progress=lambda progress: stages.update({progress.stage: progress.total}))
    made = TimeMAR(**params).fit(waves(200), context)
    assert made.measurements_["stage2_length"] in (50, 100)
    assert stages["stage2"] == made.measurements_["stage2_length"]
    assert np.isfinite(made.measurements_["held_out_nll"])


@pytest.mark.parametrize("stop_at", [60, 150])
def test_a_search_that_was_stopped_goes_on(tmp_path, stop_at):
    params = {**TINY, "stage2_steps": 100, "holdout": 0.2}
    whole = TimeMAR(**params).fit(waves(), FitContext(seed=5))
    calls = iter(range(10000))
    stopping = FitContext(seed=5, checkpoint_dir=tmp_path, stop_requested=lambda: next(calls) + 1 >= stop_at)
    with pytest.raises(Interrupted):
        TimeMAR(**params).fit(waves(), stopping)
    resumed = TimeMAR(**params).fit(waves(), FitContext(seed=5, checkpoint_dir=tmp_path))
    assert equal(whole, resumed)
    assert resumed.measurements_ == whole.measurements_
