"""Locks of a store on one host and, with records of other hosts forged, on many."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from filelock import Timeout

from benchmark.store import owned_lock
from benchmark.store.owned_lock import EXPIRY_SECONDS, OwnedLock, Owner, _boot, _started, read_owner
from benchmark.store.store import Store
from tests.waiting import wait_until


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs").create()


def forge(path: Path, *, age: float = 0.0, **fields: Any) -> Path:
    """An owner's record: of another host unless `fields` say otherwise, whose last heartbeat is `age` seconds old."""
    record = {"host": "elsewhere", "boot": "another", "pid": 1, "started": 1, "holding": "before", **fields}
    path.write_text(json.dumps(record))
    beat = time.time() - age
    os.utime(path, (beat, beat))
    return path


def own(store: Store, name: str = "cell") -> Path:
    return store.root / "locks" / f"{name}.owner"


HERE = {"host": socket.gethostname(), "boot": _boot()}


def test_the_holder_is_named_while_it_holds_the_lock(store: Store) -> None:
    assert store.owner("cell") is None
    with store.lock("cell", timeout=0):
        owner = store.owner("cell")
        assert owner is not None
        assert owner.is_here
        assert (owner.pid, owner.started) == (os.getpid(), _started(os.getpid()))
        with pytest.raises(Timeout), store.lock("cell", timeout=0):
            pass
        with store.lock("other", timeout=0):
            pass
    assert store.owner("cell") is None
    assert [path.suffix for path in (store.root / "locks").iterdir()] == [".lock"] * 2


def test_a_killed_holder_on_this_host_is_followed_at_once(store: Store) -> None:
    program = (
        "import sys, pathlib; from benchmark.store.store import Store; "
        f"Store(pathlib.Path({str(store.root)!r})).lock('cell', timeout=0).acquire(); "
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        owner = store.owner("cell")
        assert owner is not None
        assert owner.pid == process.pid
        with pytest.raises(Timeout):
            store.lock("cell", timeout=0.2).acquire()
        process.kill()
        process.wait()
        assert own(store).exists()
        assert not store.is_locked("cell")
        with store.lock("cell", timeout=0):
            held = store.owner("cell")
            assert held is not None
            assert held.pid == os.getpid()


def test_a_process_of_this_host_lives_while_its_number_and_its_start_are_the_same(store: Store) -> None:
    forge(own(store), **HERE, pid=os.getppid(), started=_started(os.getppid()))
    with pytest.raises(Timeout), store.lock("cell", timeout=0):
        pass
    # The number was given to another process since.
    forge(own(store), **HERE, pid=os.getppid(), started=1)
    with store.lock("cell", timeout=0):
        pass


def test_an_owner_on_another_host_has_the_lock_until_its_heartbeat_is_old(store: Store) -> None:
    forge(own(store), age=EXPIRY_SECONDS - 20)
    assert store.is_locked("cell")
    with pytest.raises(Timeout), store.lock("cell", timeout=0):
        pass
    forge(own(store), age=EXPIRY_SECONDS + 5)
    assert not store.is_locked("cell")
    with store.lock("cell", timeout=0):
        held = store.owner("cell")
        assert held is not None
        assert held.is_here


def test_who_waits_follows_as_soon_as_the_owner_has_expired(store: Store) -> None:
    path = forge(own(store))
    entered = threading.Event()

    def wait() -> None:
        with store.lock("cell", timeout=30.0):
            entered.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not entered.wait(0.3)
    forge(path, age=EXPIRY_SECONDS + 5)
    assert entered.wait(20)
    thread.join()
    assert not path.exists()


@pytest.mark.parametrize("jump", [-86400.0, 86400.0])
def test_a_jump_of_this_hosts_clock_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    fresh, old = forge(own(store, "fresh")), forge(own(store, "old"), age=EXPIRY_SECONDS + 5)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + jump)
    assert fresh.exists()
    assert old.exists()
    with pytest.raises(Timeout), store.lock("fresh", timeout=0):
        pass
    with store.lock("old", timeout=0):
        pass


@pytest.mark.parametrize("links", [True, False])
def test_of_many_hosts_one_takes_an_expired_lock_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """Each contender has a system's lock of its own, as on hosts that do not see each other's."""
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", _no_links)
    for turn in range(15):
        owner = forge(tmp_path / f"{turn}.owner", age=EXPIRY_SECONDS + 5)
        locks = [OwnedLock(tmp_path / f"{turn}-{host}.lock", owner, 0) for host in range(6)]
        together, taken = threading.Barrier(len(locks)), []

        def contend(lock: OwnedLock, together: threading.Barrier = together, taken: list[Any] = taken) -> None:
            together.wait()
            try:
                lock.acquire()
            except Timeout:
                return
            taken.append(lock)

        threads = [threading.Thread(target=contend, args=(lock,)) for lock in locks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) == 1
        held = read_owner(owner)
        assert held is not None
        assert held.holding == taken[0].holding
        taken[0]._released.set()


def _no_links(path: Path, target: Path) -> None:
    raise PermissionError(1, "Operation not permitted", str(path))


def test_a_contender_that_died_while_it_took_over_is_followed_too(store: Store) -> None:
    forge(own(store), age=EXPIRY_SECONDS + 5)
    claim = forge(own(store).with_name("cell.owner.before"), holding="between")
    with pytest.raises(Timeout), store.lock("cell", timeout=0):
        pass
    forge(claim, age=EXPIRY_SECONDS + 5, holding="between")
    with store.lock("cell", timeout=0):
        assert not claim.exists()
    assert sorted(path.name for path in (store.root / "locks").iterdir()) == ["cell.lock"]


def test_a_damaged_record_counts_until_it_is_old(store: Store) -> None:
    own(store).write_text("{")
    assert read_owner(own(store)) == Owner()
    with pytest.raises(Timeout), store.lock("cell", timeout=0):
        pass
    beat = time.time() - EXPIRY_SECONDS - 5
    os.utime(own(store), (beat, beat))
    with store.lock("cell", timeout=0):
        pass


def test_a_heartbeat_keeps_the_lock_and_its_loss_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owned_lock, "HEARTBEAT_SECONDS", 0.05)
    lost = threading.Event()
    lock = store.lock("cell", timeout=0, lost=lost.set)
    lock.acquire()
    os.utime(own(store), (0, 0))
    wait_until(lambda: own(store).stat().st_mtime > 1e9, seconds=20)
    assert not lost.is_set()
    forge(own(store), holding="another")
    assert lost.wait(20)
    lock.release()
    held = read_owner(own(store))
    assert held is not None
    assert held.holding == "another"


def test_a_released_lock_is_not_told_as_lost(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owned_lock, "HEARTBEAT_SECONDS", 0.01)
    lost = threading.Event()
    for _ in range(10):
        with store.lock("cell", timeout=0, lost=lost.set):
            time.sleep(0.02)
    assert not lost.wait(0.1)
