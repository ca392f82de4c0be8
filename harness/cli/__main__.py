"""`python -m twinfeed.harness.cli` is `twinfeed`, for places without the console script."""

from importlib import import_module

import_module("twinfeed.__main__").main()  # above the harness, which knows no rigs
