"""The page in headless Chromium: it sorts and filters, by pointer and by key, on a phone, in the dark and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmark.html_report.content import Content
from benchmark.html_report.page import page
from benchmark.html_report.pictures import pictures
from tests.benchmark.html_report.browser import CHROMIUM, chromium
from tests.benchmark.html_report.frames import HOSTILE, mixed_content

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

NAMES = "[...document.querySelectorAll('.board')[0].querySelectorAll('tbody tr')].map(row => row.dataset.name)"
SHOWN = "[...document.querySelectorAll('.board tbody tr')].filter(row => row.getClientRects().length).length"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("page")
    Image.new("RGB", (300, 200), "red").save(folder / "ranks.png")
    path = folder / "report.html"
    path.write_text(page(Content("A test", mixed_content().parts, (), pictures([folder]))), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Any]:
    """The page on a desk; fails where anything was requested or written to the console."""
    yield from _open(browser, address, width=1440)


@pytest.fixture
def phone(browser: Any, address: str) -> Iterator[Any]:
    """The page on a phone in the dark."""
    yield from _open(browser, address, width=390, color_scheme="dark")


def _open(browser: Any, address: str, width: int, **options: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": width, "height": 850}, **options)
    tab, problems = context.new_page(), []
    tab.on("console", lambda message: problems.append(message.text))
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on(
        "request", lambda request: None if request.url.startswith((address, "data:")) else problems.append(request.url)
    )
    tab.goto(address)
    yield tab
    context.close()
    assert problems == []


def test_a_head_sorts_by_pointer_and_by_key_and_missing_values_stay_last(opened: Any) -> None:
    head = opened.locator(".board").first.get_by_role("button", name="DCR ratio")
    head.click()
    assert opened.evaluate(NAMES) == ["Oracle", "Timemar_S", HOSTILE, "Timevae", "Copy", "Cotgan"]
    assert head.locator("xpath=..").get_attribute("aria-sort") == "ascending"
    head.focus()
    opened.keyboard.press("Enter")
    assert opened.evaluate(NAMES) == ["Copy", "Timevae", HOSTILE, "Timemar_S", "Oracle", "Cotgan"]
    assert head.locator("xpath=..").get_attribute("aria-sort") == "descending"


def test_filters_hide_and_show_rows_settings_controls_and_values(opened: Any) -> None:
    everything = opened.evaluate(SHOWN)
    opened.get_by_role("checkbox", name="Controls").uncheck()
    assert opened.evaluate(SHOWN) == everything - 4
    opened.get_by_role("combobox").select_option("Stocks, length 24")
    assert opened.evaluate(SHOWN) == 4
    opened.get_by_role("searchbox").fill("timeM")
    assert opened.evaluate(SHOWN) == 1
    assert opened.locator("output").inner_text() == f"1 of {everything} rows"
    value = opened.locator(".board small.published").first
    assert value.is_visible()
    opened.get_by_role("checkbox", name="Published values").uncheck()
    assert not value.is_visible()


def test_a_row_leads_to_its_cell_which_opens(opened: Any) -> None:
    opened.locator(".board").first.get_by_role("link", name="Timemar_S").click()
    cell = opened.locator("details.cell[open]")
    cell.wait_for()
    assert "stocks-24-timemar_s-paper-fast-s0" in cell.inner_text()
    assert "Timemar_S" in cell.locator("summary").inner_text()


def test_the_keyboard_reaches_the_results_first(opened: Any) -> None:
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.className") == "skip"
    opened.keyboard.press("Enter")
    assert opened.evaluate("document.activeElement.id") == "main"


def test_a_phone_scrolls_tables_and_not_the_page_and_the_dark_is_dark(phone: Any) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    assert phone.evaluate("document.querySelector('.board .wide').scrollWidth") > 390
    assert phone.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"
    ink = phone.evaluate("getComputedStyle(document.querySelector('svg.chart text')).fill")
    assert ink == "rgb(232, 234, 237)"
    box = phone.locator("svg.chart").first.bounding_box()
    assert 250 < box["width"] < 390


def test_paper_shows_what_is_closed_and_no_controls(opened: Any) -> None:
    opened.emulate_media(media="print", color_scheme="dark")
    assert opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not opened.locator("form.controls").first.is_visible()
    closed = opened.locator("details.cell:not([open]) code").first
    assert closed.is_visible()
    assert opened.pdf()[:5] == b"%PDF-"


def test_a_picture_shows_where_its_figure_is_opened_and_is_printed_where_it_is_not(opened: Any, tmp_path: Path) -> None:
    # Pages are compressed; an image in one is an object of its own.
    assert b"/Subtype /Image" in opened.pdf()
    opened.get_by_text("ranks", exact=True).first.click()
    opened.wait_for_function("document.images[0].complete && document.images[0].naturalWidth === 300")
    opened.locator("img").first.screenshot(path=tmp_path / "shown.png")
    with Image.open(tmp_path / "shown.png") as shown:
        assert shown.convert("RGB").getpixel((150, 100)) == (255, 0, 0)
