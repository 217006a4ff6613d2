"""A safetensors file that carries its own SHA-256: the digest of its bytes with the digest's own digits as zeros."""

from __future__ import annotations

import hashlib
from pathlib import Path

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


def is_altered(path: Path) -> bool:
    """Whether a file was truncated or altered after it was sealed, or never was sealed."""
    try:
        digest, offset = _digest(path)
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(len(digest)) != digest.encode()
    except (OSError, ValueError):
        return True


def _digest(path: Path) -> tuple[str, int]:
    """The digest of the file with its own digits as zeros, and where these stand."""
    with path.open("rb") as file:
        length = file.read(8)
        size = int.from_bytes(length, "little")
        if size > path.stat().st_size:
            raise ValueError("the header is longer than the file")
        start = length + file.read(size)
        mark = f'"{SEAL}":"'.encode()
        offset = start.index(mark) + len(mark)
        found = hashlib.sha256(start[:offset] + BLANK.encode() + start[offset + len(BLANK) :])
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest(), offset
