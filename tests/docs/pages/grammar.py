"""The page of the grammar of properties, from the text of the parser."""

from __future__ import annotations

import inspect

from tests.docs.pages.markdown import GENERATED, joined
from twinfeed.harness.properties import grammar


def page() -> str:
    """The rules, and the text that follows them."""
    text = inspect.cleandoc(grammar.__doc__ or "")
    parts = text.split("\n\n")
    rules = next(n for n, part in enumerate(parts) if part.lstrip().startswith("property "))
    return joined(
        [
            GENERATED,
            "# Grammar of properties",
            "",
            "[Properties](properties.md) explains each kind with examples. `NAME.QUANTITY` is a quantity of a component",
            "([kinds](kinds/index.md)) or a point of a device. `*` in a name stands for any characters.",
            "",
            "```text",
            inspect.cleandoc(parts[rules]),
            "```",
            "",
            parts[rules + 1],
            "",
        ]
    )
