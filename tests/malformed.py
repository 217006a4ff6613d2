"""What the program reads from anybody's files, as functions of bytes: whatever the bytes are, only documented errors come back.

A target takes an input and a folder to work in, and reads it as a command would. `read` runs one and raises `Broken` where
something comes back that is neither a result nor a documented error: another exception, a message too long to read, a file
outside the folder.
"""

from __future__ import annotations

import copy
import io
import json
import shutil
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmark.api.saved import load as load_saved
from benchmark.config.files import shipped
from benchmark.config.generators import load_class, load_spec, resolve
from benchmark.config.suites import load_suite
from benchmark.data import load_series, load_windows, own_spec, spec_from_csv
from benchmark.errors import AlteredFileError, SkipCell, UserError
from benchmark.files import read_json, write_json
from benchmark.store.archive import import_store
from benchmark.store.check import check_cell
from benchmark.store.records import sealed
from benchmark.store.store import Store
from benchmark.sweep.spec import load_sweep

DOCUMENTED = (UserError, SkipCell, AlteredFileError)
LONGEST = 3000
"""Characters of a message that somebody can still read."""
SMALL = {"dataset": "own", "features": 2, "length": 8, "budget": "smoke", "protocol": "paper"}
ROWS = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i % 7) for i in range(30))
SOUND_CSV = [
    ROWS,
    b"date,x,y\n" + b"".join(b"2024-01-%02d,%d,%d\n" % (i + 1, i, i * i % 5) for i in range(20)),
    b"time,x,y\n" + b"".join(b"%d,%d.5,-%de-1\n" % (2 * i, i, i) for i in range(20)),
    b"when,x\n" + b"".join(b"%02d/02/2024 10:00,%d\n" % (i + 1, i % 6) for i in range(20)),
]
DEEP = 1200
"""Levels of nesting, more than Python recurses."""


class Broken(Exception):  # noqa: N818 - named for what it finds
    """The promise was broken; the cause is the exception, where there is one."""


@dataclass(frozen=True)
class Target:
    """One reader: inputs to begin with, and the function that reads an input in a folder."""

    seeds: Callable[[], list[bytes]]
    run: Callable[[bytes, Path], None]


def read(target: Target, data: bytes, sandbox: Path) -> bool:
    """Read an input in `sandbox`/inside; whether it was read without an error. Raises Broken."""
    folder = sandbox / "inside"
    folder.mkdir(exist_ok=True)
    sound = True
    try:
        target.run(data, folder)
    except DOCUMENTED as error:
        sound = False
        if len(str(error)) > LONGEST:
            raise Broken(f"a message of {len(str(error)):,} characters") from None
    except Exception as error:
        raise Broken(f"{type(error).__name__}: {error}"[:300]) from error
    beside = {path.name for path in sandbox.iterdir()} - {"inside"}
    if beside:
        raise Broken(f"{sorted(beside)} was written outside the folder")
    return sound


ODD: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1e300, float("nan"), float("inf"), "", "x", "a/b.yaml", "../own.csv", "own.csv", "gaussian",
    "stocks", "sines", [], [[]], [None], ["a", "a"], [1, 2], {}, {"a": None}, {"a": {"b": [1]}}, {1: 2}, "%Y-%m-%d", "1 GiB",
    "file.py:Class", "2024-02-30", "2024-01-01T00:00:00+25:00", "nan", "1_0", "٣", "0x1p3", '"', "a\nb", -0.0, 1e-320,
)  # fmt: skip
"""Values in the place of others."""
STRUCTURED = b"\x01"
"""With this first byte, an input says which seed is changed and then, three bytes each, what in it is replaced by what."""


def changed(values: Any, choices: bytes) -> Any:
    """Plain values with some inside replaced, removed or added: three bytes each choose where, how and by what."""
    for where, how, what in zip(choices[::3], choices[1::3], choices[2::3], strict=False):
        places = list(_places(values))
        if not places:
            return values
        holder, key = places[where % len(places)]
        new = copy.deepcopy(ODD[what % len(ODD)])
        if how % 8 == 0:
            del holder[key]
        elif how % 8 == 1 and isinstance(holder, dict):
            holder[f"k{what % 5}"] = holder.pop(key)
        elif how % 8 == 2 and isinstance(holder, list):
            holder.insert(key, new)
        else:
            holder[key] = new
    return values


def _places(values: Any) -> Iterator[tuple[Any, Any]]:
    pairs = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in list(pairs):
        yield values, key
        yield from _places(value)


def _structured(data: bytes, seeds: list[bytes], load: Callable[[bytes], Any], dump: Callable[[Any], str]) -> bytes:
    """The bytes of a changed seed; those that are given where they describe none."""
    if data[:1] != STRUCTURED or len(data) < 2:
        return data
    return dump(changed(load(seeds[data[1] % len(seeds)]), data[2:32])).encode("utf-8", "replace")


def _choices() -> list[bytes]:
    """Inputs that change one value of one seed."""
    return [
        STRUCTURED + bytes([seed, where, 3, what])
        for seed in range(6)
        for where in (0, 2, 5)
        for what in range(0, 28, 3)
    ]


def _yaml(read_it: Callable[[Path], object], sound: Callable[[], list[bytes]]) -> Target:
    def seeds() -> list[bytes]:
        return [*sound(), *YAML_TRAPS, *_choices()]

    def run(data: bytes, folder: Path) -> None:
        path = folder / "own.yaml"
        path.write_bytes(_structured(data, kept(), yaml.safe_load, yaml.safe_dump))
        read_it(path)

    kept = cache(sound)
    return Target(seeds, run)


def _shipped(folder: str) -> list[bytes]:
    """The six smallest YAML files of a folder."""
    return [
        path.read_bytes() for path in sorted(shipped(folder).glob("*.yaml"), key=lambda path: path.stat().st_size)[:6]
    ]


YAML_TRAPS = [
    b"[" * DEEP,
    b"{a: " * DEEP,
    b"a: &a [x, x, x, x, x, x, x, x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (c, c, b", ".join([b"*%c" % (c - 1)] * 8)) for c in range(ord("b"), ord("m"))),
    b"a: &a [*a]\n",
    b"params: &a {b: *a}\n",
    b"a: 2001-99-99\n",
    b"seeds: " + b"9" * 5000,
    b"seeds: 0x" + b"f" * 9000,
    b"title: \x00\n",
    b'title: "\\0"\n',
    b'datasets: ["\\0.csv"]\n',
    b"1: 2\n",
    b"!!python/object/apply:os.system [true]\n",
    b"? [a, b]\n: c\n",
    b"<<: [{a: 1}]\n",
    b'title: "\\ud800"\n',
    b"lengths: [.nan, .inf]\n",
    b"extends: [a]\n",
    b"",
    b"\xff\xfe\x00",
]


def _generator(path: Path) -> None:
    spec = load_spec(str(path))
    if spec.class_.startswith(("baselines.", "timemar.")):  # anything else would import what the bytes name
        load_class(spec)
        resolve(spec, SMALL, {})


def _dataset(path: Path) -> None:
    (path.parent / "rows.csv").write_bytes(ROWS)
    spec = own_spec(path)
    if spec.recipe is None and spec.url is None:
        load_series(spec, path.parent)


def _dataset_seeds() -> list[bytes]:
    return [
        b"file: rows.csv\ntitle: Rows\ncolumns: [a, b]\nscaling: minmax\nstride: 2\n",
        b"file: rows.csv\nmissing: drop\ndrop: [a]\n",
        b"file: rows.csv\nseries_column: a\none_hot: [b]\nmissing: interpolate\n",
        b'file: rows.csv\ntime_column: a\ntime_format: "%Y-%m-%d"\n',
        b"extends: stocks\nfile: rows.csv\n",
        b"file: ../../rows.csv\n",
        b"file: rows.mat\narray: x\n",
        b"recipe: {process: sines, seed: 1, count: 10, features: 2}\n",
    ]


def _sweep_seeds() -> list[bytes]:
    return [
        b"generator: gaussian\ndataset: sines\nparam: {a: [1, 2], b: {low: 0.1, high: 1, log: true}}\ntrials: 3\n",
    ]


def _csv(data: bytes, folder: Path) -> None:
    path = folder / "own.csv"
    path.write_bytes(_structured(data, SOUND_CSV, _cells, _csv_text))
    load_windows(spec_from_csv(path), 8, "paper", seed_for_split=0)


def _cells(data: bytes) -> list[Any]:
    return [line.split(",") for line in data.decode().splitlines()]


def _csv_text(rows: list[Any]) -> str:
    return "\n".join(",".join(map(str, row)) if isinstance(row, list) else str(row) for row in rows)


def _csv_seeds() -> list[bytes]:
    dated = SOUND_CSV[1]
    return [
        *SOUND_CSV,
        *_choices(),
        dated.replace(b"2024-01-", b"01/02/20"),
        ROWS.replace(b"3", b""),
        ROWS.replace(b"3", b"nan"),
        ROWS.replace(b"3", b"1e999"),
        b"a;b\n1;2\n",
        b'a,b\n"' + b"x" * 200_000,
        b"a,b\n" + b"9" * 5000 + b",1\n",
        b"\xef\xbb\xbfa,b\n1,2\x00\n",
        b"a,a\n1,2\n",
        b",".join(b"c%d" % i for i in range(3000)) + b"\n",
        b"a,b\r1,2\r\r3,4",
        b"",
    ]


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _header(text: str) -> bytes:
    """A .npy file that says `text` of itself and holds nothing."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text.encode() + b"\n"


def _zip(members: list[tuple[str, bytes]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def _array(data: bytes, folder: Path) -> None:
    """The first byte: n for a .npy file, w for the array in a sound archive, else bytes as they are of an archive."""
    kind, body = data[:1], data[1:]
    path = folder / ("own.npy" if kind == b"n" else "own.npz")
    path.write_bytes(_zip([("windows.npy", body)]) if kind == b"w" else body)
    load_windows(spec_from_csv(path), 8, "paper", seed_for_split=0)


def _array_seeds() -> list[bytes]:
    windows = np.random.default_rng(0).random((12, 8, 2)).astype(np.float32)
    plain = _npy(windows)
    text = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }"
    shapes = ["1000000000000, 8, 2", "400000000, 8, 2", "-1, 8, 2", "2.5, 8, 2", "8,"]
    odd = [_header(text % shape) for shape in shapes]
    odd += [
        _header("{'descr': '|O', 'fortran_order': False, 'shape': (1, 8, 2), }"),
        _header("(" * 5000),
        _header("{" + " " * 9000 + "}"),
    ]
    raw = [
        _zip([("windows.npy", plain)]),
        _zip([("a.npy", plain), ("b.npy", _npy(np.arange(3)))]),
        _zip([("../windows.npy", plain), ("..\\windows.npy", plain)]),
        _zip([("windows.npy", plain), ("windows.npx", plain)]).replace(
            b"windows.npx", b"windows.npy"
        ),  # twice the same name
        _zip([("windows.npy", b"\0" * 4_000_000)]),
        _zip([]),
    ]
    return [
        *(mark + one for mark in (b"n", b"w") for one in (plain, _npy(windows.astype(np.int64)), *odd)),
        *(b"z" + one for one in raw),
    ]


def _matlab(data: bytes, folder: Path) -> None:
    (folder / "own.yaml").write_text("file: own.mat\narray: x\n")
    (folder / "own.mat").write_bytes(data)
    load_series(own_spec(folder / "own.yaml"), None)


def _matlab_seeds() -> list[bytes]:
    import scipy.io

    found = []
    for value in (np.eye(8), np.eye(8, dtype=np.int16), "text", {"a": np.eye(2)}, [[1.0], [2.0, 3.0]]):
        for compressed in (False, True):
            file = io.BytesIO()
            scipy.io.savemat(file, {"x": value}, do_compression=compressed)
            found.append(file.getvalue())
    return found


RECORDS = ("status.json", "scores.json", "provenance.json", "cell.json", "stages/fit.json", "journal.jsonl")


@cache
def _finished() -> dict[str, bytes]:
    """The files of a cell of a control, and an archive of its store under `archive`."""
    import tempfile

    from benchmark.config.suites import SuiteSpec
    from benchmark.plan.planner import make_plan
    from benchmark.plan.request import Request
    from benchmark.run.stages import CellRun
    from benchmark.store.archive import export_store

    suite = SuiteSpec(name="x", datasets=("sines",), generators=("gaussian",), budget="smoke", scores=("duplicates",))
    plan = make_plan(suite, Request())
    (cell,) = plan.cells
    with tempfile.TemporaryDirectory() as text:
        store = Store(Path(text, "runs")).create()
        folder = store.cell(cell)
        folder.path.mkdir()
        write_json(folder.path / "cell.json", cell.record())
        run = CellRun(cell, store, "cpu", None, lambda progress: None, lambda: False)
        for stage in store.state(cell, plan.score_names).missing:
            run.run(stage)
        export_store(store, Path(text, "one.tar"))
        files = {path.relative_to(folder.path).as_posix(): path for path in folder.path.rglob("*") if path.is_file()}
        return {name: path.read_bytes() for name, path in files.items()} | {
            "archive": Path(text, "one.tar").read_bytes()
        }


def _record(data: bytes, folder: Path) -> None:
    """The first byte: r for bytes as they are, s for JSON with a checksum of its own; the second: which record."""
    number, body = data[1:2], data[2:]
    name = RECORDS[number[0] % len(RECORDS)] if number else RECORDS[0]
    if data[:1] == b"s" and body[:1] == STRUCTURED and name != "journal.jsonl":
        body = _structured(body[:1] + b"\0" + body[1:], [_finished().get(name, b"{}")], json.loads, json.dumps)
    if data[:1] == b"s":
        try:
            values = json.loads(body)
            if isinstance(values, dict):
                marked = {key: sealed(entry) if isinstance(entry, dict) else entry for key, entry in values.items()}
                body = json.dumps(marked if name == "scores.json" else sealed(values)).encode()
        except (ValueError, RecursionError):
            pass
    store = Store(folder / "runs")
    if not store.root.exists():
        store.create()
    path = store.root / "cells" / "sines-24-gaussian-0123456789abcdef"
    for kept in RECORDS:
        (path / kept).parent.mkdir(parents=True, exist_ok=True)
        (path / kept).write_bytes(body if kept == name else _finished().get(kept, b""))
    (cell,) = store.folders()
    list(check_cell(cell, store.root))
    cell.journal(), cell.scores(), cell.status(), cell.provenance(), cell.record(), cell.altered_records()
    cell.is_finished("fit", cell.finished("fit").key)


def _record_seeds() -> list[bytes]:
    deep = b'{"a":' * DEEP
    seeds = [mark + bytes([n]) + _finished().get(name, b"") for mark in (b"r", b"s") for n, name in enumerate(RECORDS)]
    outside = b'{"key": "x", "files": {"../../../store.json": "0", "/etc/passwd": "0", "a\\u0000b": "0"}}'
    odd = [
        deep,
        b"[" * DEEP,
        outside,
        b'{"a": NaN}',
        b'{"a": 1' + b"0" * 5000 + b"}",
        b"\xff",
        b'{"\\ud800": 1}',
        b"null",
    ]
    seeds += [b"s" + bytes([n]) + STRUCTURED + one[2:] for n in range(5) for one in _choices()[::9]]
    return seeds + [mark + bytes([n]) + one for mark in (b"r", b"s") for n in range(len(RECORDS)) for one in odd]


def _saved(data: bytes, folder: Path) -> None:
    """The first byte: e for `estimator.json`, g for `generator.json`, n for an archive of the model."""
    names = {b"e": "estimator.json", b"g": "model/generator.json", b"n": "model/gaussian.npz"}
    name, body = names.get(data[:1], "estimator.json"), data[1:]
    if name.endswith(".json"):
        body = _structured(body, [_saved_files()[name]], json.loads, json.dumps)
    for kept, content in _saved_files().items():
        (folder / "saved" / kept).parent.mkdir(parents=True, exist_ok=True)
        (folder / "saved" / kept).write_bytes(body if kept == name else content)
    if _names_a_module(folder / "saved" / "estimator.json"):
        return
    found = load_saved(folder / "saved", "cpu")
    found.sample(2, seed=0)


def _names_a_module(path: Path) -> bool:
    """Whether a record names a module that would be imported, instead of a generator."""
    values = read_json(path)
    return values.get("generator") is None and values.get("class") != "baselines.controls.gaussian:Gaussian"


@cache
def _saved_files() -> dict[str, bytes]:
    import tempfile

    from benchmark import api

    with tempfile.TemporaryDirectory() as text:
        windows = np.random.default_rng(0).random((12, 8, 2)).astype(np.float32)
        api.generator("gaussian").fit(windows).save(Path(text, "saved"))
        root = Path(text, "saved")
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _saved_seeds() -> list[bytes]:
    files = _saved_files()
    whole = [b"e" + files["estimator.json"], b"g" + files["model/generator.json"], b"n" + files["model/gaussian.npz"]]
    record = json.loads(files["estimator.json"])
    odd = [{**record, key: value} for key in record if key != "class" for value in (None, [], {"a": 1}, -1, "x")]
    whole += [mark + one for mark in (b"e", b"g") for one in _choices()[::5]]
    return whole + [b"e" + json.dumps(one).encode() for one in odd] + [b"e" + b'{"a":' * DEEP, b"g" + b"[" * DEEP]


def _checkpoint(data: bytes, folder: Path) -> None:
    """The first byte: r for bytes as they are, s for a file sealed anew."""
    import torch

    from benchmark import sealed_file
    from benchmark.training.loop import _restore

    path = folder / "stage.safetensors"
    path.write_bytes(data[1:])
    if data[:1] == b"s":
        with suppress(ValueError, OSError):
            sealed_file.seal(path)
    _restore(_Task(), path, torch.Generator())


class _Task:
    """A training of one tensor."""

    def step(self, step: int, rng: Any) -> dict[str, Any]:
        return {}

    def state(self) -> dict[str, Any]:
        import torch

        return {"weight": torch.zeros(2, 2)}

    def load_state(self, state: Any) -> None:
        """Nothing: what a task makes of an intact file that is another task's is its own matter."""


def _checkpoint_seeds() -> list[bytes]:
    import torch
    from safetensors.torch import save

    from benchmark import sealed_file

    tensors = {"weight": torch.ones(2, 2), "random_state": torch.Generator().get_state()}
    metadata = {"progress": json.dumps({"step": 3}), sealed_file.SEAL: sealed_file.BLANK}
    whole, old = save(tensors, metadata), save(tensors, {"progress": json.dumps({"step": 3})})
    lost = save({"weight": torch.ones(2, 2)}, metadata)
    huge = struct.pack("<Q", 2**62) + b"{}"
    deep = struct.pack("<Q", 5 * DEEP) + b'{"a":' * DEEP
    sealed_ones, raw = (whole, lost), (whole, old, old[:-9], huge, deep, b"", whole[:7])
    return [b"s" + one for one in sealed_ones] + [b"r" + one for one in raw]


def _archive(data: bytes, folder: Path) -> None:
    """The first byte: r for bytes as they are, t for members as JSON: [name, type, link, text, named in the manifest]."""
    path = folder / "one.tar"
    path.write_bytes(data[1:] if data[:1] == b"r" else _built(data[1:]))
    shutil.rmtree(folder / "runs", ignore_errors=True)
    import_store(Store(folder / "runs"), path)


def _built(text: bytes) -> bytes:
    """An archive of described members, with a manifest that names them with their true checksums."""
    members, files = [], {}
    for name, kind, link, content, named in _described(text):
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.size = kind, link, len(content)
        members.append((member, content))
        if named:
            files[name] = {"sha256": sha256(content).hexdigest(), "size": len(content)}
    manifest = json.dumps({"format": "timemar-benchmark export", "version": 2, "files": files}).encode()
    first = tarfile.TarInfo("manifest.json")
    first.size = len(manifest)
    target = io.BytesIO()
    try:
        with tarfile.open(fileobj=target, mode="w", errors="surrogateescape") as archive:
            for member, content in [(first, manifest), *members]:
                archive.addfile(member, io.BytesIO(content))
    except (ValueError, UnicodeError):
        return b""
    return target.getvalue()


def _described(text: bytes) -> Iterator[tuple[str, bytes, str, bytes, bool]]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return
    for entry in values if isinstance(values, list) else []:
        if isinstance(entry, list) and len(entry) == 5 and all(isinstance(part, str) for part in entry[:4]):
            name, kind, link, content, named = entry
            yield (
                name,
                kind.encode("utf-8", "replace")[:1] or b"0",
                link,
                content.encode("utf-8", "replace"),
                bool(named),
            )


def _archive_seeds() -> list[bytes]:
    deep = "/".join(["cells", *["d"] * 300, "x"])
    described = [
        [["cells/a-1/cell.json", "0", "", "{}", True], ["cells/a-1/stages/fit.json", "0", "", "{}", True]],
        [["../escaped", "0", "", "x", True]],
        [["cells/../../escaped", "0", "", "x", True]],
        [["/escaped/two/three", "0", "", "x", True]],
        [["cells/a/b", "2", "/etc/passwd", "", True], ["cells/a/b/c", "0", "", "x", True]],
        [["cells/a", "2", "../../..", "", True], ["cells/a/escaped", "0", "", "x", True]],
        [["cells/a/b", "1", "manifest.json", "", True]],
        [["cells/a/b", "0", "", "x", True], ["cells/a/b", "0", "", "y", True]],
        [["cells/a/b", "0", "", "x", True], ["cells/a/b/c", "0", "", "x", True]],
        [["cells/a/b", "3", "", "", True]],
        [["cells/a/b", "S", "", "x", True]],
        [["cells/a/b", "x", "", "30 mtime=1\n", True]],
        [[deep, "0", "", "x", True]],
        [["cells/" + "a" * 300 + "/b", "0", "", "x", True]],
        [["cells/a\\..\\b/c", "0", "", "x", True]],
        [["cells/a/b\u0000c", "0", "", "x", True]],
        [["shared/x-1/record.json", "0", "", '{"sha256": 1}', True], ["manifest.json", "0", "", "{}", False]],
    ]
    whole = _finished()["archive"]
    nested = json.dumps({"format": "timemar-benchmark export", "version": 2, "files": None}).replace(
        "null", '{"a":' * DEEP
    )
    odd = [
        whole[:-2000],
        whole[:700],
        b"",
        b"\0" * 10_240,
        _tar("manifest.json", nested.encode()),
        _sized(whole, 2**33),
    ]
    return [b"r" + whole, *(b"r" + one for one in odd), *(b"t" + json.dumps(one).encode() for one in described)]


def _tar(name: str, content: bytes) -> bytes:
    target, member = io.BytesIO(), tarfile.TarInfo(name)
    member.size = len(content)
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(member, io.BytesIO(content))
    return target.getvalue()


def _sized(archive: bytes, size: int) -> bytes:
    """An archive whose first member says that it has `size` bytes."""
    member = tarfile.TarInfo("manifest.json")
    member.size = size
    return member.tobuf() + archive[512:]


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
