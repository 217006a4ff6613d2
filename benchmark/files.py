"""Files that exist whole or not at all: the only atomic write and the only SHA-256 of the harness."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def write_json(path: Path, value: object) -> None:
    """Write JSON under a temporary name and rename it; equal values give equal bytes."""
    write_bytes(path, json_bytes(value))


def json_bytes(value: object) -> bytes:
    """What `write_json` writes of a value."""
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, flush it to the disk and rename it.

    Raises:
        OSError: The disk refused the file; the error names it.
    """
    with replacing(path) as part, part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path for a file or folder; it replaces `path` when the block ends, and is removed when the block fails.

    Raises:
        OSError: The disk refused a file; the error names `path`.
    """
    # Containers that share a store have the same process numbers.
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with naming(path):
            yield part
            if part.is_dir() and path.exists():
                shutil.rmtree(path)
            part.replace(path)
    finally:
        # A full disk needs the space, and a folder that refuses the file may refuse this too.
        with contextlib.suppress(OSError):
            shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add the file's name to an OSError raised inside: a full disk names none, and a temporary name says little."""
    try:
        yield
    except OSError as error:
        if error.errno is None or (error.filename and ".part" not in str(error.filename)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def read_json(path: Path) -> dict[str, Any]:
    """The mapping in a JSON file; empty where the file is missing or unreadable."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def readable(folder: Path) -> None:
    """Give every file of a folder the permissions of a newly made one: some libraries write theirs for the owner alone."""
    umask = os.umask(0)
    os.umask(umask)
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o666 & ~umask)
