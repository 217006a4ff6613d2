"""`store check`, `gc`, `export` and `import`: the files of a store."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.options import Json, StoreOption, writable
from benchmark.cli.printing import emit
from benchmark.errors import UserError


def _archive(target: Path) -> Path:
    writable("FILE", target)
    return target


def store_check(store: StoreOption = Path("runs"), json_target: Json = None) -> None:
    """Check every file of a store against its checksum: sound, altered or unknown. Exit status 1 where one is altered.

    Example: python -m benchmark store check --store runs
    """
    from benchmark.store.check import Soundness, check_store, check_text
    from benchmark.store.store import Store

    files = check_store(Store(store))
    emit(check_text(files), {"store": str(store), "files": [asdict(one) for one in files]}, json_target)
    if any(one.state is Soundness.ALTERED for one in files):
        raise typer.Exit(1)


def store_gc(
    store: StoreOption = Path("runs"),
    unnamed: Annotated[
        bool, typer.Option("--unnamed", help="Cells that no table in suites/ names too, such as those of sweeps.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove what is listed; without it nothing is removed.")] = False,
    json_target: Json = None,
) -> None:
    """List, and with --yes remove, altered files that were set aside and leftovers of interrupted writes.

    Example: python -m benchmark store gc --store runs --yes
    """
    from benchmark.external.entered import is_replaceable
    from benchmark.store.clean import clean_text, removals, remove
    from benchmark.store.store import Store

    results = Store(store)
    found = removals(results, is_replaceable if unnamed else None)
    if yes:
        remove(results, found)
    record = {"store": str(store), "removed": yes, "paths": [asdict(one) for one in found]}
    emit(clean_text(found, removed=yes), record, json_target)


def store_export(
    target: Annotated[Path, typer.Argument(metavar="FILE", callback=_archive, help="The archive to write (.tar).")],
    store: StoreOption = Path("runs"),
    json_target: Json = None,
) -> None:
    """Write the finished results of a store as one archive that another machine verifies and imports.

    Example: python -m benchmark store export results.tar
    """
    from benchmark.store.archive import export_store, exported_text
    from benchmark.store.store import Store

    done = export_store(Store(store), target)
    emit(exported_text(done), {"store": str(store), **asdict(done)}, json_target)
    if done.left_out:
        raise typer.Exit(1)


def store_import(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="An archive that `store export` wrote.")],
    store: StoreOption = Path("runs"),
    json_target: Json = None,
) -> None:
    """Verify an archive and add its results to a store; a cell that the store has stays as it is.

    Example: python -m benchmark store import results.tar --store runs
    """
    from benchmark.store.archive import import_store, imported_text
    from benchmark.store.store import Store

    if not source.is_file():
        raise UserError(f"there is no file '{source}'; name an archive that `store export` wrote.")
    found = import_store(Store(store), source)
    emit(imported_text(found), {"store": str(store), **asdict(found)}, json_target)
