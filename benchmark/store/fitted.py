"""The fitted generator of a cell in a store."""

from __future__ import annotations

from difflib import get_close_matches

from benchmark.config.generators import GeneratorSpec, generator_names, load_class, load_spec
from benchmark.config.source import source_digest
from benchmark.errors import SkipCell, UserError, one_line
from benchmark.interface import Generator
from benchmark.store.cell_folder import CellFolder
from benchmark.store.cell_record import CellRecord
from benchmark.store.store import Store

AGAIN = "delete the cell's folder and run the suite again"


def find_cell(store: Store, name: str) -> CellFolder:
    """The one cell whose slug, or whose key, begins with `name`; raises UserError where none or several do."""
    slugs = [folder.path.name for folder in store.opened().folders()]
    if not slugs:
        raise UserError(f"the store '{store.root}' holds no cells; run a suite first, or name another with --store.")
    found = [slug for slug in slugs if slug.startswith(name) or slug.rpartition("-")[2].startswith(name)]
    if len(found) == 1 or name in found:
        return store.folder(name if name in found else found[0])
    if found:
        what = f"several cells begin with '{name}' ({found[0]}, {found[1]}, …)"
        raise UserError(f"{what} in the store '{store.root}'; give more of a cell's name or key.")
    beginnings = {slug[: len(name)]: slug for slug in reversed(slugs)}
    near = get_close_matches(name, beginnings, n=1, cutoff=0.5)
    hint = f"did you mean '{beginnings[near[0]]}'?" if near else "give more of a cell's name or key."
    raise UserError(f"no cell begins with '{name}' in the store '{store.root}'; {hint}")


def recorded_class(record: CellRecord) -> type[Generator]:
    """The class of the generator that a cell's record names, through the registry; raises UserError."""
    # Where a shipped module lies may have changed since the cell was computed; a name has not.
    if record.generator in generator_names():
        return load_class(load_spec(record.generator))
    return load_class(GeneratorSpec.model_validate({"name": record.generator, "class": record.class_path}))


def open_fitted(folder: CellFolder, record: CellRecord, device: str = "cpu") -> Generator:
    """The cell's fitted generator; raises SkipCell where its files cannot be read."""
    lost = folder.altered_files(folder.finished("fit"))
    if lost:
        raise SkipCell(
            f"the model in '{folder.model}' cannot be read ({lost[0]} is missing or was altered after it was written); {AGAIN}"
        )
    try:
        cls = recorded_class(record)
    except UserError as error:
        raise SkipCell(
            f"the class of the generator in '{folder.model}' cannot be loaded: {str(error).rstrip('.')}"
        ) from None
    if record.source and source_digest(cls.__module__) != record.source:
        raise SkipCell(
            f"the source of '{record.class_path}' is not that which the cell was computed by; restore it, or run the suite again"
        )
    try:
        return cls.load(folder.model, device=device)
    except Exception as error:  # somebody else's code reads its own files here, and may raise anything
        reason = one_line(error)[:200].rstrip(".")
        raise SkipCell(f"the model in '{folder.model}' cannot be read ({reason}); {AGAIN}") from None
