"""Broken internal links: of the built site, and of the Markdown pages as they lie in the repository.

Example: `python docs/site_pages/links.py docs/_build/html`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ADDRESSES = {"a": "href", "link": "href", "img": "src", "script": "src", "source": "src", "object": "data"}
INLINE = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)


class _Page(HTMLParser):
    """The addresses that a page links to, and the anchors that it offers."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect one element's address and anchor."""
        found = dict(attrs)
        self.anchors.update(found[key] or "" for key in ("id", "name") if key in found)
        address = found.get(ADDRESSES.get(tag, ""))
        if address:
            self.links.append(address)


def broken_in_site(folder: Path) -> Iterator[str]:
    """A sentence for each link of a built site that leads to no file or no anchor."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    for path, page in pages.items():
        for link in page.links:
            target, anchor = _target(path, link)
            if target is None:
                continue
            file = target / "index.html" if target.is_dir() else target
            if not file.is_file():
                yield f"{path.relative_to(folder)}: '{link}' leads to no file"
            elif anchor and file in pages and anchor not in pages[file].anchors:
                yield f"{path.relative_to(folder)}: '{link}' leads to no anchor"


def broken_in_pages(pages: Iterable[Path]) -> Iterator[str]:
    """A sentence for each relative link of Markdown pages that leads to no file or heading, read as GitHub does."""
    for path in pages:
        for link in INLINE.findall(FENCED.sub("", path.read_text(encoding="utf-8"))):
            target, anchor = _target(path, link)
            if target is None:
                continue
            if not target.exists():
                yield f"{path}: '{link}' leads to no file"
            elif anchor and target.suffix == ".md" and anchor not in _slugs(target):
                yield f"{path}: '{link}' leads to no heading"


def _target(path: Path, link: str) -> tuple[Path | None, str]:
    """The file and the anchor that a link on the page `path` names; no file for an address outside."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None, ""
    file = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
    return file, unquote(parts.fragment)


@cache
def _slugs(path: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a Markdown page, and those that MyST targets name."""
    text = FENCED.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#{1,6} +(.+?) *$", text, re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()) for heading in headings]
    slugs = [heading.replace(" ", "-") for heading in plain]
    numbered = [
        slug if slugs[:i].count(slug) == 0 else f"{slug}-{slugs[:i].count(slug)}" for i, slug in enumerate(slugs)
    ]
    return {*numbered, *re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE)}


def main() -> int:
    """Print the broken links of the site in a folder; the exit status is 1 where there are any."""
    folder = Path(sys.argv[1]).resolve()
    if not list(folder.rglob("*.html")):
        sys.stdout.write(f"there is no page in {folder}; build the site first\n")
        return 2
    broken = list(broken_in_site(folder))
    sys.stdout.write("".join(f"{sentence}\n" for sentence in broken) or "every internal link leads somewhere\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
