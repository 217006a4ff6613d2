"""Sphinx: the site is built from the pages that stand beside the code, and from the registry.

    sphinx-build -W --keep-going -n -c docs . docs/_build/html

The source folder is the repository, so that a relative link in a page holds on GitHub and in the site.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT)]

from site_pages.build import additions, extended  # noqa: E402

from benchmark import __version__  # noqa: E402

project = "TimeMAR benchmark"
author = "The TimeMAR benchmark contributors"
copyright = f"{author}, Apache-2.0"  # noqa: A001 - Sphinx's name
release = version = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "README"
include_patterns = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/**",
    "baselines/README.md",
    "baselines/*/README.md",
    "benchmark/README.md",
    "metrics/README.md",
    "timemar/README.md",
    "results/*/README.md",
    "results/measured/**/*.md",
]
exclude_patterns = [
    "docs/_build",
    "docs/_templates",
    "**/.ipynb_checkpoints",
    "results/measured/power",  # tables without a title, which the scores' page holds
    "results/measured/two_sample",
]

html_theme = "furo"
html_title = project
html_static_path = ["pictures"]
html_css_files = ["site.css"]
html_additional_pages = {"index": "to_readme.html"}
html_copy_source = False
html_show_sphinx = False
templates_path = ["_templates"]
html_theme_options = {"navigation_with_keys": True}

myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]
nb_execution_mode = "off"  # tests/test_notebooks.py executes them

default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = True
napoleon_use_ivar = True
nitpick_ignore_regex = [
    # Other projects' types: their pages would have to be fetched.
    (r"py:.*", r"(numpy|np|NDArray|torch|pandas|pd|pathlib|Path|collections|typing|pydantic|abc)\b.*"),
    # Aliases and internal types that annotations name and no page describes.
    (r"py:class", r"Suite|Report|TextTable|DatasetSpec"),
]


def setup(app: Any) -> None:
    """Let the registry add to the pages; these are read anew in every build, because their files do not show a change."""
    added = additions((HERE / "contents.txt").read_text(encoding="utf-8"))

    def read(_: object, name: str, source: list[str]) -> None:
        source[0] = extended(source[0], name, added)

    app.connect("source-read", read)
    app.connect("env-get-outdated", lambda *_: list(added))
