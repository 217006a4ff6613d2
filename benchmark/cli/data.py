"""`data list`, `show`, `fetch` and `check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.options import DataDir, Json
from benchmark.cli.own_data import DataOptions, with_data_options
from benchmark.cli.printing import emit, report


def data_list(data_dir: DataDir = None, json_target: Json = None) -> None:
    """List the data sets and whether each is here.

    Example: python -m benchmark data list
    """
    from benchmark.data import listing

    records = listing.listing(data_dir)
    emit(listing.listing_text(records), records, json_target)


@with_data_options
def data_show(
    *,
    name: Annotated[str, typer.Argument(help="A data set's name, YAML file or data file.")],
    data_options: DataOptions,
    data_dir: DataDir = None,
    json_target: Json = None,
) -> None:
    """Print a data set's card: origin, licence, ranges, window counts, known disagreements.

    Example: python -m benchmark data show plant.csv --series-column machine --missing interpolate
    """
    from benchmark.data import card, card_text, load_spec, own_spec
    from benchmark.data.catalogue import DATASETS

    record = card(own_spec(Path(name), data_options) if data_options else load_spec(name), data_dir)
    emit(card_text(record), record, json_target)
    # A shipped data set that is not here has a card all the same, which says how to get it.
    if record["problem"] and (record["present"] or name not in DATASETS):
        raise typer.Exit(1)


def data_fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Data sets (default: all that can be downloaded).")] = None,
    data_dir: DataDir = None,
    json_target: Json = None,
) -> None:
    """Download data sets from their origins and check them.

    Example: python -m benchmark data fetch stocks etth
    """
    from benchmark.data import listing

    records = listing.fetch_all(names or [], data_dir, report, bars=sys.stderr.isatty())
    emit(listing.fetched_text(records), records, json_target)


def data_check(
    names: Annotated[list[str] | None, typer.Argument(help="Data sets (default: all).")] = None,
    data_dir: DataDir = None,
    json_target: Json = None,
) -> None:
    """Check files, checksums, rows, features and window counts.

    Example: python -m benchmark data check stocks
    """
    from benchmark.data import listing

    records = listing.check_all(names or [], data_dir)
    emit(listing.check_text(records), records, json_target)
    if not all(record["ok"] for record in records):
        raise typer.Exit(1)
