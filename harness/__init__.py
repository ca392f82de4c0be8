"""Things that ask, disturb and judge: the command line, worlds, transports, faults and properties."""

if not __name__.startswith("twinfeed."):  # a second copy of every class
    raise ImportError(f"found `import {__name__}`, expected `import twinfeed.{__name__}`")
