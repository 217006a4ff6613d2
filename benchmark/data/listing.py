"""The data commands: listing, fetching and checking, as records and as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from benchmark.data import DATASETS, check, download_folder, fetch, load_spec


def listing(data_dir: Path | None) -> list[dict[str, Any]]:
    """One record a data set: id, title, rows, features and whether it is here."""
    records = []
    for name in DATASETS.names():
        spec = load_spec(name)
        record = check(spec, data_dir)
        records.append(
            {
                "id": spec.id,
                "summary": spec.summary,
                "rows": spec.rows,
                "features": spec.features,
                "generated": record["generated"],
                "present": record["present"],
                "problem": record["problem"],
            }
        )
    return records


def listing_text(records: Iterable[dict[str, Any]]) -> str:
    """The listing as lines."""
    lines = []
    for record in records:
        here = "generated" if record["generated"] else "here"
        where = record["problem"] or here
        lines.append(f"{record['id']:<8} {record['features']:>2} features  {record['summary']} [{where}]")
    return "\n".join(lines)


def fetch_all(
    names: list[str], data_dir: Path | None, write: Callable[[str], None], *, bars: bool
) -> list[dict[str, Any]]:
    """Download data sets, those with an address unless named; one record each. Raises UserError.

    `bars` shows a progress bar a file on standard error; without them a line is written as each file arrives.
    """
    records = []
    specs = [load_spec(name) for name in names] or [spec for spec in map(load_spec, DATASETS.names()) if spec.url]
    for spec in specs:
        with _download_bar(spec.file or spec.id) if bars else nullcontext(None) as report:
            found = fetch(spec, download_folder(data_dir), report)
        record = {"id": spec.id, "path": str(found.path), "sha256": spec.sha256, "downloaded": found.downloaded}
        records.append(record)
        if not bars:
            write(f"{spec.id}: {'downloaded' if found.downloaded else 'already there'}")
    return records


def fetched_text(records: Iterable[dict[str, Any]]) -> str:
    """The path of each fetched file as lines."""
    return "\n".join(f"{record['id']}: {record['path']}" for record in records)


@contextmanager
def _download_bar(name: str) -> Iterator[Callable[[int, int | None], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def check_all(names: list[str], data_dir: Path | None) -> list[dict[str, Any]]:
    """The record of each data set, with `ok` for those that can be used here."""
    records = [check(load_spec(name), data_dir) for name in names or DATASETS.names()]
    return [{**record, "ok": record["problem"] is None} for record in records]


def check_text(records: Iterable[dict[str, Any]]) -> str:
    """The record as lines."""
    lines = []
    for record in records:
        if record["problem"]:
            lines.append(f"{record['id']}: {record['problem']}")
            continue
        what = (
            "generated" if record["generated"] else f"{record['path']}, checksum {record['checksum'] or 'not stated'}"
        )
        windows = ", ".join(f"{count:,} at {length}" for length, count in (record["windows"] or {}).items())
        rows = f", {record['rows']:,} rows" if record["rows"] else ""
        lines.append(f"{record['id']}: ok, {what}{rows}, {record['features']} features, windows {windows}")
    return "\n".join(lines)
