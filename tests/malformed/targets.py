"""Every reader of files by name, as a target."""

from __future__ import annotations

from benchmark.config.suites import load_suite
from benchmark.sweep.spec import load_sweep
from tests.malformed.archives import (
    archive_seeds,
    read_archive,
)
from tests.malformed.arrays import (
    array_seeds,
    matlab_seeds,
    read_array,
    read_matlab,
)
from tests.malformed.stored import (
    checkpoint_seeds,
    read_checkpoint,
    read_record,
    read_saved,
    record_seeds,
    saved_seeds,
)
from tests.malformed.target import (
    Target,
)
from tests.malformed.texts import (
    csv_seeds,
    dataset_seeds,
    read_csv,
    read_dataset,
    read_generator,
    shipped_yaml,
    sweep_seeds,
    yaml_target,
)

TARGETS = {
    "generator": yaml_target(read_generator, lambda: shipped_yaml("configs/generators")),
    "dataset": yaml_target(read_dataset, dataset_seeds),
    "suite": yaml_target(lambda path: load_suite(str(path)), lambda: shipped_yaml("configs/suites")),
    "sweep": yaml_target(lambda path: load_sweep(path, {}, ()), sweep_seeds),
    "csv": Target(csv_seeds, read_csv),
    "array": Target(array_seeds, read_array),
    "matlab": Target(matlab_seeds, read_matlab),
    "record": Target(record_seeds, read_record),
    "saved": Target(saved_seeds, read_saved),
    "checkpoint": Target(checkpoint_seeds, read_checkpoint),
    "archive": Target(archive_seeds, read_archive),
}
