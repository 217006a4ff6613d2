"""A safetensors file that carries its own SHA-256: the digest of its bytes with the digest's own digits as zeros."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import IO, Any

SEAL = "sha256"
"""The key of the digest in the file's metadata."""
BLANK = "0" * 64
"""What stands there until the file is sealed."""


def seal(path: Path) -> None:
    """Write the digest into a file whose metadata hold `BLANK` under `SEAL`; raises ValueError where they do not."""
    digest, offset = _digest(path)
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(digest.encode())


def is_altered(path: Path, keys: frozenset[str]) -> bool | None:
    """Whether a file was truncated or altered after it was sealed; None for one of other metadata `keys` alone, never sealed."""
    try:
        metadata = _header(path).get("__metadata__", {})
        if metadata.keys() == keys:
            return None
        return bool(metadata.keys() != keys | {SEAL}) or _digest(path)[0] != str(metadata[SEAL])
    except (OSError, ValueError, AttributeError, RecursionError):
        return True


def _header(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        found: dict[str, Any] = json.loads(_start(file, path)[8:])
        return found


def _start(file: IO[bytes], path: Path) -> bytes:
    """The header's length and the header."""
    length = file.read(8)
    size = int.from_bytes(length, "little")
    if size > path.stat().st_size:
        raise ValueError("the header is longer than the file")
    return length + file.read(size)


def _digest(path: Path) -> tuple[str, int]:
    """The digest of the file with its own digits as zeros, and where these stand."""
    with path.open("rb") as file:
        start = _start(file, path)
        mark = f'"{SEAL}":"'.encode()
        offset = start.index(mark) + len(mark)
        found = hashlib.sha256(start[:offset] + BLANK.encode() + start[offset + len(BLANK) :])
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest(), offset
