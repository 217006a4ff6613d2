"""A lock of a store that several hosts may share: its owner is visible, and a lock whose owner is gone is taken over once.

On one host the system's file lock decides, which is freed with the process that holds it. Hosts may not see each other's file
locks, so a file beside it names the owner, who refreshes its time of change. An owner on another host has expired when that time
lies `EXPIRY_SECONDS` back by the clock of the file system, which all hosts share.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from benchmark.files import naming
from benchmark.store.sealed_record import Record

HEARTBEAT_SECONDS = 15.0
EXPIRY_SECONDS = 120.0
POLL_SECONDS = 0.5
WITHOUT_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)
"""What file systems without hard links answer."""


class Owner(Record):
    """Who holds a lock; a record that cannot be read is nobody's on this host."""

    host: str = ""
    boot: str = ""
    """Tells machines of one name apart, and one machine before and after a restart."""
    pid: int = 0
    started: int | None = None
    """When the process started, in ticks since the boot; None where the system does not tell."""
    holding: str = "unreadable"
    """A name of its own for each time that a lock is taken."""

    @property
    def is_here(self) -> bool:
        """Whether it is a process of this host."""
        return (self.host, self.boot) == (socket.gethostname(), _boot())


class OwnedLock:
    """Exclusive among processes and hosts; `lost` is called, from a thread, when another host has taken the lock over."""

    def __init__(self, system: Path, owner: Path, timeout: float = -1, lost: Callable[[], None] = lambda: None) -> None:
        self.system = FileLock(system, timeout=timeout)
        self.path = owner
        self.timeout = timeout
        self.lost = lost
        self.holding = ""
        self._released = threading.Event()

    def acquire(self) -> None:
        """Take the lock; raises Timeout where another process still has it after `timeout` seconds (negative: never)."""
        deadline = float("inf") if self.timeout < 0 else time.monotonic() + self.timeout
        self.system.acquire()
        try:
            while not self._take():
                if time.monotonic() >= deadline:
                    raise Timeout(str(self.path))
                time.sleep(POLL_SECONDS)
        except BaseException:
            self.system.release()
            raise
        self._released = threading.Event()
        threading.Thread(target=self._refresh, args=(self._released,), daemon=True).start()

    def release(self) -> None:
        """Free the lock, unless another host has taken it over."""
        self._released.set()
        try:
            if self._is_mine():
                self.path.unlink(missing_ok=True)
        finally:
            self.system.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _take(self) -> bool:
        """One attempt."""
        before = read_owner(self.path)
        if before is not None and not has_expired(self.path, before):
            return False
        self.holding = uuid.uuid4().hex
        here = Owner(
            host=socket.gethostname(),
            boot=_boot(),
            pid=os.getpid(),
            started=_started(os.getpid()),
            holding=self.holding,
        )
        # Leftovers of this name are removed by `store gc`.
        part = self.path.with_name(f".{self.path.name}.{self.holding}.part")
        with naming(self.path):
            part.write_text(json.dumps(here.to_json()), encoding="utf-8")
        try:
            return self._take_over(part, before) if before else _link(part, self.path)
        finally:
            part.unlink(missing_ok=True)

    def _take_over(self, part: Path, before: Owner) -> bool:
        """Replace an expired owner, whom only one contender may follow."""
        claims = self._follow(part, before)
        try:
            # A slow contender finds that another one has followed in the meantime.
            if not claims or read_owner(self.path) != before:
                return False
            part.replace(self.path)
            return True
        finally:
            for claim in claims:
                claim.unlink(missing_ok=True)

    def _follow(self, part: Path, before: Owner) -> list[Path]:
        """The claims of the one contender that follows `before`, and of those that died on the way; empty for all others."""
        claim = self.path.with_name(f"{self.path.name}.{before.holding}")
        if _link(part, claim):
            return [claim]
        other = read_owner(claim)
        if other is None or not has_expired(claim, other):
            return []
        later = self._follow(part, other)
        return [claim, *later] if later else []

    def _is_mine(self) -> bool:
        owner = read_owner(self.path)
        return owner is not None and owner.holding == self.holding

    def _refresh(self, released: threading.Event) -> None:
        """Show that the owner lives until it releases the lock."""
        refreshed = time.monotonic()
        while not released.wait(HEARTBEAT_SECONDS):
            try:
                mine = self._is_mine()
                if mine:
                    os.utime(self.path)
                    refreshed = time.monotonic()
            except FileNotFoundError:
                mine = False
            except OSError:
                # A network folder may be away for a while, but others take over when it is too long.
                mine = time.monotonic() - refreshed < EXPIRY_SECONDS - HEARTBEAT_SECONDS
            if not mine:
                if not released.is_set():
                    self.lost()
                return


def read_owner(path: Path) -> Owner | None:
    """The owner that a file names; None where there is no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        text = ""
    with suppress(ValueError):
        return Owner.parse(json.loads(text)) or Owner()
    return Owner()


def has_expired(path: Path, owner: Owner) -> bool:
    """Whether an owner is gone: its process on this host, its heartbeat on another; whoever asks holds the system's lock."""
    if owner.is_here:
        return owner.started is None or _started(owner.pid) != owner.started
    try:
        return _age(path) > EXPIRY_SECONDS
    except FileNotFoundError:
        return False


def _age(path: Path) -> float:
    """Seconds since the last heartbeat, by the clock of the file system; by this host's where nothing can be written."""
    # A network folder tells new attributes to those who open a file.
    with path.open("rb") as file:
        beat = os.fstat(file.fileno()).st_mtime
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part") as probe:
            return os.fstat(probe.fileno()).st_mtime - beat
    except OSError:
        return time.time() - beat


def _link(part: Path, target: Path) -> bool:
    """Give a written file a name that nobody else has given; whether that worked."""
    try:
        target.hardlink_to(part)
    except FileExistsError:
        # A network folder may repeat a request that has worked.
        return part.stat().st_nlink > 1 and target.exists() and part.samefile(target)
    except OSError as error:
        if error.errno not in WITHOUT_LINKS:
            raise
        with suppress(FileExistsError), target.open("x", encoding="utf-8") as file:
            file.write(part.read_text(encoding="utf-8"))
            return True
        return False
    return True


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return f"{uuid.getnode():x}"


def _started(pid: int) -> int | None:
    """When a process started, in ticks since the boot; None for one that has ended, or where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])
