from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image

from benchmark.html_report.pictures import WIDTH, pictures


def test_pictures_are_made_small_and_keep_their_proportions(tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((2000, 500)).convert("RGB").save(tmp_path / "wide_one.png")
    (found,) = pictures([tmp_path / "nothing", tmp_path])
    assert (found.name, found.width, found.height) == ("wide one", WIDTH, WIDTH // 4)
    head, _, body = found.address.partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(body))) as image:
        assert image.size == (WIDTH, WIDTH // 4)
        assert image.mode == "P"


def test_a_small_picture_keeps_its_size_and_a_damaged_one_is_left_out(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20), "red").save(tmp_path / "b.png")
    (tmp_path / "a.png").write_bytes(b"no picture")
    assert [(one.name, one.width, one.height) for one in pictures([tmp_path])] == [("b", 30, 20)]
