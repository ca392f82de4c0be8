"""Sphinx settings of the manual: `make docs` builds it, and treats each warning as an error."""

import re
from importlib.metadata import version as installed

from sphinx.application import Sphinx

project = "twinfeed"
author = "the twinfeed authors"
release = version = installed("twinfeed")
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["examples"]

# Pages are read on forges as well, so they use plain Markdown; `<img>` gives a picture its width in both.
myst_enable_extensions = ["html_image"]
myst_heading_anchors = 3

# Docstrings write code in single backticks, as Markdown does.
default_role = "literal"
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints_format = "short"
autodoc_type_aliases = {name: name for name in ("Expression", "Value", "Written", "Time")}

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


def make_field_lists(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Write the section `Raises:` of a docstring as the field list that Sphinx expects."""
    if "Raises:" not in lines:
        return
    start = lines.index("Raises:")
    lines[start:] = [re.sub(r"^    (\w+(?:, \w+)*): ", r":raises \1: ", line) for line in lines[start + 1 :]]


def name_aliases(app: Sphinx, what: str, name: str, obj: object, options: object, args: str, returns: str) -> object:
    """Show the names of type aliases in signatures, without the class that Sphinx wraps them in."""
    return tuple(text and re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", text) for text in (args, returns))


def setup(app: Sphinx) -> None:
    app.connect("source-read", add_contents)
    app.connect("autodoc-process-docstring", make_field_lists)
    app.connect("autodoc-process-signature", name_aliases)
