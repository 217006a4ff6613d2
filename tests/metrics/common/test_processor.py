"""The processor is what the system says."""

from __future__ import annotations

from pathlib import Path

import pytest

from metrics.common.processor import is_amd_with_avx512


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vendor_id\t: AuthenticAMD\nflags\t: fpu avx2 avx512f\n", True),
        ("vendor_id\t: AuthenticAMD\nflags\t: fpu avx2\n", False),
        ("vendor_id\t: GenuineIntel\nflags\t: fpu avx2 avx512f\n", False),
        ("CPU implementer\t: 0x41\n", False),
    ],
)
def test_the_processor_is_what_the_system_says(tmp_path: Path, text: str, expected: bool) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert is_amd_with_avx512(tmp_path / "cpuinfo") is expected
    assert is_amd_with_avx512(tmp_path / "none") is False
