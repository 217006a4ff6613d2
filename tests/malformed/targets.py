"""Every reader of files by name, as a target."""

from __future__ import annotations

from benchmark.config.suites import load_suite
from benchmark.sweep.spec import load_sweep
from tests.malformed.archives import (
    _archive,
    _archive_seeds,
)
from tests.malformed.arrays import (
    _array,
    _array_seeds,
    _matlab,
    _matlab_seeds,
)
from tests.malformed.stored import (
    _checkpoint,
    _checkpoint_seeds,
    _record,
    _record_seeds,
    _saved,
    _saved_seeds,
)
from tests.malformed.target import (
    Target,
)
from tests.malformed.texts import (
    _csv,
    _csv_seeds,
    _dataset,
    _dataset_seeds,
    _generator,
    _shipped,
    _sweep_seeds,
    _yaml,
)

TARGETS = {
    "generator": _yaml(_generator, lambda: _shipped("configs/generators")),
    "dataset": _yaml(_dataset, _dataset_seeds),
    "suite": _yaml(lambda path: load_suite(str(path)), lambda: _shipped("configs/suites")),
    "sweep": _yaml(lambda path: load_sweep(path, {}, ()), _sweep_seeds),
    "csv": Target(_csv_seeds, _csv),
    "array": Target(_array_seeds, _array),
    "matlab": Target(_matlab_seeds, _matlab),
    "record": Target(_record_seeds, _record),
    "saved": Target(_saved_seeds, _saved),
    "checkpoint": Target(_checkpoint_seeds, _checkpoint),
    "archive": Target(_archive_seeds, _archive),
}
