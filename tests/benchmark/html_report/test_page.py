"""What a page promises, checked without a browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from benchmark.html_report.content import Content, of_frame
from benchmark.html_report.page import MOST_BYTES, page
from benchmark.html_report.pictures import Picture
from benchmark.html_report.svg import draw
from tests.benchmark.html_report.frames import HOSTILE, many, mixed, mixed_content

VOID = {"meta", "img", "input", "br", "hr", "link"}


class Tree(HTMLParser):
    """Every element with its attributes, and the texts; `open` must be empty in the end."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> repeats an attribute"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data.strip()))

    def attributes(self, *names: str) -> list[str]:
        """The values of attributes, wherever they stand."""
        return [
            value for _, found in self.elements for name, value in found.items() if name in names and value is not None
        ]


@pytest.fixture(scope="module")
def text() -> str:
    return page(mixed_content())


@pytest.fixture(scope="module")
def tree(text: str) -> Tree:
    return Tree(text)


def test_a_page_is_well_formed_and_its_identifiers_are_unique(text: str, tree: Tree) -> None:
    assert text.startswith("<!doctype html>")
    assert tree.open == []
    identifiers = tree.attributes("id")
    assert len(identifiers) == len(set(identifiers))
    assert {link[1:] for link in tree.attributes("href")} <= set(identifiers), "every link leads somewhere"
    labels = {name for value in tree.attributes("aria-labelledby") for name in value.split()}
    assert labels <= set(identifiers)


def test_nothing_in_a_page_can_ask_a_network_for_anything(text: str, tree: Tree) -> None:
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", text)
    assert all(link.startswith("#") for link in tree.attributes("href"))
    assert not tree.attributes("srcset", "action", "data", "poster", "ping")
    assert not {tag for tag, _ in tree.elements} & {"link", "iframe", "object", "embed", "base"}
    (policy,) = (
        found["content"] or "" for tag, found in tree.elements if found.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert "img-src data:" in policy


def test_hostile_names_and_reasons_stand_as_they_read(text: str, tree: Tree) -> None:
    assert [tag for tag, _ in tree.elements].count("script") == 1, "the page's own"
    assert "alert('x')</script>" not in text
    shown = [data for _, data in tree.texts]
    assert HOSTILE in shown
    assert any("<b>it</b> is & stays NaN" in data for data in shown)
    assert "49" not in {data for data in shown if data.startswith("<script>")}


def test_every_cell_stands_in_the_page_and_every_failure_with_its_reason(tree: Tree) -> None:
    codes = {data for tag, data in tree.texts if tag == "code"}
    assert set(mixed()["cell"]) <= codes
    start = tree.texts.index(("h3", "Failures and warnings"))
    after = [data for _, data in tree.texts[start : start + 30]]
    assert {"Cotgan", "diverged", "ValueError: 50 % of <b>it</b> is & stays NaN"} <= set(after)


def test_sections_headings_and_tables_can_be_read_by_ear(tree: Tree) -> None:
    html = next(found for tag, found in tree.elements if tag == "html")
    assert html["lang"] == "en"
    names = [tag for tag, _ in tree.elements]
    assert names.count("h1") == names.count("main") == 1
    assert names.count("caption") == names.count("table")
    assert all(found.get("scope") in ("row", "col") for tag, found in tree.elements if tag == "th")
    assert all(found.get("aria-label") for tag, found in tree.elements if tag == "svg")
    viewport = next(found for _, found in tree.elements if found.get("name") == "viewport")
    assert viewport["content"] == "width=device-width, initial-scale=1"


def test_pictures_stand_in_the_page_with_a_text_and_are_decoded_late() -> None:
    picture = Picture("ranks", 10, 20, "data:image/png;base64,AAAA")
    tree = Tree(page(Content("A test", mixed_content().parts, ("A note.",), (picture,))))
    (image,) = (found for tag, found in tree.elements if tag == "img")
    assert (image["src"], image["alt"], image["decoding"]) == (picture.address, "ranks", "async")
    assert ("li", "A note.") in tree.texts


def test_equal_contents_are_equal_bytes(text: str) -> None:
    assert page(of_frame(mixed(), HOSTILE)) == text


def test_two_hundred_cells_stay_below_three_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    # A page grows by the same bytes with each data set. Single values have no tests, which would take most of the time, and
    # every chart is counted as one of 17 points; `tests/speed/report_speed.py` measures a whole page.
    one, two = (of_frame(many(17, count, 1), "Many") for count in (1, 2))
    drawn = draw(one.parts[0].costs[0].charts[0], "chart-100")
    monkeypatch.setattr("benchmark.html_report.page.draw", lambda chart, name: drawn)
    smaller, larger = (len(page(content).encode()) for content in (one, two))
    assert len(one.parts[0].cards) == 17
    assert smaller + 11 * (larger - smaller) < 0.9 * MOST_BYTES, "17 generators on 12 data sets are 204 cells"
