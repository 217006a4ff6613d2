from pathlib import Path

import pytest

from benchmark.run.blas import VARIABLE, use_avx512_blas

WIDE = "flags\t\t: fpu avx2 avx512f avx512dq avx512cd avx512bw avx512vl\n"
NARROW = "flags\t\t: fpu avx2 avx512f\n"


@pytest.mark.parametrize(
    ("flags", "expected"), [(WIDE, {VARIABLE: "SkylakeX"}), (NARROW, {}), ("Features\t: neon\n", {})]
)
def test_wide_kernels_are_asked_for_where_the_processor_has_them(
    tmp_path: Path, flags: str, expected: dict[str, str]
) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\n" + flags)
    environ: dict[str, str] = {}
    use_avx512_blas(environ, tmp_path / "cpuinfo")
    assert environ == expected


def test_the_users_choice_stays(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(WIDE)
    environ = {VARIABLE: "Haswell"}
    use_avx512_blas(environ, tmp_path / "cpuinfo")
    assert environ == {VARIABLE: "Haswell"}


def test_a_machine_without_cpuinfo_keeps_its_default(tmp_path: Path) -> None:
    environ: dict[str, str] = {}
    use_avx512_blas(environ, tmp_path / "none")
    assert environ == {}
