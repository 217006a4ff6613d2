"""No page of the repository has a broken link, and the checker finds the links that are."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import ROOT
from tests.tree import kept_files

CHECKER = ROOT / "docs" / "site_pages" / "links.py"


@pytest.fixture(scope="module")
def links() -> ModuleType:
    spec = spec_from_file_location("links", CHECKER)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_relative_link_of_the_pages_leads_to_a_file_and_a_heading(links: ModuleType) -> None:
    pages = list(kept_files(ROOT, ".md"))
    assert len(pages) > 15
    assert list(links.broken_in_pages(pages)) == []


def test_a_page_as_github_reads_it(links: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# A `code` head, twice\n\n## Two\n\n## Two\n\n(target)=\n```\n# no head\n```\n")
    anchors = ["#a-code-head-twice", "#two", "#two-1", "#target", "", "#two-2", "#no-head"]
    text = "".join(f"[x](other.md{anchor})\n" for anchor in anchors)
    page = tmp_path / "page.md"
    page.write_text(text + "[x](absent.md) [y](https://example.org/absent) [z](#own) `[w](inline.md)`\n\n# Own\n")
    (tmp_path / "inline.md").touch()
    found = [sentence.partition(": ")[2] for sentence in links.broken_in_pages([page])]
    assert found == [
        "'other.md#two-2' leads to no heading",
        "'other.md#no-head' leads to no heading",
        "'absent.md' leads to no file",
    ]


def test_a_site_as_a_browser_reads_it(links: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "index.html").write_text(
        '<a href="sub/a.html#here">1</a><a href="sub/a.html#gone">2</a><img src="no.png">'
    )
    (tmp_path / "sub" / "a.html").write_text(
        '<p id="here"><a href="../index.html">3</a><a href="b%20c.html">4</a><a href="mailto:x@y">5</a><a href="#">6</a>'
    )
    assert list(links.broken_in_site(tmp_path)) == [
        "index.html: 'sub/a.html#gone' leads to no anchor",
        "index.html: 'no.png' leads to no file",
        "sub/a.html: 'b%20c.html' leads to no file",
    ]
    (tmp_path / "sub" / "b c.html").touch()
    (tmp_path / "no.png").touch()
    (tmp_path / "sub" / "a.html").write_text('<p id="gone" class="x"><a name="here">')
    done = subprocess.run([sys.executable, CHECKER, tmp_path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "every internal link leads somewhere\n")


def test_a_folder_without_a_page_is_no_sound_site(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, CHECKER, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 2
