"""The devices: plant, firmware, product profiles and wire protocols of a site, served live or in memory."""

from __future__ import annotations

if not __name__.startswith("twinfeed."):  # a second copy of every class
    raise ImportError(f"found `import {__name__}`, expected `import twinfeed.{__name__}`")

from twinfeed._lazy import lazily

__getattr__, __dir__ = lazily(__name__, __file__)
