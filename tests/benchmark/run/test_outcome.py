"""What a score without a result means for the other scores of its cell."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmark.store.records import Ending, State, Status, most_severe
from tests.benchmark.run.conftest import run_suite
from tests.data_files import short

TEXT = "budget: smoke\ngenerators: [copy]\ndatasets: [sines]\nscores: [{}]\n"
ONE_COLUMN = ("--csv", "short.csv", "--drop", "energy", "--length", "8")


def states(folder: Path, scores: str) -> dict[str, str]:
    """The status of each score after a run of the suite with these."""
    done = run_suite(folder, *ONE_COLUMN, text=TEXT.format(scores))
    assert done.returncode == 0, done.stderr
    frame = pd.read_csv(max((folder / "runs" / "suites").glob("*/results.csv"), key=lambda path: path.stat().st_mtime))
    return dict(zip(frame["metric"], frame["status"], strict=True))


def test_a_score_that_does_not_apply_keeps_no_other_from_being_computed(tmp_path: Path) -> None:
    short(tmp_path)
    assert states(tmp_path, "correlational") == {"correlational": "skipped"}
    both = {"correlational": "skipped", "marginal_wasserstein": "done"}
    assert states(tmp_path, "correlational, marginal_wasserstein") == both
    (samples,) = (tmp_path / "runs").glob("cells/*/samples.npz")
    samples.unlink()
    assert states(tmp_path, "correlational, marginal_wasserstein") == both
    assert samples.exists()
    # Another suite's score leaves what is known of the first one's.
    assert states(tmp_path, "dcr_ratio") == {"dcr_ratio": "done"}
    (journal,) = (tmp_path / "runs").glob("cells/*/journal.jsonl")
    before = journal.read_bytes()
    assert states(tmp_path, "correlational") == {"correlational": "skipped"}
    assert journal.read_bytes() == before
    done = run_suite(tmp_path, *ONE_COLUMN, "--dry-run", text=TEXT.format("correlational"))
    assert ": skipped (" in done.stdout
    assert "0 of 1 cells to compute" in done.stdout


@pytest.mark.parametrize(
    ("states", "first"),
    [
        ((State.FAILED, State.SKIPPED), State.FAILED),
        ((State.SKIPPED, State.FAILED), State.FAILED),
        ((State.FAILED, State.OUT_OF_MEMORY), State.OUT_OF_MEMORY),
        ((State.STORAGE, State.INTERRUPTED), State.INTERRUPTED),
    ],
)
def test_the_most_severe_ending_is_the_cells(states: tuple[State, ...], first: State) -> None:
    endings = {f"score:{number}": Ending(state=state) for number, state in enumerate(states)}
    assert most_severe(endings)[1].state is first


def test_an_older_record_tells_of_its_one_stage() -> None:
    status = Status(state=State.FAILED, reason="bent", stage="score:density")
    assert status.ending("score:density") == Ending(state=State.FAILED, reason="bent")
    assert status.ending("score:spectral") is None
