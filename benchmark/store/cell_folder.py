"""The folder of one cell: its files, records and journal."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from benchmark.files import json_bytes, naming, read_json, sha256, write_json
from benchmark.plan.cell import Cell
from benchmark.plan.score_name import ScoreName
from benchmark.store.cell_record import CellRecord
from benchmark.store.measurements import measurements_of
from benchmark.store.records import Finish, Note, Provenance, ScoreRecord, Spent, StageRecord, Status
from benchmark.store.sealed_record import Record, sealed
from metrics import registry


class CellFolder:
    """The files of one cell. `stages/NAME.json` is written last, and says that a stage is finished and what it wrote."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def key(self) -> str:
        """The cell's key, with which the folder's name ends."""
        return self.path.name.rpartition("-")[2]

    @property
    def model(self) -> Path:
        """The fitted generator's folder."""
        return self.path / "model"

    def measurements(self) -> dict[str, float]:
        """Numbers that the fit measured of its generator, by name."""
        return measurements_of(self.model)

    @property
    def samples(self) -> Path:
        """The archive of generated windows."""
        return self.samples_of(0)

    def samples_of(self, sampling_seed: int) -> Path:
        """The archive of the windows that one sampling seed draws."""
        return self.path / (f"samples-{sampling_seed}.npz" if sampling_seed else "samples.npz")

    @property
    def checkpoint(self) -> Path:
        """Where an unfinished fit keeps its state."""
        return self.path / "checkpoint"

    @property
    def output(self) -> Path:
        """The file that a worker's own output goes to."""
        return self.path / "worker.log"

    @property
    def elapsed(self) -> Path:
        """The file that holds what an unfinished fit has cost in all its sessions."""
        return self.checkpoint / "elapsed"

    @property
    def forced(self) -> Path:
        """Marks the checkpoint of a fit that is computed again on request."""
        return self.checkpoint / "forced"

    def unfinished(self) -> Spent:
        """What an unfinished fit has cost, up to the last time that it was written; nothing where there is none."""
        return Spent.parse(read_json(self.elapsed)) or Spent()

    def unfinished_seconds(self) -> float:
        """Wall-clock seconds spent on an unfinished fit; 0 where there is none."""
        return self.unfinished().wall_seconds

    def scores(self) -> dict[str, ScoreRecord]:
        """Every score computed so far, by name; without those whose record was altered after it was written."""
        parsed = {name: _intact(name, entry) for name, entry in self._entries().items()}
        return {name: record for name, record in parsed.items() if record is not None}

    def altered_scores(self) -> list[str]:
        """The names of scores whose record was altered after it was written; nothing uses them."""
        return [name for name, entry in self._entries().items() if _intact(name, entry) is None]

    def write_score(self, name: str, record: ScoreRecord) -> None:
        """Add a score, or replace it, with a checksum of its record."""
        write_json(self.path / "scores.json", {**self._intact_entries(), name: sealed(record.to_json())})

    def keep_intact_scores(self) -> None:
        """Write the scores anew without the altered ones; no file where none is left."""
        path, intact = self.path / "scores.json", self._intact_entries()
        if intact:
            write_json(path, intact)
        else:
            path.unlink(missing_ok=True)

    def _intact_entries(self) -> dict[str, Any]:
        return {name: entry for name, entry in self._entries().items() if _intact(name, entry) is not None}

    def _entries(self) -> dict[str, Any]:
        return read_json(self.path / "scores.json")

    def record(self) -> CellRecord | None:
        """The cell as it was resolved; None where its record is missing, was altered or is another cell's."""
        record = CellRecord.intact(self.path / "cell.json")
        return record if record is not None and record.key == self.key else None

    def write_record(self, cell: Cell) -> None:
        """Replace the record of the resolved cell."""
        write_json(self.path / "cell.json", sealed(CellRecord.of(cell).to_json()))

    def has_results(self) -> bool:
        """Whether any stage was finished here."""
        return any((self.path / "stages").glob("*.json"))

    def status(self) -> Status:
        """How the last attempt ended."""
        return Status.read(self.path / "status.json")

    def write_status(self, status: Status) -> None:
        """Replace the status."""
        write_json(self.path / "status.json", sealed(status.to_json()))

    def provenance(self) -> Provenance:
        """Times, machine, versions, commit and data checksum, by stage."""
        return Provenance.read(self.path / "provenance.json")

    def write_provenance(self, provenance: Provenance, stage: str, record: StageRecord) -> None:
        """Replace the provenance, with the record of one stage added or replaced."""
        write_json(self.path / "provenance.json", sealed(provenance.with_stage(stage, record).to_json()))

    def finished(self, stage: str) -> Finish:
        """The record of a finished stage; an empty one where the stage has not been finished."""
        return Finish.read(self.path / "stages" / f"{stage}.json")

    def finished_stages(self) -> list[str]:
        """The names of stages that were finished here, whatever has become of their files."""
        return sorted(path.stem for path in (self.path / "stages").glob("*.json"))

    def is_finished(self, stage: str, key: str) -> bool:
        """Whether `stage` was finished under `key` and its files are as it left them."""
        finish = self.finished(stage)
        return finish.key == key and finish.files is not None and not self.altered_files(finish)

    def altered_records(self) -> list[str]:
        """The names of the cell's records, beside `cell.json`, that were altered after they were written."""
        kinds: dict[str, type[Record]] = {"status.json": Status, "provenance.json": Provenance}
        kinds |= {f"stages/{stage}.json": Finish for stage in self.finished_stages()}
        found = [name for name, kind in kinds.items() if kind.is_altered(self.path / name)]
        return found + (["scores.json"] if self._scores_are_altered() else [])

    def _scores_are_altered(self) -> bool:
        path, entries = self.path / "scores.json", self._entries()
        # Every entry has a checksum; the bytes between them are told by writing the same again.
        whole = entries == self._intact_entries() and bool(entries)
        return path.exists() and not (whole and _is_written_as(path, entries))

    def altered_files(self, finish: Finish) -> list[str]:
        """The files of a finished stage that are missing or were altered after they were written."""
        return [name for name, checksum in (finish.files or {}).items() if not self._holds(name, checksum)]

    def _holds(self, name: str, checksum: str) -> bool:
        return (self.path / name).is_file() and sha256(self.path / name) == checksum

    def finish(self, stage: str, key: str, files: list[Path]) -> None:
        """Record that `stage` is finished; from here on nothing computes it again."""
        folder = self.path / "stages"
        folder.mkdir(exist_ok=True)
        sums = {str(file.relative_to(self.path)): sha256(file) for file in sorted(files)}
        write_json(folder / f"{stage}.json", sealed(Finish(key=key, files=sums).to_json()))

    def forget_after(self, stage: str) -> None:
        """Drop what was made from an earlier result of `stage`, which has just been computed again."""
        kind = stage.partition(":")[0]
        if kind == "fit":
            for path in (self.path / "stages").glob("*.json"):
                if path.stem != stage:
                    path.unlink()
        if kind in ("fit", "sample"):
            (self.path / "scores.json").unlink(missing_ok=True)

    @property
    def _journal(self) -> Path:
        return self.path / "journal.jsonl"

    def journal(self) -> list[Note]:
        """The lines of the cell's journal, oldest first; without those that a killed process left unfinished."""
        try:
            lines = self._journal.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        return [note for note in map(Note.parse_line, lines) if note is not None]

    def note(self, stage: str, event: str) -> None:
        """Add a line to the cell's journal: time, process, stage and event."""
        line = json.dumps(Note(time=round(time.time(), 3), pid=os.getpid(), stage=stage, event=event).to_json())
        path = self._journal
        with naming(path), path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def _is_written_as(path: Path, value: object) -> bool:
    """Whether a file has the bytes that this program writes of a value; never for values that it does not write."""
    try:
        return path.read_bytes() == json_bytes(value)
    except ValueError:
        return False


def _intact(name: str, entry: object) -> ScoreRecord | None:
    """A score's entry as a record; None where it, or the metric's name, was altered after it was written."""
    return ScoreRecord.unseal(entry) if ScoreName.parse(name).metric in registry.METRICS else None
