"""Rigs: descriptions, actuators, instruments and interlocks of physical benches."""

if not __name__.startswith("twinfeed."):  # a second copy of every class
    raise ImportError(f"found `import {__name__}`, expected `import twinfeed.{__name__}`")
