"""The table and the statistics of a kept results frame, printed again by today's rules of verdicts, marks and captions.

    python -m tests.studies.kept_table results/measured/generators_fast

The folder holds `results.csv` as `tables --format csv` wrote it; `table.md`, its notes kept, and `statistics.md` beside it are
written again. Values never change.
Printed are the counts of verdicts, and where the old table had another one.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path

import pandas as pd

from benchmark.data import load_spec
from benchmark.plan.planner import size_class
from benchmark.report.efficiency import with_efficiency
from benchmark.report.fit_notes import LIKELIHOODS_ARE, likelihood_notes
from benchmark.report.frame import COLUMNS
from benchmark.report.layouts import methods
from benchmark.report.render import markdown
from benchmark.report.statistics import statistics_of
from benchmark.report.statistics_text import statistics_tables
from benchmark.report.table import make_table

VERDICT = re.compile(r"\(published [\d.]+: (\w+)\)")


def read(folder: Path) -> pd.DataFrame:
    """The kept frame."""
    frame = pd.read_csv(folder / "results.csv", dtype={"commit": str, "reason": str}).reindex(columns=list(COLUMNS))
    frame["reason"] = frame["reason"].fillna("")
    sized = (frame["size_class"] != "control") & frame["parameters"].notna()
    frame.loc[sized, "size_class"] = [size_class(int(count)) for count in frame.loc[sized, "parameters"]]
    return frame


def render(frame: pd.DataFrame, notes: list[str]) -> str:
    """The frame's table as Markdown."""
    titles = {name: load_spec(name).title for name in frame["dataset"].unique()}
    likelihoods = likelihood_notes(frame, titles)
    kept = [note for note in notes if not note.startswith(LIKELIHOODS_ARE)]
    table = make_table(frame, title="Generation at length 24", dataset_titles=titles, notes=[*kept, *likelihoods])
    return markdown(methods(with_efficiency(table, frame)))


def verdicts(text: str) -> dict[tuple[str, str, int], str]:
    """Verdicts by score, row and column of a Markdown table."""
    found, block = {}, ""
    for line in text.splitlines():
        if line.startswith("| "):
            first, title, *entries = (cell.strip() for cell in line.strip("|").split("|"))
            block = first or block
            for column, entry in enumerate(entries):
                if match := VERDICT.search(entry):
                    found[block, title, column] = match.group(1)
    return found


def main() -> None:
    """Write the table again and print what changed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    path = folder / "table.md"
    old = path.read_text(encoding="utf-8")
    notes = [line.removeprefix("- ") for line in old.splitlines() if line.startswith("- ")]
    frame = read(folder)
    new = render(frame, notes)
    path.write_text(new, encoding="utf-8")
    statistics = "\n".join(map(markdown, statistics_tables(statistics_of(frame))))
    (folder / "statistics.md").write_text(statistics, encoding="utf-8")
    before, after = verdicts(old), verdicts(new)
    print("before:", dict(Counter(before.values())))  # noqa: T201
    print("after:", dict(Counter(after.values())))  # noqa: T201
    changed = Counter((old, after[key]) for key, old in before.items() if after.get(key, old) != old)
    print("changed:", dict(changed))  # noqa: T201


if __name__ == "__main__":
    main()
