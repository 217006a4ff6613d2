"""Results frames that were kept as CSV, by themselves: read, put together, and their tables, without a store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.config.budgets import is_shortened, shortened_scores
from benchmark.data import load_spec
from benchmark.errors import UserError
from benchmark.plan.keys import score_info
from benchmark.report.fit_notes import LIKELIHOODS, fit_notes
from benchmark.report.frame import COLUMNS
from benchmark.report.layouts import SIZES, methods
from benchmark.report.suite import SHOW, Choices, chosen
from benchmark.report.table import make_table
from benchmark.report.text_table import TextTable
from benchmark.store.records import State

if TYPE_CHECKING:
    import pandas as pd

SETTING = ["generator", "title", "dataset", "length", "protocol", "budget", "seed"]
SCORE = ["cell", "generator", "metric", "sampling_seed"]
"""One cell may be a row of two names: a generator, and a variant whose parameters are the generator's own."""
TEXTS = ("cell", "generator", "title", "dataset", "protocol", "budget", "status", "size_class", "metric")
"""Columns of which no row is empty."""
NUMBERS = ("length", "seed", "repetition", "value", "floor", "n")
"""Columns that a frame has and that hold numbers, or nothing in the row of a score without a result."""
WHOLE = ("length", "seed")
"""Those that hold a whole number in every row."""
ADDED_TEXTS = ("reason", "altered", "warnings")
"""Columns of texts that may be empty, and that a frame may lack."""
COSTS = ("sampling_seed", "parameters", "fit_seconds", "sample_seconds", "peak_memory_mib", *LIKELIHOODS)
"""Columns of numbers that a frame may lack."""


def read_frames(paths: Sequence[Path]) -> pd.DataFrame:
    """The rows of several kept frames as one.

    Of two cells of the same generator, setting and training seed the first counts; of one cell every frame adds the scores that
    those before it lack. A cell without a finished score counts where no frame has any. Raises UserError for a file that is no
    results frame.
    """
    import pandas as pd

    frames = [read_frame(path) for path in paths]
    done = [frame["status"] == State.DONE for frame in frames]
    beside = [_has_finished(frame) & ~scored for frame, scored in zip(frames, done, strict=True)]
    finished = [frame[scored] for frame, scored in zip(frames, done, strict=True)]
    lacking = [frame[one] for frame, one in zip(frames, beside, strict=True)]
    rest = [frame[~_has_finished(frame)] for frame in frames]
    owners: dict[tuple[object, ...], str] = {}
    known: set[tuple[object, ...]] = set()
    kept = []
    for frame in (*finished, *lacking, *rest):
        settings, scores = (list(frame[names].itertuples(index=False, name=None)) for names in (SETTING, SCORE))
        for setting, score in zip(settings, scores, strict=True):
            owners.setdefault(setting, score[0])
        new = [owners[one] == score[0] and score not in known for one, score in zip(settings, scores, strict=True)]
        known.update(scores)
        kept.append(frame.loc[new])
    return pd.concat(kept, ignore_index=True)


def _has_finished(frame: pd.DataFrame) -> pd.Series[bool]:
    """By row, whether its cell has a finished score."""
    return (frame["status"] == State.DONE).groupby(frame["cell"]).transform("any")


def read_frame(path: Path) -> pd.DataFrame:
    """A results frame as `tables --format csv` writes it; raises UserError where the file is none."""
    import pandas as pd

    try:
        # Words such as nan or null may be names; only an empty cell is none.
        texts = dict.fromkeys((*TEXTS, "commit", "reason", "altered", "warnings"), str)
        frame = pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=[""])
    except FileNotFoundError:
        raise UserError(f"--frame '{path}' does not exist; give a results.csv.") from None
    except (OSError, ValueError) as error:
        raise UserError(
            f"--frame '{path}' cannot be read as CSV ({type(error).__name__}); give a results.csv."
        ) from None
    if lacking := sorted({*TEXTS, *NUMBERS} - set(frame.columns)):
        raise UserError(
            f"--frame '{path}' has no column {', '.join(lacking)}; give a results.csv as `tables --format csv` writes it."
        )
    if frame.empty:
        raise UserError(f"--frame '{path}' has no rows; give a results.csv of a suite that was run.")
    _check_values(frame, path)
    # Frames that were kept before a column was there have none of it.
    frame = frame.reindex(columns=list(COLUMNS)).astype(dict.fromkeys(ADDED_TEXTS, object))
    frame = frame.fillna({**dict.fromkeys(ADDED_TEXTS, ""), "commit": "", "sampling_seed": 0})
    # A text that somebody broke into lines would leave the comment that LaTeX has for it.
    return frame.assign(**{name: frame[name].astype(str).str.split().str.join(" ") for name in ("reason", "warnings")})


def _check_values(frame: pd.DataFrame, path: Path) -> None:
    """Raise UserError for the first row that somebody's edit left without a text, or with a number or name that is none."""
    import pandas as pd

    numbers = frame[[name for name in (*NUMBERS, *COSTS) if name in frame]].apply(pd.to_numeric, errors="coerce")
    infinite = numbers.isin([float("inf"), float("-inf")])
    wrong = [
        *((name, frame[name].isna(), "is empty") for name in (*TEXTS, *WHOLE)),
        *((name, (numbers[name].isna() & frame[name].notna()) | infinite[name], "is no number") for name in numbers),
        *((name, numbers[name] % 1 != 0, "is no whole number") for name in WHOLE),
        ("size_class", ~frame["size_class"].isin([*SIZES]), f"is none of {', '.join(SIZES)}"),
        ("metric", ~frame["metric"].map(_is_score), "is an unknown score"),
    ]
    for column, rows, reason in wrong:
        if rows.any():
            row = int(rows.to_numpy().argmax())
            raise UserError(
                f"--frame '{path}', line {row + 2}: {column} '{frame[column].astype(object).fillna('').iloc[row]}' {reason}; "
                "correct the line or remove it."
            )


def _is_score(name: object) -> bool:
    try:
        score_info(str(name))
    except ValueError:
        return False
    return True


def frame_tables(frame: pd.DataFrame, show: Choices = SHOW) -> tuple[TextTable, ...]:
    """One table for each protocol and budget in a frame, which alone compare with each other."""
    titles = dataset_titles(frame)
    tables = []
    for (protocol, budget), part in frame.groupby(["protocol", "budget"], sort=False):
        notes = [shortened_scores(str(budget))] if is_shortened(str(budget)) else []
        notes += fit_notes(part, titles)
        title = f"Protocol {protocol}, budget {budget}"
        table = make_table(part, title=title, dataset_titles=titles, notes=notes)
        tables.append(methods(chosen(table, part, show)))
    return tuple(tables)


def dataset_titles(frame: pd.DataFrame) -> dict[str, str]:
    """The title of each data set in a frame; somebody's own data is known by its identifier alone."""
    return {str(name): _dataset_title(str(name)) for name in frame["dataset"].unique()}


def _dataset_title(name: str) -> str:
    try:
        return load_spec(name).title or name
    except UserError:
        return name
