"""Kept frames: read, put together, and shown by `tables` and `report`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmark.errors import UserError
from benchmark.html_report.content import of_frame
from benchmark.report.kept_frame import frame_tables, read_frame, read_frames
from benchmark.report.render import markdown
from benchmark.report.suite import Choices
from tests.benchmark.html_report.frames import frame, mixed, mixed_content, rows
from tests.benchmark.report.long_frame import make_frame
from tests.conftest import CommandLine


def written(folder: Path, name: str, data: pd.DataFrame) -> Path:
    """A frame as a file."""
    data.to_csv(folder / name, index=False)
    return folder / name


def test_a_frame_that_was_written_is_read_again(tmp_path: Path) -> None:
    mixed().drop(columns=["sampling_seed", "altered"]).to_csv(tmp_path / "results.csv", index=False)
    again = read_frame(tmp_path / "results.csv")
    assert of_frame(again, "A test").parts[0].boards == mixed_content().parts[0].boards


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "does not exist"),
        ("", "cannot be read as CSV"),
        ("a,b\n1,2\n", "has no column budget, cell"),
        ("header", "has no rows"),
    ],
)
def test_what_is_no_frame_is_refused_in_one_sentence(tmp_path: Path, text: str | None, sentence: str) -> None:
    path = tmp_path / "results.csv"
    data: pd.DataFrame = mixed()
    if text == "header":
        data[:0].to_csv(path, index=False)
    elif text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=sentence):
        read_frame(path)


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("metric", "nonsense", "metric 'nonsense' is an unknown score"),
        ("value", "0,31", "value '0,31' is no number"),
        ("n", "many", "n 'many' is no number"),
        ("value", "inf", "value 'inf' is no number"),
        ("length", None, "length '' is empty"),
        ("seed", "1.5", "seed '1.5' is no whole number"),
        ("fit_seconds", "12:30", "fit_seconds '12:30' is no number"),
        ("size_class", "huge", "size_class 'huge' is none of large, medium, small, other, control"),
        ("dataset", None, "dataset '' is empty"),
        ("status", None, "status '' is empty"),
    ],
)
def test_an_edited_row_is_refused_by_its_line(tmp_path: Path, column: str, value: str | None, sentence: str) -> None:
    data = mixed().astype(object)
    data.loc[1, column] = value
    with pytest.raises(UserError, match=f"line 3: {sentence}; correct the line or remove it"):
        read_frame(written(tmp_path, "results.csv", data))


def test_a_frame_without_commits_names_them_unknown(tmp_path: Path) -> None:
    found = read_frame(written(tmp_path, "results.csv", mixed().assign(commit=None)))
    assert set(found["commit"]) == {""}


def test_the_first_of_two_cells_of_one_setting_and_seed_counts(tmp_path: Path) -> None:
    old = frame(rows("timevae", [0.3, 0.31], cell="old"), rows("timevae", [0.5], metric="dcr_ratio", cell="old"))
    new = frame(rows("timevae", [0.2, 0.21], cell="new"), rows("timevae", [0.4, 0.4], seed=1, cell="second"))
    found = read_frames([written(tmp_path, "new.csv", new), written(tmp_path, "old.csv", old)])
    assert found["cell"].tolist() == ["new", "new", "second", "second"]
    assert found["value"].tolist() == [0.2, 0.21, 0.4, 0.4]


def test_scores_of_one_cell_are_gathered_from_all_frames(tmp_path: Path) -> None:
    first = frame(rows("timevae", [0.2, 0.21], cell="one"))
    more = frame(rows("timevae", [0.9, 0.9], cell="one"), rows("timevae", [1.1], metric="dcr_ratio", cell="one"))
    found = read_frames([written(tmp_path, "first.csv", first), written(tmp_path, "more.csv", more)])
    assert found["metric"].tolist() == ["context_fid", "context_fid", "dcr_ratio"]
    assert found["value"].tolist() == [0.2, 0.21, 1.1]


def test_a_cell_under_two_names_is_two_rows(tmp_path: Path) -> None:
    plain, variant = (frame(rows(name, [0.2, 0.21], cell="one")) for name in ("timevae", "timevae/latent=8"))
    found = read_frames([written(tmp_path, "plain.csv", plain), written(tmp_path, "variant.csv", variant)])
    assert found["generator"].tolist() == ["timevae", "timevae", "timevae/latent=8", "timevae/latent=8"]


def test_a_finished_score_counts_before_an_unfinished_one_of_an_earlier_frame(tmp_path: Path) -> None:
    begun = frame(
        rows("timevae", [0.2], cell="one"),
        rows("timevae", [float("nan")], metric="dcr_ratio", status="failed", cell="one"),
        rows("timevae", [float("nan")], metric="density", status="skipped", cell="one"),
    )
    whole = frame(rows("timevae", [1.1], metric="dcr_ratio", cell="one"))
    found = read_frames([written(tmp_path, "begun.csv", begun), written(tmp_path, "whole.csv", whole)])
    told = dict(zip(found["metric"], found["status"], strict=True))
    assert told == {"context_fid": "done", "dcr_ratio": "done", "density": "skipped"}


def test_a_cell_that_is_missing_in_one_frame_is_taken_from_another(tmp_path: Path) -> None:
    missing = frame(
        rows("timevae", [float("nan")], status="missing", cell="one"),
        rows("timegan", [float("nan")], status="missing", cell="two"),
    )
    done = frame(rows("timevae", [0.2, 0.21], cell="three"))
    found = read_frames([written(tmp_path, "missing.csv", missing), written(tmp_path, "done.csv", done)])
    assert found[["cell", "status"]].to_numpy().tolist() == [["three", "done"], ["three", "done"], ["two", "missing"]]


def test_each_protocol_and_budget_has_a_table_of_its_own() -> None:
    both = frame(rows("timevae", [0.2, 0.21]), rows("timevae", [0.4, 0.41], protocol="strict"))
    paper, strict = frame_tables(both)
    assert [paper.title, strict.title] == ["Protocol paper, budget fast", "Protocol strict, budget fast"]
    assert "published" in markdown(paper)
    assert "published" not in markdown(strict) + markdown(frame_tables(both, Choices(published=False))[0])


def test_tables_and_report_show_several_frames(command: CommandLine, tmp_path: Path) -> None:
    written(tmp_path, "a.csv", frame(rows("timevae", [0.2, 0.21])))
    written(tmp_path, "b.csv", frame(rows("timegan", [0.4, 0.41])))
    shown = command("tables", "--frame", "a.csv", "--frame", "b.csv")
    assert shown.returncode == 0, shown.stderr
    assert "Timevae" in shown.stdout
    assert "Timegan" in shown.stdout
    document = command("tables", "--frame", "a.csv", "--format", "latex", "--output", "all.tex")
    assert document.returncode == 0, document.stderr
    assert (tmp_path / "all.tex").read_text(encoding="utf-8").count(r"\begin{table") == 1
    page = command("report", "--frame", "a.csv", "--frame", "b.csv", "--output", "all.html")
    assert page.returncode == 0, page.stderr
    assert "2 cells" in page.stdout


def test_a_frame_and_a_suite_exclude_each_other(command: CommandLine, tmp_path: Path) -> None:
    written(tmp_path, "a.csv", mixed())
    for more in (("--suite", "quick"), ("--only", "dataset=sines")):
        done = command("tables", "--frame", "a.csv", *more)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"error: --frame takes no {more[0]}; leave out one or the other.\n"


def test_a_generator_may_be_called_nan(tmp_path: Path) -> None:
    frame = make_frame(1).assign(cell="a")
    frame.loc[frame["generator"] == "alpha", ["generator", "title"]] = "nan"
    frame.to_csv(tmp_path / "results.csv", index=False)
    read = read_frame(tmp_path / "results.csv")
    assert set(read["generator"]) == set(frame["generator"])
    assert read["value"].notna().all()


def test_a_shortened_budget_is_said_below_the_table(tmp_path: Path) -> None:
    (table,) = frame_tables(make_frame(1, budget="smoke"))
    assert any("Budget smoke shortens the scores" in note for note in table.notes)
