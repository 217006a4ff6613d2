"""Whatever a file holds, only documented errors come back: real files and traps, each one, and mutations of them.

`tests/studies/fuzz.py` does the same by the hundred thousand, guided by coverage.
"""

from __future__ import annotations

import json
import struct
import tarfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmark.config.files import read_yaml
from benchmark.config.suites import parse_assignments
from benchmark.data import load_series, own_spec, spec_from_csv
from benchmark.errors import AlteredFileError, UserError
from benchmark.files import write_json
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store
from tests.conftest import ROOT, CommandLine
from tests.malformed.target import Broken, Target, read
from tests.malformed.targets import TARGETS

QUICK = sorted(set(TARGETS) - {"matlab"})
"""A MATLAB file is read in a process of its own."""
PIECES = (
    b"\0",
    b"\xff",
    b"[",
    b"{",
    b"}",
    b"*a",
    b"&a ",
    b"../",
    b"/",
    b"'",
    b'"',
    b",",
    b"\n",
    b"9" * 400,
    b"-1",
    b"1e999",
)


@pytest.mark.parametrize("name", QUICK)
def test_every_seed_is_read_or_refused(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    outcomes = {read(target, data, tmp_path) for data in target.seeds()}
    assert True in outcomes, "no seed is sound, so that nothing but the refusal would be mutated"


def mutated(data: bytes, cut: float, flips: list[tuple[float, int]], piece: bytes, place: float, times: int) -> bytes:
    """`data` up to the share `cut`, with bits flipped and a piece put in `times` times."""
    found = bytearray(data[: round(cut * len(data))])
    for where, bit in flips:
        if found:
            found[int(where * len(found))] ^= 1 << bit
    at = int(place * len(found))
    return bytes(found[:at]) + piece * times + bytes(found[at:])


share = st.floats(0, 1, exclude_max=True)
mutations = st.tuples(
    st.one_of(st.just(1.0), share),
    st.lists(st.tuples(share, st.integers(0, 7)), max_size=4),
    st.sampled_from(PIECES),
    share,
    st.sampled_from((0, 1, 1, 40)),
)


@cache
def short_seeds(name: str) -> list[bytes]:
    return [seed for seed in TARGETS[name].seeds() if len(seed) < 20_000]


@pytest.mark.parametrize("name", QUICK)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_files_are_read_or_refused(name: str, tmp_path: Path, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(short_seeds(name)))
    read(TARGETS[name], mutated(seed, *data.draw(mutations)), tmp_path)


def test_a_broken_promise_is_told(tmp_path: Path) -> None:
    """The check itself: an exception, a file outside and an endless message each break the promise."""

    def outside(data: bytes, folder: Path) -> None:
        (folder.parent / "escaped").write_bytes(data)

    def fails(data: bytes, folder: Path) -> None:
        raise RecursionError

    with pytest.raises(Broken, match="RecursionError"):
        read(Target(list, fails), b"", tmp_path)
    with pytest.raises(Broken, match=r"\['escaped'\] was written outside"):
        read(Target(list, outside), b"x", tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 1200, "it is nested too deeply"),
        ("{a: " * 1200, "it is nested too deeply"),
        ("a: 2001-99-99\n", "month must be in 1..12"),
        ("seeds: " + "9" * 5000, "Exceeds the limit"),
        ("a: &a [*a]\n", "an alias stands for what it is part of"),
        ("a: &a {b: {c: *a}}\n", "an alias stands for what it is part of"),
        ('title: "\\0"\n', "a character that no file or screen takes"),
        (
            "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
            + "".join(
                f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "its aliases stand for more than 100,000 values",
        ),
    ],
)
def test_values_of_yaml_that_no_program_could_work_with(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(UserError, match=f"holds a value that cannot be read \\(.*{sentence}"):
        read_yaml(tmp_path / "own.yaml")


def test_half_of_a_surrogate_pair_is_no_text_with_either_reader_of_yaml(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text('title: "\\ud800"\n')
    with pytest.raises(UserError, match=r"is not valid YAML at line 1|a character that no file or screen takes"):
        read_yaml(tmp_path / "own.yaml")


def test_yaml_of_a_million_characters_is_not_parsed(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("a: " + "b" * (1 << 20))
    with pytest.raises(UserError, match=r"has 1,048,579 characters, more than 1,048,576; shorten it"):
        read_yaml(tmp_path / "own.yaml")


def test_aliases_that_are_no_bomb_are_read(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("a: &a {x: 1}\nb: [*a, *a]\nc: {<<: *a, y: é}\n")
    assert read_yaml(tmp_path / "own.yaml")["c"] == {"x": 1, "y": "é"}


def test_an_assignment_of_the_command_line_is_yaml_too() -> None:
    for value in ("[" * 1200, "2001-99-99"):
        with pytest.raises(UserError, match="is not valid YAML; correct it"):
            parse_assignments([f"gaussian.x={value}"])


def test_a_number_too_long_to_print_is_refused_in_words(command: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("datasets: [sines]\nseeds: 0x" + "f" * 9000)
    done = command("run", "--suite", "own.yaml", "--dry-run")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'seeds' is a number of thousands of digits, but" in done.stderr


def test_a_message_quotes_no_whole_file(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("a,b\n" + "9" * 5000 + ",1\n")
    with pytest.raises(UserError, match="is not a finite number") as told:
        load_series(spec_from_csv(tmp_path / "own.csv"), None)
    assert len(str(told.value)) < 2100


@pytest.mark.parametrize("shape", ["(1000000000000, 8, 2)", "(400000000, 8, 2)", "(-1, 8, 2)"])
@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_an_array_that_says_it_is_longer_than_its_file_gets_no_memory(suffix: str, shape: str, tmp_path: Path) -> None:
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    raw = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text
    path = tmp_path / f"own.{suffix}"
    if suffix == "npy":
        path.write_bytes(raw)
    else:
        import zipfile

        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("windows.npy", raw)
    with pytest.raises(UserError, match="is no NumPy file of plain numbers"):
        load_series(spec_from_csv(path), None)


def test_a_header_that_is_no_python_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", 5000) + b"(" * 5000)
    with pytest.raises(UserError, match="is no NumPy file of plain numbers"):
        load_series(spec_from_csv(tmp_path / "own.npy"), None)


def test_a_matlab_file_that_crashes_scipy_ends_no_program(command: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "own.mat").write_bytes((ROOT / "tests/fixtures/data/crashes_scipy.mat").read_bytes())
    (tmp_path / "own.yaml").write_text("file: own.mat\narray: x\n")
    with pytest.raises(UserError, match=r"own\.mat' is not a readable MATLAB file \(.*save it as version 7"):
        load_series(own_spec(tmp_path / "own.yaml"), None)
    done = command("data", "show", "own.yaml")
    assert (done.returncode, done.stderr) == (1, "")
    assert "own.mat' is not a readable MATLAB file (" in done.stdout


def test_a_sound_matlab_file_is_read_apart_as_here(tmp_path: Path) -> None:
    import scipy.io

    rows = np.random.default_rng(0).random((40, 3))
    scipy.io.savemat(tmp_path / "own.mat", {"x": rows})
    (tmp_path / "own.yaml").write_text("file: own.mat\narray: x\n")
    spec = own_spec(tmp_path / "own.yaml")
    (apart,) = load_series(spec, None).parts
    np.testing.assert_array_equal(apart, rows)
    import hashlib

    known = spec.model_copy(update={"sha256": hashlib.sha256((tmp_path / "own.mat").read_bytes()).hexdigest()})
    np.testing.assert_array_equal(load_series(known, None).parts[0], rows)


@pytest.mark.parametrize(
    "text",
    ['{"a":' * 1200, "[" * 1200, '{"\\ud800": 1}', '{"key": "x", "mean": NaN}', "\0"],
)
def test_a_damaged_record_is_an_altered_one(text: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "runs").create()
    path = store.root / "cells" / "one-0123456789abcdef"
    (path / "stages").mkdir(parents=True)
    for name in ("status.json", "scores.json", "provenance.json", "stages/fit.json", "cell.json", "journal.jsonl"):
        (path / name).write_text(text)
    (cell,) = store.folders()
    assert cell.altered_records() == ["status.json", "provenance.json", "stages/fit.json", "scores.json"]
    assert (cell.journal(), cell.scores(), cell.unfinished().sessions) == ([], {}, 0)


def test_a_score_that_json_cannot_hold_is_an_altered_one(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "cells" / "one-0123456789abcdef"
    path.mkdir(parents=True)
    record = {
        "key": "k",
        "version": 1,
        "n_real": 1,
        "n_fake": 1,
        "floor": None,
        "repetitions": [1.0],
        "mean": float("nan"),
    }
    text = json.dumps({"duplicates": sealed({**record, "half_width": None, "details": {}})})
    (path / "scores.json").write_text(text)
    (cell,) = Store(tmp_path / "runs").folders()
    assert cell.altered_records() == ["scores.json"]


def test_bytes_that_are_no_text_leave_the_other_lines_of_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "cells" / "one-0123456789abcdef"
    path.mkdir(parents=True)
    note = b'{"time": 1, "pid": 2, "stage": "fit", "event": "started"}\n'
    (path / "journal.jsonl").write_bytes(b"\xff\n" + note)
    (cell,) = Store(tmp_path / "runs").folders()
    assert [line.stage for line in cell.journal()] == ["fit"]


@pytest.mark.parametrize("name", ["cells/a/b/c", f"cells/{'a' * 300}/b"])
def test_an_archive_whose_names_fit_no_folder_is_damaged(name: str, command: CommandLine, tmp_path: Path) -> None:
    from tests.malformed.archives import built

    members = [["cells/a/b", "0", "", "x", True], [name, "0", "", "x", True]]
    (tmp_path / "one.tar").write_bytes(built(json.dumps(members).encode()))
    assert tarfile.is_tarfile(tmp_path / "one.tar")
    done = command("store", "import", "one.tar")
    assert done.returncode == 2
    assert "is no export of a store, or is damaged (" in done.stderr
    assert not [path for path in (tmp_path / "runs").rglob("*") if path.is_file() and path.name != "store.json"]


@pytest.mark.parametrize(
    "change", [{"setting": []}, {"shape": None}, {"params": [1]}, {"units": {"a": 1}}, {"generator": {}}]
)
def test_an_edited_record_of_a_saved_generator_is_told(change: dict[str, object], tmp_path: Path) -> None:
    from tests.malformed.stored import saved_files

    for name, content in saved_files().items():
        (tmp_path / "saved" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "saved" / name).write_bytes(content)
    write_json(tmp_path / "saved" / "estimator.json", {**json.loads(saved_files()["estimator.json"]), **change})
    from benchmark import api

    with pytest.raises(UserError, match=r"estimator\.json' was altered after save wrote it"):
        api.load_generator(tmp_path / "saved")


def test_an_edited_model_of_a_saved_generator_is_told(tmp_path: Path) -> None:
    from benchmark import api
    from tests.malformed.stored import saved_files

    def put(changes: dict[str, bytes]) -> None:
        for name, content in {**saved_files(), **changes}.items():
            (tmp_path / "saved" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "saved" / name).write_bytes(content)

    put({})
    api.load_generator(tmp_path / "saved")
    put({"model/generator.json": saved_files()["model/generator.json"].replace(b"8", b"null")})
    with pytest.raises(UserError, match=r"the model in '.*saved' was altered after save wrote it"):
        api.load_generator(tmp_path / "saved")


def test_a_checkpoint_whose_seal_is_not_that_of_its_bytes_is_altered(tmp_path: Path) -> None:
    target = TARGETS["checkpoint"]
    raw = [seed for seed in target.seeds() if seed[:1] == b"r"]
    assert len(raw) > 5
    for seed in raw:
        with pytest.raises(AlteredFileError):
            target.run(seed, tmp_path)
