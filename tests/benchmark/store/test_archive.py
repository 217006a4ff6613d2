"""An export is imported elsewhere with the same bytes, and nothing but an export is imported."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from benchmark.errors import UserError
from benchmark.plan.planner import Plan
from benchmark.store.archive import export_store, import_store
from benchmark.store.check import Soundness, check_store
from benchmark.store.records import State, Status
from benchmark.store.store import Store
from tests.benchmark.store.states import missing, problems


@pytest.fixture
def archive(store: Store, tmp_path: Path) -> Path:
    assert export_store(store, tmp_path / "one.tar").left_out == []
    return tmp_path / "one.tar"


def test_nothing_is_missing_after_an_import_and_a_second_one_changes_nothing(
    store: Store, plan: Plan, archive: Path, tmp_path: Path
) -> None:
    (cell,) = plan.cells
    other = Store(tmp_path / "other")
    found = import_store(other, archive)
    assert (found.added, found.known, found.kept) == ([f"cells/{cell.slug}"], [], [])
    assert missing(other, cell, plan.scores) == []
    assert problems(other, cell) == []
    for name in ("samples.npz", "scores.json", "provenance.json", "cell.json"):
        assert (other.cell(cell).path / name).read_bytes() == (store.cell(cell).path / name).read_bytes()
    again = import_store(other, archive)
    assert (again.added, again.known, again.kept) == ([], [f"cells/{cell.slug}"], [])
    assert not list(other.root.glob(".import*"))
    assert {one.state for one in check_store(other)} == {Soundness.SOUND}


def test_equal_stores_give_equal_bytes_without_a_path_or_a_time(store: Store, archive: Path, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    import_store(other, archive)
    export_store(other, tmp_path / "two.tar")
    assert (tmp_path / "two.tar").read_bytes() == archive.read_bytes()
    assert str(tmp_path).encode() not in archive.read_bytes()
    with tarfile.open(archive) as opened:
        members = opened.getmembers()
    assert members[0].name == "manifest.json"
    assert {(one.mtime, one.uid, one.gid, one.uname, one.isreg()) for one in members} == {(0, 0, 0, "", True)}


def test_a_failure_and_an_altered_file_are_left_out(store: Store, plan: Plan, tmp_path: Path) -> None:
    folder = store.cell(plan.cells[0])
    folder.write_status(Status(state=State.FAILED, reason="no /home/somebody/file"))
    folder.samples.write_bytes(b"altered")
    done = export_store(store, tmp_path / "one.tar")
    assert done.left_out == [f"cells/{folder.path.name}/samples.npz"]
    assert done.cells == [folder.path.name]
    assert b"somebody" not in (tmp_path / "one.tar").read_bytes()
    other = Store(tmp_path / "other")
    import_store(other, tmp_path / "one.tar")
    assert missing(other, plan.cells[0], plan.scores) == ["sample"]


def test_a_cell_whose_record_is_left_out_is_not_exported(store: Store, plan: Plan, tmp_path: Path) -> None:
    folder = store.cell(plan.cells[0])
    (folder.path / "cell.json").write_text("{}")
    done = export_store(store, tmp_path / "one.tar")
    assert done.cells == []
    assert f"cells/{folder.path.name}/cell.json" in done.left_out


def test_a_cell_with_other_results_is_never_overwritten(store: Store, plan: Plan, archive: Path) -> None:
    (cell,) = plan.cells
    path = store.cell(cell).path / "scores.json"
    path.write_text("{}")
    found = import_store(store, archive)
    assert (found.added, found.kept) == ([], [f"cells/{cell.slug}"])
    assert path.read_text() == "{}"


def test_a_cell_that_is_being_computed_is_kept(store: Store, plan: Plan, archive: Path, tmp_path: Path) -> None:
    other = Store(tmp_path / "other").create()
    with other.lock(plan.cells[0].key, timeout=0):
        assert import_store(other, archive).kept == [f"cells/{plan.cells[0].slug}"]
    assert import_store(other, archive).added == [f"cells/{plan.cells[0].slug}"]


def build(path: Path, members: list[tuple[tarfile.TarInfo, bytes]], names: dict[str, bytes]) -> None:
    """An archive of `members` after a manifest that names `names` with their true checksums."""
    files = {name: {"sha256": sha256(data).hexdigest(), "size": len(data)} for name, data in names.items()}
    manifest = json.dumps({"format": "timemar-benchmark export", "version": 2, "files": files}).encode()
    first = tarfile.TarInfo("manifest.json")
    first.size = len(manifest)
    with tarfile.open(path, "w") as archive:
        archive.addfile(first, io.BytesIO(manifest))
        for member, data in members:
            archive.addfile(member, io.BytesIO(data))


def plain(name: str, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    return member, data


def special(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ([plain("../mine", b"x")], {"../mine": b"x"}),
        ([plain("cells/../../../mine", b"x")], {"cells/../../../mine": b"x"}),
        ([plain("/mine/two/three", b"x")], {"/mine/two/three": b"x"}),
        ([plain("suites/a/b", b"x")], {"suites/a/b": b"x"}),
        ([special("cells/a/b", tarfile.SYMTYPE, "/etc/passwd")], {"cells/a/b": b""}),
        ([special("cells/a/b", tarfile.LNKTYPE, "manifest.json")], {"cells/a/b": b""}),
        ([special("cells/a/b", tarfile.CHRTYPE)], {"cells/a/b": b""}),
        ([special("cells/a/b", tarfile.FIFOTYPE)], {"cells/a/b": b""}),
        ([special("cells/a/b", tarfile.DIRTYPE)], {"cells/a/b": b""}),
        ([plain("cells/a/b", b"x"), plain("cells/a/c", b"x")], {"cells/a/b": b"x"}),
        ([plain("cells/a/b", b"x"), plain("cells/a/b", b"x")], {"cells/a/b": b"x"}),
        ([plain("cells/a/b", b"y")], {"cells/a/b": b"x"}),
        ([plain("cells/a/b", b"xy")], {"cells/a/b": b"x"}),
        ([], {"cells/a/b": b"x"}),
    ],
)
def test_what_is_no_file_of_a_store_is_refused_before_anything_is_added(
    members: list[tuple[tarfile.TarInfo, bytes]], names: dict[str, bytes], tmp_path: Path
) -> None:
    build(tmp_path / "bad.tar", members, names)
    store = Store(tmp_path / "inside" / "runs")
    with pytest.raises(UserError, match="export it again"):
        import_store(store, tmp_path / "bad.tar")
    assert list((store.root / "cells").iterdir()) == []
    assert not list(tmp_path.rglob("mine"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:100],
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"sha256", b"sha257", 1),
        lambda data: data[:-12000] + b"x" * 10 + data[-11990:],
        lambda data: b"PK\x03\x04" + data,
    ],
)
def test_a_damaged_archive_is_one_sentence(damage: Callable[[bytes], bytes], archive: Path, tmp_path: Path) -> None:
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(UserError, match="export it again"):
        import_store(Store(tmp_path / "other"), archive)
    assert list((tmp_path / "other" / "cells").iterdir()) == []
