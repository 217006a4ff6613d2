from __future__ import annotations

from benchmark.seeds import derive_seed


def test_seed_is_the_first_31_bits_of_a_known_hash() -> None:
    # SHA-256 of "abc" begins with ba7816bf (FIPS 180-2, appendix B.1).
    assert derive_seed("abc") == 0xBA7816BF >> 1


def test_names_are_told_apart_where_their_text_joins_alike() -> None:
    assert derive_seed("a", "bc") != derive_seed("ab", "c")


def test_range() -> None:
    assert all(0 <= derive_seed("x", i) < 2**31 for i in range(1000))
