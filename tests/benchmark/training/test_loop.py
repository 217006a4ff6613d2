from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmark.errors import AlteredFileError, DivergedError, Interrupted
from benchmark.interface import FitContext, Progress
from benchmark.training import (
    SeededDropout,
    adamw,
    build,
    restore_training,
    set_dropout_rng,
    train,
    training_state,
)


class Regression:
    """A tiny task with an optimizer, dropout and random batches: everything that a resumed run must restore."""

    def __init__(self, spoil_at: int | None = None) -> None:
        generator = torch.Generator().manual_seed(5)
        self.net = build(
            lambda: torch.nn.Sequential(torch.nn.Linear(3, 8), SeededDropout(0.2), torch.nn.Linear(8, 1)), generator
        )
        self.optimizer = adamw(self.net.parameters(), 1e-2)
        self.spoil_at = spoil_at
        self.steps: list[int] = []

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        set_dropout_rng(self.net, rng)
        x = torch.randn(16, 3, generator=rng)
        loss = (self.net(x).squeeze(1) - x.sum(1)).square().mean()
        if step == self.spoil_at:
            loss = loss * torch.nan
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.steps.append(step)
        return {"loss": loss.detach()}

    def state(self) -> dict[str, Tensor]:
        return training_state(self.net, optimizer=self.optimizer)

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        restore_training(state, self.net, optimizer=self.optimizer)

    def weights(self) -> bytes:
        return b"".join(p.detach().numpy().tobytes() for p in self.net.parameters())


def run(task: Regression, steps: int, **context: object) -> Regression:
    train(
        task,
        name="regression",
        steps=steps,
        context=FitContext(seed=1, **context),
        rng=torch.Generator().manual_seed(9),
    )
    return task


def test_a_stopped_and_resumed_run_has_the_bytes_of_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = run(Regression(), 40)
    calls = iter([False] * 16 + [True])
    with pytest.raises(Interrupted, match="after step 17 of 40"):
        run(Regression(), 40, checkpoint_dir=tmp_path, stop_requested=lambda: next(calls))
    resumed = run(Regression(), 40, checkpoint_dir=tmp_path)
    assert resumed.steps == list(range(17, 40))
    assert resumed.weights() == whole.weights()


@pytest.mark.parametrize("place", [3, 20, -4000, -10])
def test_a_checkpoint_with_a_flipped_bit_is_refused_and_a_fit_without_it_starts_again(
    tmp_path: Path, place: int
) -> None:
    whole = run(Regression(), 40)
    calls = iter([False] * 16 + [True])
    with pytest.raises(Interrupted):
        run(Regression(), 40, checkpoint_dir=tmp_path, stop_requested=lambda: next(calls))
    path = tmp_path / "regression.safetensors"
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(AlteredFileError, match=r"regression\.safetensors' was altered") as caught:
        run(Regression(), 40, checkpoint_dir=tmp_path)
    caught.value.path.unlink()
    again = run(Regression(), 40, checkpoint_dir=tmp_path)
    assert again.steps == list(range(40))
    assert again.weights() == whole.weights()


def test_a_truncated_checkpoint_is_refused(tmp_path: Path) -> None:
    run(Regression(), 10, checkpoint_dir=tmp_path)
    path = tmp_path / "regression.safetensors"
    whole = path.read_bytes()
    for size in (0, 5, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(AlteredFileError):
            run(Regression(), 10, checkpoint_dir=tmp_path)


def test_a_checkpoint_without_its_checksum_is_altered(tmp_path: Path) -> None:
    run(Regression(), 10, checkpoint_dir=tmp_path)
    path = tmp_path / "regression.safetensors"
    save_file(load_file(path), path, metadata={"progress": '{"step": 10}'})
    with pytest.raises(AlteredFileError):
        run(Regression(), 10, checkpoint_dir=tmp_path)


def test_a_finished_run_is_not_repeated(tmp_path: Path) -> None:
    done = run(Regression(), 10, checkpoint_dir=tmp_path)
    again = run(Regression(), 10, checkpoint_dir=tmp_path)
    assert again.steps == []
    assert again.weights() == done.weights()


def test_divergence_is_reported_with_its_step() -> None:
    with pytest.raises(DivergedError, match="the loss of regression is nan at step 50 of 200"):
        run(Regression(spoil_at=30), 200)


def test_progress_counts_to_the_end() -> None:
    seen: list[Progress] = []
    run(Regression(), 120, progress=seen.append)
    assert [report.step for report in seen] == [0, 50, 100, 120]
    assert set(seen[-1].metrics) == {"loss"}


def test_progress_is_whole_where_a_task_ends_early() -> None:
    seen: list[Progress] = []
    task = Regression()
    train(
        task,
        name="regression",
        steps=120,
        context=FitContext(seed=1, progress=seen.append),
        rng=torch.Generator().manual_seed(9),
        is_over=lambda: len(task.steps) == 60,
    )
    assert [(report.step, report.total) for report in seen] == [(0, 120), (50, 120), (60, 60)]


def test_a_run_ends_where_its_task_says_so(tmp_path: Path) -> None:
    task = Regression()
    train(
        task,
        name="regression",
        steps=40,
        context=FitContext(seed=1, checkpoint_dir=tmp_path),
        rng=torch.Generator().manual_seed(9),
        is_over=lambda: len(task.steps) == 7,
    )
    assert task.steps == list(range(7))
    assert run(Regression(), 40, checkpoint_dir=tmp_path).steps == list(range(7, 40))  # its state was saved
