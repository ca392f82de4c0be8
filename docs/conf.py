"""Sphinx settings of the manual: `make docs` builds it, and treats each warning as an error."""

import re
from importlib.metadata import version as installed

from sphinx.application import Sphinx

project = "twinfeed"
author = "the twinfeed authors"
release = version = installed("twinfeed")
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["examples"]

# Pages are read on forges as well, so they use plain Markdown; `<img>` gives a picture its width in both.
myst_enable_extensions = ["html_image"]
myst_heading_anchors = 3

# Docstrings write code in single backticks, as Markdown does.
default_role = "literal"
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints_format = "short"

html_theme = "furo"
html_title = f"twinfeed {version}"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False


def contents(index: str) -> str:
    """The hidden tables of contents of the front page: one for each section, with the pages that the section links to.

    The front page therefore has one list of the pages, which forges and Sphinx both show.
    """
    tables = []
    for title, body in re.findall(r"^## ([^\n:]+)[^\n]*\n(.*?)(?=^## |\Z)", index, re.DOTALL | re.MULTILINE):
        pages = re.findall(r"\]\(([\w./-]+)\.md\)", body)
        tables.append("\n".join(["```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```"]))
    return "\n\n".join(tables)


def add_contents(app: Sphinx, name: str, source: list[str]) -> None:
    if name == "index":
        source[0] += "\n\n" + contents(source[0]) + "\n"


def setup(app: Sphinx) -> None:
    app.connect("source-read", add_contents)
